"""Follow the moving leader."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels.reference._steps import Bound, Steps, clipped


def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, wd, beta1, rest1, beta2, rest2, epsilon, wider = coefficients
    slope = clipped(rescale * gradient + wd * weight, clip)
    square = beta2 * states[1] + rest2 * (slope * slope)
    size = rate * (np.sqrt(square * wider) + epsilon)
    total = (beta1 * states[2] + rest1 * slope) - (size - beta1 * states[0]) * weight
    return -total / size, (size, square, total)


_STEPS = Steps("ftml", {3: _step})


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    Parameters and errors are those of `numparam.kernels.cpu.ftml.coefficients`.
    """
    return _coefficients.rows("ftml", count, hyper)


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
