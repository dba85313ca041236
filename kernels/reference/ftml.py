"""Follow the moving leader."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, wd, beta1, rest1, beta2, rest2, epsilon, wider = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    square = beta2 * states[1] + rest2 * (slope * slope)
    size = rate * (np.sqrt(square * wider) + epsilon)
    total = (beta1 * states[2] + rest1 * slope) - (size - beta1 * states[0]) * weight
    return -total / size, (size, square, total)


_STEPS = Steps("ftml", {3: _step})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
