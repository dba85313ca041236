"""AdaGrad."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, epsilon = coefficients
    slope = clipped(rescale * gradient, clip)
    total = states[0] + slope * slope
    return weight - lr * (slope / np.sqrt(total + epsilon) + wd * weight), (total,)


_STEPS = Steps("adagrad", {1: _step})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
