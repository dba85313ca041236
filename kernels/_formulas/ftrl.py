"""Formulas of a step, for every backend: see `numparam.kernels.cpu.ftrl`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import Formula, clipped, finite, root, unchanged


def _step(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, lamda1, beta = coefficients
    slope = clipped(rescale * gradient, clip)
    total = states[1] + slope * slope
    now = root(total)
    z = states[0] + (slope - (now - root(states[1])) * weight / lr)
    shrunk = (lamda1 if z > 0 else -lamda1) - z
    made = shrunk / ((beta + now) / lr + wd)
    return made if abs(z) > lamda1 else z - z, (z, total)


def _can_rest(low, high, tiny, roundoff):
    return (low[0] >= 0) & finite(high[0]) & (low[2] > 0) & (low[4] == high[4])


def _rests(weight, states, low, high, tiny):
    # A gradient of zero changes no state, and the weight follows from the last coefficients alone.
    least = (low[5] + root(states[1])) / high[2] + low[3]
    largest = (abs(states[0]) + high[4]) / least
    return finite(weight) & (least > 0) & finite(largest) & finite(states[1])


FORMULAS = {2: Formula(_step, _can_rest, _rests, unchanged)}
