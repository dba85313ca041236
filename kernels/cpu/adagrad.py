"""AdaGrad.

With one state, the sum of squares h (zeros at the start), and g = clip(rescale_grad × gradient),
where clip bounds at ±clip_gradient:

- h ← h + g²
- weight ← weight - lr × (g / √(h + epsilon) + wd × weight)

MXNet's formula, there for row-sparse gradients only without decay.
Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
Optimization", JMLR 12 (2011).

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient` and `epsilon`.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import Formula, Steps, clipped, finite, no_decay, unchanged


@inline
def _step(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, epsilon = coefficients
    slope = clipped(rescale * gradient, clip)
    total = states[0] + slope * slope
    return weight - lr * (slope / np.sqrt(total + epsilon) + wd * weight), (total,)


@inline
def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) and low[4] > 0


@inline
def _rests(weight, states, low, high, tiny):
    # A gradient of zero over a positive root is zero, and adds nothing to the sum.
    return finite(weight) & (states[0] >= 0)


_STEPS = Steps("adagrad", {1: Formula(_step, _can_rest, _rests, unchanged)})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
