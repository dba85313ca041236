"""Follow the regularised leader (FTRL-Proximal).

With two states, z and n (zeros at the start), and g = clip(rescale_grad × gradient), where clip
bounds at ±clip_gradient:

- z ← z + (g - (√(n + g²) - √n) × weight / lr)
- n ← n + g²
- weight ← (sign(z) × lamda1 - z) / ((beta + √n) / lr + wd) if |z| > lamda1, else 0

MXNet's formulas: a weight whose z is still small is set to zero, also with a gradient of zero; lazy
steps leave such rows alone. McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD
2013.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `lamda1` and `beta`.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import Formula, Steps, clipped, finite, unchanged


@inline
def _step(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, lamda1, beta = coefficients
    slope = clipped(rescale * gradient, clip)
    total = states[1] + slope * slope
    root = np.sqrt(total)
    z = states[0] + (slope - (root - np.sqrt(states[1])) * weight / lr)
    shrunk = (lamda1 if z > 0 else -lamda1) - z
    made = shrunk / ((beta + root) / lr + wd)
    return made if abs(z) > lamda1 else z - z, (z, total)


@inline
def _can_rest(low, high, tiny, roundoff):
    return (low[0] >= 0) & finite(high[0]) & (low[2] > 0) & (low[4] == high[4])


@inline
def _rests(weight, states, low, high, tiny):
    # A gradient of zero changes no state, and the weight follows from the last coefficients alone.
    least = (low[5] + np.sqrt(states[1])) / high[2] + low[3]
    largest = (abs(states[0]) + high[4]) / least
    return finite(weight) & (least > 0) & finite(largest) & finite(states[1])


_STEPS = Steps("ftrl", {2: Formula(_step, _can_rest, _rests, unchanged)})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
