"""Adam."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, wd, beta1, rest1, beta2, rest2, epsilon = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    mean = beta1 * states[0] + rest1 * slope
    square = beta2 * states[1] + rest2 * (slope * slope)
    return weight - rate * (mean / (np.sqrt(square) + epsilon)), (mean, square)


_STEPS = Steps("adam", {2: _step})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
