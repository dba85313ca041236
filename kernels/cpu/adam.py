"""Adam.

With two states, m and v (zeros at the start), and g = clip(rescale_grad × gradient + wd × weight),
where clip bounds at ±clip_gradient:

- m ← beta1 × m + (1 - beta1) × g
- v ← beta2 × v + (1 - beta2) × g²
- weight ← weight - rate × (m / (√v + epsilon)), rate = lr × √(1 - beta2**t) / (1 - beta1**t)

MXNet's formulas; the rate and 1 - beta are worked out in float64 here, in float32 there.
Kingma and Ba, "Adam: A Method for Stochastic Optimization", arXiv:1412.6980.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `t` (number of the step,
from 1), `beta1`, `beta2` and `epsilon`.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._moments import moments, moments_fade, moments_rest
from numparam.kernels.cpu._steps import Formula, Steps, clipped, no_decay


@inline
def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, wd = coefficients[:4]
    slope = clipped(rescale * gradient + wd * weight, clip)
    mean, square = moments(states, slope, coefficients)
    return weight - rate * (mean / (np.sqrt(square) + coefficients[8])), (mean, square)


@inline
def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) and moments_fade(low, high, tiny, roundoff)


@inline
def _rests(weight, states, low, high, tiny):
    return moments_rest(weight, states, low, high, tiny, np.sqrt(states[1]) + low[8])


@inline
def _fade(states, coefficients):
    return moments(states, coefficients[0] - coefficients[0], coefficients)


_STEPS = Steps("adam", {2: Formula(_step, _can_rest, _rests, _fade, (4, 5, 6, 7))})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
