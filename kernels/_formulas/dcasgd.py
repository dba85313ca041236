"""Formulas of a step, for every backend: see `numparam.kernels.cpu.dcasgd`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import Formula, clipped, finite, no_decay, unchanged


def _change(weight, gradient, previous, coefficients):
    rescale, clip, lr, wd, lamda, _ = coefficients
    slope = clipped(rescale * gradient, clip)
    delay = lamda * slope * slope * (weight - previous)
    return lr * (slope + wd * weight + delay)


def _plain(weight, gradient, states, coefficients):
    return weight - _change(weight, gradient, states[0], coefficients), (weight,)


def _with_momentum(weight, gradient, states, coefficients):
    change = _change(weight, gradient, states[0], coefficients)
    moved = coefficients[5] * states[1] - change
    return weight + moved, (weight, moved)


def _can_rest_plain(low, high, tiny, roundoff):
    return no_decay(low, high)


def _rests_plain(weight, states, low, high, tiny):
    return finite(weight) & (weight == states[0])


def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) & (low[5] >= 0) & (high[5] <= 1)


def _rests(weight, states, low, high, tiny):
    # Momentum of at most 1 never grows, so neither do the changes that it makes.
    return finite(weight) & (weight == states[0]) & (weight + states[1] == weight)


def _fade(states, coefficients):
    zero = coefficients[0] - coefficients[0]
    return states[0], coefficients[5] * states[1] - coefficients[2] * zero


FORMULAS = {
    1: Formula(_plain, _can_rest_plain, _rests_plain, unchanged),
    2: Formula(_with_momentum, _can_rest, _rests, _fade, (2, 5)),
}
