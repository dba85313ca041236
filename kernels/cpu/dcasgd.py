"""Delay-compensated asynchronous gradient descent.

With the weight before the last step, p (a copy of the weight at the start), and g =
clip(rescale_grad × gradient), where clip bounds at ±clip_gradient:

- change = -lr × (g + wd × weight + lamda × g² × (weight - p))
- p ← weight
- with a second state, the momentum m (zeros at the start): m ← momentum × m + change, weight ←
  weight + m; without: weight ← weight + change

MXNet's formulas; there a momentum other than zero raises. Zheng et al., "Asynchronous Stochastic
Gradient Descent with Delay Compensation", ICML 2017.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `lamda` and `momentum`
(default 0).
"""

from __future__ import annotations

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import (
    Formula,
    Steps,
    clipped,
    finite,
    no_decay,
    unchanged,
)


@inline
def _change(weight, gradient, previous, coefficients):
    rescale, clip, lr, wd, lamda, _ = coefficients
    slope = clipped(rescale * gradient, clip)
    delay = lamda * slope * slope * (weight - previous)
    return lr * (slope + wd * weight + delay)


@inline
def _plain(weight, gradient, states, coefficients):
    return weight - _change(weight, gradient, states[0], coefficients), (weight,)


@inline
def _with_momentum(weight, gradient, states, coefficients):
    change = _change(weight, gradient, states[0], coefficients)
    moved = coefficients[5] * states[1] - change
    return weight + moved, (weight, moved)


@inline
def _can_rest_plain(low, high, tiny, roundoff):
    return no_decay(low, high)


@inline
def _rests_plain(weight, states, low, high, tiny):
    return finite(weight) & (weight == states[0])


@inline
def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) & (low[5] >= 0) & (high[5] <= 1)


@inline
def _rests(weight, states, low, high, tiny):
    # Momentum of at most 1 never grows, so neither do the changes that it makes.
    return finite(weight) & (weight == states[0]) & (weight + states[1] == weight)


@inline
def _fade(states, coefficients):
    zero = coefficients[0] - coefficients[0]
    return states[0], coefficients[5] * states[1] - coefficients[2] * zero


_STEPS = Steps(
    "dcasgd",
    {
        1: Formula(_plain, _can_rest_plain, _rests_plain, unchanged),
        2: Formula(_with_momentum, _can_rest, _rests, _fade, (2, 5)),
    },
)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
