"""RMSProp, plain and centered."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, gamma1, rest1, _, epsilon, most = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    square = gamma1 * states[0] + rest1 * (slope * slope)
    made = weight - lr * (slope / np.sqrt(square + epsilon))
    return clipped(made, most), (square,)


def _centered(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, gamma1, rest1, gamma2, epsilon, most = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    square = gamma1 * states[0] + rest1 * (slope * slope)
    mean = gamma1 * states[1] + rest1 * slope
    spread = np.sqrt((square - mean * mean) + epsilon)
    change = gamma2 * states[2] - lr * (slope / spread)
    return clipped(weight + change, most), (square, mean, change)


_STEPS = Steps("rmsprop", {1: _plain, 3: _centered})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
