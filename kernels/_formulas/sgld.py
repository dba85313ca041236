"""Formulas of a step, for every backend: see `numparam.kernels.cpu.sgld`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import Formula, clipped, never, no_rest, unchanged


def _step(weight, gradient, states, coefficients):
    rescale, clip, half, wd, spread = coefficients
    slope = clipped(rescale * gradient, clip)
    return weight - half * (slope + wd * weight) + spread * states[0], states


FORMULAS = {1: Formula(_step, never, no_rest, unchanged)}
