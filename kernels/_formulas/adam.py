"""Formulas of a step, for every backend: see `numparam.kernels.cpu.adam`."""

from __future__ import annotations

from numparam.kernels._formulas.moments import moments, moments_fade, moments_rest
from numparam.kernels._formulas.scalars import Formula, clipped, no_decay, root


def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, wd = coefficients[:4]
    slope = clipped(rescale * gradient + wd * weight, clip)
    mean, square = moments(states, slope, coefficients)
    return weight - rate * (mean / (root(square) + coefficients[8])), (mean, square)


def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) and moments_fade(low, high, tiny, roundoff)


def _rests(weight, states, low, high, tiny):
    return moments_rest(weight, states, low, high, tiny, root(states[1]) + low[8])


def _fade(states, coefficients):
    return moments(states, coefficients[0] - coefficients[0], coefficients)


FORMULAS = {2: Formula(_step, _can_rest, _rests, _fade, (4, 5, 6, 7))}
