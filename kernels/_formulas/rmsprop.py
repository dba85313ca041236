"""Formulas of a step, for every backend: see `numparam.kernels.cpu.rmsprop`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import (
    Formula,
    clipped,
    finite,
    never,
    no_decay,
    no_rest,
    root,
    unchanged,
)


def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, gamma1, rest1, _, epsilon, most = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    square = gamma1 * states[0] + rest1 * (slope * slope)
    made = weight - lr * (slope / root(square + epsilon))
    return clipped(made, most), (square,)


def _centered(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, gamma1, rest1, gamma2, epsilon, most = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    square = gamma1 * states[0] + rest1 * (slope * slope)
    mean = gamma1 * states[1] + rest1 * slope
    spread = root((square - mean * mean) + epsilon)
    change = gamma2 * states[2] - lr * (slope / spread)
    return clipped(weight + change, most), (square, mean, change)


def _can_rest_plain(low, high, tiny, roundoff):
    steady = (low[4] == high[4]) & (low[7] > 0) & (low[8] == high[8])
    return no_decay(low, high) & steady & (low[4] >= 0)


def _rests_plain(weight, states, low, high, tiny):
    # A gradient of zero over a positive root changes nothing.
    return finite(weight) & (states[0] >= 0)


def _fade_plain(states, coefficients):
    zero = coefficients[0] - coefficients[0]
    return (coefficients[4] * states[0] + coefficients[5] * zero,)


FORMULAS = {
    1: Formula(_plain, _can_rest_plain, _rests_plain, _fade_plain, (4, 5)),
    3: Formula(_centered, never, no_rest, unchanged),
}
