"""Adam with Nesterov's momentum."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, beta1, rest1, beta2, rest2, epsilon, now, ahead, wider = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    mean = beta1 * states[0] + rest1 * slope
    square = beta2 * states[1] + rest2 * (slope * slope)
    size = np.sqrt(square * wider) + epsilon
    return weight - lr * ((now * slope + ahead * mean) / size), (mean, square)


_STEPS = Steps("nadam", {2: _step})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
