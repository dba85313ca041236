"""Formulas of a step, for every backend: see `numparam.kernels.cpu.adagrad`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import Formula, clipped, finite, no_decay, root, unchanged


def _step(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, epsilon = coefficients
    slope = clipped(rescale * gradient, clip)
    total = states[0] + slope * slope
    return weight - lr * (slope / root(total + epsilon) + wd * weight), (total,)


def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) and low[4] > 0


def _rests(weight, states, low, high, tiny):
    # A gradient of zero over a positive root is zero, and adds nothing to the sum.
    return finite(weight) & (states[0] >= 0)


FORMULAS = {1: Formula(_step, _can_rest, _rests, unchanged)}
