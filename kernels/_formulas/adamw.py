"""Formulas of a step, for every backend: see `numparam.kernels.cpu.adamw`."""

from __future__ import annotations

from numparam.kernels._formulas.moments import moments, moments_fade, moments_rest
from numparam.kernels._formulas.scalars import Formula, clipped, no_decay, root


def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, decay = coefficients[:4]
    mean, square = moments(states, clipped(rescale * gradient, clip), coefficients)
    size = root(square) * coefficients[9] + coefficients[8]
    return (weight - decay * weight) - rate * (mean / size), (mean, square)


def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) and moments_fade(low, high, tiny, roundoff)


def _rests(weight, states, low, high, tiny):
    size = root(states[1]) * low[9] + low[8]
    return moments_rest(weight, states, low, high, tiny, size)


def _fade(states, coefficients):
    return moments(states, coefficients[0] - coefficients[0], coefficients)


FORMULAS = {2: Formula(_step, _can_rest, _rests, _fade, (4, 5, 6, 7))}
