"""AdaGrad with one number of state for each row."""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference import cast, norm
from numparam.kernels.reference._steps import Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, epsilon = coefficients
    slope = clipped(rescale * gradient, clip)
    length = max(1, slope.size // max(1, len(slope)))
    squares = _sums_of_squares(slope.reshape(-1, length) if slope.size else slope[:, None])
    mean = (squares / length).astype(weight.dtype).reshape(states[0].shape)
    total = states[0] + mean
    shaped = total.reshape(-1, *(1,) * (weight.ndim - 1))
    return weight - lr * (slope / np.sqrt(shaped + epsilon) + wd * weight), (total,)


def _sums_of_squares(rows):
    """Return `norm.sum_of_squares` of each row; of short rows in a few operations for all."""
    count, length = rows.shape[0], int(np.prod(rows.shape[1:]))
    if length > norm._LANES:
        return norm.sum_of_squares([*rows])
    width = 1 << max(length - 1, 0).bit_length()
    lanes = np.zeros((count, width))
    lanes[:, :length] = cast.cast(np.ascontiguousarray(rows), np.float64).reshape(count, length)
    with np.errstate(all="ignore"):
        lanes *= lanes
        while lanes.shape[1] > 1:
            half = lanes.shape[1] // 2
            lanes = lanes[:, :half] + lanes[:, half:]
    return lanes[:, 0]


_STEPS = Steps("groupadagrad", {1: _step}, row_state=True)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
