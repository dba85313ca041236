"""AdaGrad with one number of state for each row."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels.reference import cast, norm
from numparam.kernels.reference._steps import Bound, Steps, clipped


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


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    Parameters and errors are those of `numparam.kernels.cpu.groupadagrad.coefficients`.
    """
    return _coefficients.rows("groupadagrad", count, hyper)


def bind(
    weights: Iterable[object],
    gradients: Iterable[object],
    states: Iterable[Iterable[object]],
    masters: Iterable[object] | None = None,
) -> Bound:
    """Check the arrays of many parameters together, once for many calls of `dense`.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.bind`.
    """
    return _STEPS.bind(weights, gradients, states, masters)


def dense(arrays: Bound | tuple, coefficients: np.ndarray) -> None:
    """Step many parameters, in one call into compiled code for each dtype.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.dense`.
    """
    _STEPS.dense(arrays, coefficients)


def rows(
    weight: np.ndarray,
    ids: object,
    gradient: object,
    states: Iterable[object],
    coefficients: np.ndarray,
    master: np.ndarray | None = None,
) -> None:
    """Step the rows that a row-sparse gradient holds, and no others.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.rows`.
    """
    _STEPS.rows(weight, ids, gradient, states, coefficients, master)


def exact_rows(
    weight: np.ndarray,
    ids: object,
    gradient: object,
    states: Iterable[object],
    last_steps: np.ndarray,
    history: np.ndarray,
    first: int = 1,
    master: np.ndarray | None = None,
) -> None:
    """Step the rows that a row-sparse gradient holds, after the steps they have missed.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.exact_rows`.
    """
    _STEPS.exact_rows(weight, ids, gradient, states, last_steps, history, first, master)


def catch_up(
    weight: np.ndarray,
    states: Iterable[object],
    last_steps: np.ndarray,
    history: np.ndarray,
    first: int = 1,
    ids: object = None,
    master: np.ndarray | None = None,
) -> None:
    """Make the steps that rows have missed, with a gradient of zero.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.catch_up`.
    """
    _STEPS.catch_up(weight, states, last_steps, history, first, ids, master)
