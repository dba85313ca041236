"""Stochastic gradient Langevin dynamics."""

from __future__ import annotations

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, half, wd, spread = coefficients
    slope = clipped(rescale * gradient, clip)
    return weight - half * (slope + wd * weight) + spread * states[0], states


_STEPS = Steps("sgld", {1: _step})
# No exact form: a row without a gradient gets noise in a dense step.
coefficients, bind, dense, rows = functions(_STEPS, __name__)[:4]
