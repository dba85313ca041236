"""Formulas of a step, for every backend: see `numparam.kernels.cpu.signum`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import (
    Formula,
    clipped,
    finite,
    never,
    no_decay,
    no_rest,
    unchanged,
)


def _sign(value, one):
    nothing = value - value
    return one if value > 0 else (-one if value < 0 else nothing)


def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, _, _, _, one = coefficients
    slope = clipped(rescale * gradient, clip)
    return weight - lr * (_sign(slope, one) + wd * weight), states


def _with_momentum(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, momentum, rest, wd_lh, one = coefficients
    slope = clipped(rescale * gradient, clip)
    mean = momentum * states[0] - rest * (slope + wd * weight)
    return weight + lr * (_sign(mean, one) - wd_lh * weight), (mean,)


def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high)


def _rests(weight, states, low, high, tiny):
    return finite(weight)


FORMULAS = {
    0: Formula(_plain, _can_rest, _rests, unchanged),
    1: Formula(_with_momentum, never, no_rest, unchanged),
}
