"""Stochastic gradient Langevin dynamics, on a GPU: see `numparam.kernels.cpu.sgld`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels._formulas import sgld
from numparam.kernels.cuda._steps import Bound, Steps

_STEPS = Steps("sgld", sgld.FORMULAS)


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what steps compute with: `numparam.kernels.cpu.sgld.coefficients`."""
    return _coefficients.rows("sgld", count, hyper)


def bind(
    weights: Iterable[object],
    gradients: Iterable[object],
    states: Iterable[Iterable[object]],
    masters: Iterable[object] | None = None,
) -> Bound:
    """Check the arrays of many parameters together, once for many calls of `dense`.

    Parameters and errors are those of `numparam.kernels.cpu.sgld.bind`, with arrays of one
    GPU, which is not waited for.
    """
    return _STEPS.bind(weights, gradients, states, masters)


def dense(arrays: Bound | tuple, coefficients: np.ndarray) -> None:
    """Step many parameters, in one launch for each dtype.

    Parameters and errors are those of `numparam.kernels.cpu.sgld.dense`, with arrays of one
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

    Parameters and errors are those of `numparam.kernels.cpu.sgld.rows`, with arrays of one
    GPU, which is not waited for, but for the check of row ids.
    """
    _STEPS.rows(weight, ids, gradient, states, coefficients, master)
