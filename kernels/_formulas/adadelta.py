"""Formulas of a step, for every backend: see `numparam.kernels.cpu.adadelta`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import Formula, clipped, finite, no_decay, root


def _step(weight, gradient, states, coefficients):
    rescale, clip, _, wd, rho, rest, epsilon = coefficients
    slope = clipped(rescale * gradient, clip)
    square = rho * states[0] + rest * (slope * slope)
    change = root(states[1] + epsilon) / root(square + epsilon) * slope
    changes = rho * states[1] + rest * (change * change)
    return weight - (change + wd * weight), (square, changes)


def _can_rest(low, high, tiny, roundoff):
    steady = (low[4] == high[4]) & (low[6] == high[6])
    return no_decay(low, high) & steady & (low[4] >= 0) & (low[6] > 0)


def _rests(weight, states, low, high, tiny):
    # A gradient of zero over a positive root changes nothing.
    return finite(weight) & (states[0] >= 0) & (states[1] >= 0) & finite(states[1])


def _fade(states, coefficients):
    nothing = coefficients[5] * (coefficients[0] - coefficients[0])
    return coefficients[4] * states[0] + nothing, coefficients[4] * states[1] + nothing


FORMULAS = {2: Formula(_step, _can_rest, _rests, _fade, (4, 5))}
