"""Formulas of a step, for every backend: see `numparam.kernels.cpu.nag`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import Formula, clipped, finite, no_decay, unchanged


def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd = coefficients[:4]
    return weight - lr * (clipped(rescale * gradient, clip) + wd * weight), states


def _with_momentum(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, momentum, ahead = coefficients
    slope = clipped(rescale * gradient, clip)
    kept = momentum * states[0]
    made = weight + (ahead * (kept - lr * (slope + wd * weight)) - kept)
    return made, (kept - lr * (slope + wd * made),)


def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) and low[4] >= 0 and high[4] <= 1


def _rests_plain(weight, states, low, high, tiny):
    return finite(weight)


def _rests(weight, states, low, high, tiny):
    # Momentum of at most 1 never grows, and a weight changes by less than 4 times as much.
    most = (states[0] + states[0]) + (states[0] + states[0])
    return finite(weight) & (weight + most == weight) & (weight - most == weight)


def _fade(states, coefficients):
    zero = coefficients[0] - coefficients[0]
    return (coefficients[4] * states[0] - coefficients[2] * zero,)


FORMULAS = {
    0: Formula(_plain, _can_rest, _rests_plain, unchanged),
    1: Formula(_with_momentum, _can_rest, _rests, _fade, (2, 4)),
}
