"""Follow the regularised leader (FTRL-Proximal)."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, lamda1, beta = coefficients
    slope = clipped(rescale * gradient, clip)
    total = states[1] + slope * slope
    root = np.sqrt(total)
    z = states[0] + (slope - (root - np.sqrt(states[1])) * weight / lr)
    shrunk = np.where(z > 0, lamda1, -lamda1) - z
    made = shrunk / ((beta + root) / lr + wd)
    return np.where(abs(z) > lamda1, made, z - z), (z, total)


_STEPS = Steps("ftrl", {2: _step})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
