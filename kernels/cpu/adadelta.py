"""AdaDelta.

With two states, a and b (zeros at the start), and g = clip(rescale_grad × gradient), where clip
bounds at ±clip_gradient:

- a ← rho × a + (1 - rho) × g²
- change = √(b + epsilon) / √(a + epsilon) × g
- b ← rho × b + (1 - rho) × change²
- weight ← weight - (change + wd × weight)

MXNet's formulas, which have no learning rate; MXNet multiplies the caller's gradient in place.
Zeiler, "ADADELTA: An Adaptive Learning Rate Method", arXiv:1212.5701.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient` (`lr` is not used), `rho` and
`epsilon`.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import Formula, Steps, clipped, finite, no_decay


@inline
def _step(weight, gradient, states, coefficients):
    rescale, clip, _, wd, rho, rest, epsilon = coefficients
    slope = clipped(rescale * gradient, clip)
    square = rho * states[0] + rest * (slope * slope)
    change = np.sqrt(states[1] + epsilon) / np.sqrt(square + epsilon) * slope
    changes = rho * states[1] + rest * (change * change)
    return weight - (change + wd * weight), (square, changes)


@inline
def _can_rest(low, high, tiny, roundoff):
    steady = (low[4] == high[4]) & (low[6] == high[6])
    return no_decay(low, high) & steady & (low[4] >= 0) & (low[6] > 0)


@inline
def _rests(weight, states, low, high, tiny):
    # A gradient of zero over a positive root changes nothing.
    return finite(weight) & (states[0] >= 0) & (states[1] >= 0) & finite(states[1])


@inline
def _fade(states, coefficients):
    nothing = coefficients[5] * (coefficients[0] - coefficients[0])
    return coefficients[4] * states[0] + nothing, coefficients[4] * states[1] + nothing


_STEPS = Steps("adadelta", {2: Formula(_step, _can_rest, _rests, _fade, (4, 5))})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
