"""Formulas of a step, for every backend: see `numparam.kernels.cpu.test`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import Formula, finite, unchanged


def _step(weight, gradient, states, coefficients):
    return weight + coefficients[0] * gradient, states


def _can_rest(low, high, tiny, roundoff):
    return (low[0] >= 0) & finite(high[0])


def _rests(weight, states, low, high, tiny):
    return finite(weight)


FORMULAS = {0: Formula(_step, _can_rest, _rests, unchanged)}
