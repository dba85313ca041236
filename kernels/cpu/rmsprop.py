"""RMSProp, plain and centered.

With g = clip(rescale_grad × gradient + wd × weight), where clip bounds at ±clip_gradient, and the
average of squares n (zeros at the start):

- n ← gamma1 × n + (1 - gamma1) × g²
- weight ← weight - lr × (g / √(n + epsilon))

Centered, with two more states, the average a and the change d (zeros at the start):

- a ← gamma1 × a + (1 - gamma1) × g
- d ← gamma2 × d - lr × (g / √(n - a² + epsilon)), weight ← weight + d

Then the weight is bounded at ±clip_weights. MXNet's formulas. Plain: Tieleman and Hinton, Lecture
6.5 of "Neural Networks for Machine Learning" (2012); centered: Graves, arXiv:1308.0850, equations
38 to 45.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `gamma1`, `gamma2` (default
0; needed if centered), `epsilon` and `clip_weights` (default none).
"""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import (
    Formula,
    Steps,
    clipped,
    finite,
    never,
    no_decay,
    no_rest,
    unchanged,
)


@inline
def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, gamma1, rest1, _, epsilon, most = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    square = gamma1 * states[0] + rest1 * (slope * slope)
    made = weight - lr * (slope / np.sqrt(square + epsilon))
    return clipped(made, most), (square,)


@inline
def _centered(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, gamma1, rest1, gamma2, epsilon, most = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    square = gamma1 * states[0] + rest1 * (slope * slope)
    mean = gamma1 * states[1] + rest1 * slope
    spread = np.sqrt((square - mean * mean) + epsilon)
    change = gamma2 * states[2] - lr * (slope / spread)
    return clipped(weight + change, most), (square, mean, change)


@inline
def _can_rest_plain(low, high, tiny, roundoff):
    steady = (low[4] == high[4]) & (low[7] > 0) & (low[8] == high[8])
    return no_decay(low, high) & steady & (low[4] >= 0)


@inline
def _rests_plain(weight, states, low, high, tiny):
    # A gradient of zero over a positive root changes nothing.
    return finite(weight) & (states[0] >= 0)


@inline
def _fade_plain(states, coefficients):
    zero = coefficients[0] - coefficients[0]
    return (coefficients[4] * states[0] + coefficients[5] * zero,)


_STEPS = Steps(
    "rmsprop",
    {
        1: Formula(_plain, _can_rest_plain, _rests_plain, _fade_plain, (4, 5)),
        3: Formula(_centered, never, no_rest, unchanged),
    },
)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
