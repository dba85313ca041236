"""Formulas of a step, for every backend: see `numparam.kernels.cpu.nadam`."""

from __future__ import annotations

from numparam.kernels._formulas.moments import moments
from numparam.kernels._formulas.scalars import Formula, clipped, never, no_rest, root, unchanged


def _step(weight, gradient, states, coefficients):
    rescale, clip, lr, wd = coefficients[:4]
    slope = clipped(rescale * gradient + wd * weight, clip)
    mean, square = moments(states, slope, coefficients)
    ahead = coefficients[9] * slope + coefficients[10] * mean
    size = root(square * coefficients[11]) + coefficients[8]
    return weight - lr * (ahead / size), (mean, square)


FORMULAS = {2: Formula(_step, never, no_rest, unchanged)}
