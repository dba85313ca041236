"""AdaMax."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, wd, beta1, rest1, beta2 = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    mean = beta1 * states[0] + rest1 * slope
    faded = beta2 * states[1]
    size = abs(slope)
    largest = np.where(faded > size, faded, size)
    quotient = np.where(mean == 0, mean, mean / largest)
    return weight - rate * quotient, (mean, largest)


_STEPS = Steps("adamax", {2: _step})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
