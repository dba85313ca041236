"""Formulas of a step, for every backend: see `numparam.kernels.cpu.adamax`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import Formula, clipped, never, no_rest, unchanged


def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, wd, beta1, rest1, beta2 = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    mean = beta1 * states[0] + rest1 * slope
    faded = beta2 * states[1]
    size = abs(slope)
    largest = faded if faded > size else size
    quotient = mean if mean == 0 else mean / largest
    return weight - rate * quotient, (mean, largest)


FORMULAS = {2: Formula(_step, never, no_rest, unchanged)}
