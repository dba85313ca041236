"""AdaDelta."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, _, wd, rho, rest, epsilon = coefficients
    slope = clipped(rescale * gradient, clip)
    square = rho * states[0] + rest * (slope * slope)
    change = np.sqrt(states[1] + epsilon) / np.sqrt(square + epsilon) * slope
    changes = rho * states[1] + rest * (change * change)
    return weight - (change + wd * weight), (square, changes)


_STEPS = Steps("adadelta", {2: _step})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
