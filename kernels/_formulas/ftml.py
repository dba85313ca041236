"""Formulas of a step, for every backend: see `numparam.kernels.cpu.ftml`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import Formula, clipped, never, no_rest, root, unchanged


def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, wd, beta1, rest1, beta2, rest2, epsilon, wider = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    square = beta2 * states[1] + rest2 * (slope * slope)
    size = rate * (root(square * wider) + epsilon)
    total = (beta1 * states[2] + rest1 * slope) - (size - beta1 * states[0]) * weight
    return -total / size, (size, square, total)


FORMULAS = {3: Formula(_step, never, no_rest, unchanged)}
