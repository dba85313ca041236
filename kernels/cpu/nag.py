"""Nesterov's accelerated gradient descent.

Without a state it is `numparam.kernels.cpu.sgd`. With one, the momentum m (zeros at the start), and
with g = clip(rescale_grad × gradient), where clip bounds at ±clip_gradient:

- m' = momentum × m
- new = weight + ((momentum + 1) × (m' - lr × (g + wd × weight)) - m')
- m ← m' - lr × (g + wd × new), weight ← new

MXNet's order: the decay in the momentum is that of the new weight.
Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
learning", ICML 2013.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient` and `momentum` (default 0).
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
def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd = coefficients[:4]
    return weight - lr * (clipped(rescale * gradient, clip) + wd * weight), states


@inline
def _with_momentum(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, momentum, ahead = coefficients
    slope = clipped(rescale * gradient, clip)
    kept = momentum * states[0]
    made = weight + (ahead * (kept - lr * (slope + wd * weight)) - kept)
    return made, (kept - lr * (slope + wd * made),)


@inline
def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) and low[4] >= 0 and high[4] <= 1


@inline
def _rests_plain(weight, states, low, high, tiny):
    return finite(weight)


@inline
def _rests(weight, states, low, high, tiny):
    # Momentum of at most 1 never grows, and a weight changes by less than 4 times as much.
    most = (states[0] + states[0]) + (states[0] + states[0])
    return finite(weight) & (weight + most == weight) & (weight - most == weight)


@inline
def _fade(states, coefficients):
    zero = coefficients[0] - coefficients[0]
    return (coefficients[4] * states[0] - coefficients[2] * zero,)


_STEPS = Steps(
    "nag",
    {
        0: Formula(_plain, _can_rest, _rests_plain, unchanged),
        1: Formula(_with_momentum, _can_rest, _rests, _fade, (2, 4)),
    },
)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
