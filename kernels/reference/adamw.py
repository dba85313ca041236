"""Adam with decoupled weight decay."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, decay, beta1, rest1, beta2, rest2, epsilon, widening = coefficients
    slope = clipped(rescale * gradient, clip)
    mean = beta1 * states[0] + rest1 * slope
    square = beta2 * states[1] + rest2 * (slope * slope)
    size = np.sqrt(square) * widening + epsilon
    return (weight - decay * weight) - rate * (mean / size), (mean, square)


_STEPS = Steps("adamw", {2: _step})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
