"""Formulas of a step, for every backend: see `numparam.kernels.cpu.lamb`."""

from __future__ import annotations

from numparam.kernels._formulas.moments import moments
from numparam.kernels._formulas.scalars import Formula, clipped, never, no_rest, root, unchanged


def _look(weight, gradient, states, coefficients):
    rescale, clip, _, wd = coefficients[:4]
    mean, square = moments(states, clipped(rescale * gradient, clip), coefficients)
    size = root(square * coefficients[10]) + coefficients[8]
    return weight, (mean, square, mean * coefficients[9] / size + wd * weight)


def _move(weight, gradient, states, coefficients):
    return weight - coefficients[2] * states[2], states


LOOK = {3: Formula(_look, never, no_rest, unchanged)}
MOVE = {3: Formula(_move, never, no_rest, unchanged)}
