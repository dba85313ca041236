"""Stochastic gradient descent, on a GPU: see `numparam.kernels.cpu.sgd`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels._formulas import sgd
from numparam.kernels.cuda._steps import Bound, Steps

_STEPS = Steps("sgd", sgd.FORMULAS)


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what steps compute with: `numparam.kernels.cpu.sgd.coefficients`."""
    return _coefficients.rows("sgd", count, hyper)


def bind(
    weights: Iterable[object],
    gradients: Iterable[object],
    states: Iterable[Iterable[object]],
    masters: Iterable[object] | None = None,
) -> Bound:
    """Check the arrays of many parameters together, once for many calls of `dense`.

    Parameters and errors are those of `numparam.kernels.cpu.sgd.bind`, with arrays of one
    GPU, which is not waited for.
    """
    return _STEPS.bind(weights, gradients, states, masters)


def dense(arrays: Bound | tuple, coefficients: np.ndarray) -> None:
    """Step many parameters, in one launch for each dtype.

    Parameters and errors are those of `numparam.kernels.cpu.sgd.dense`, with arrays of one
    GPU, which is not waited for.
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

    Parameters and errors are those of `numparam.kernels.cpu.sgd.rows`, with arrays of one
    GPU, which is not waited for, but for the check of row ids.
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

    Parameters and errors are those of `numparam.kernels.cpu.sgd.exact_rows`, with arrays of one
    GPU, which is not waited for, but for the check of row ids.
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

    Parameters and errors are those of `numparam.kernels.cpu.sgd.catch_up`, with arrays of one
    GPU, which is not waited for, but for the check of row ids.
    """
    _STEPS.catch_up(weight, states, last_steps, history, first, ids, master)
