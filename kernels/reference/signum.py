"""Sign of the gradient, with and without momentum."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _sign(value):
    one = value.dtype.type(1)
    return np.where(value > 0, one, np.where(value < 0, -one, value - value))


def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd = coefficients[:4]
    slope = clipped(rescale * gradient, clip)
    return weight - lr * (_sign(slope) + wd * weight), ()


def _with_momentum(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, momentum, rest, wd_lh, _ = coefficients
    slope = clipped(rescale * gradient, clip)
    mean = momentum * states[0] - rest * (slope + wd * weight)
    return weight + lr * (_sign(mean) - wd_lh * weight), (mean,)


_STEPS = Steps("signum", {0: _plain, 1: _with_momentum})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
