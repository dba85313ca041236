"""LAMB, on a GPU: see `numparam.kernels.cpu.lamb`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels._formulas import lamb
from numparam.kernels.cuda import _lamb
from numparam.kernels.cuda._steps import Bound, Steps

_FIRST = Steps("lamb", lamb.LOOK, label="lamb_look")
_SECOND = Steps("lamb", lamb.MOVE, label="lamb_move")


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what steps compute with: `numparam.kernels.cpu.lamb.coefficients`."""
    return _coefficients.rows("lamb", count, hyper)


def bind(
    weights: Iterable[object],
    gradients: Iterable[object],
    states: Iterable[Iterable[object]],
    masters: Iterable[object] | None = None,
) -> Bound:
    """Check the arrays of many parameters together, once for many calls of `dense`.

    Parameters and errors are those of `numparam.kernels.cpu.lamb.bind`, with arrays of one
    GPU, which is not waited for.
    """
    return _FIRST.bind(weights, gradients, states, masters)


def dense(arrays: Bound | tuple, coefficients: np.ndarray) -> None:
    """Step many parameters, in a few launches for each dtype.

    Parameters and errors are those of `numparam.kernels.cpu.lamb.dense`, with arrays of one
    GPU, which is not waited for.
    """
    _lamb.dense(_FIRST, _SECOND, arrays, coefficients)


def rows(
    weight: np.ndarray,
    ids: object,
    gradient: object,
    states: Iterable[object],
    coefficients: np.ndarray,
    master: np.ndarray | None = None,
) -> None:
    """Step the rows that a row-sparse gradient holds, by the norms of those rows alone.

    Parameters and errors are those of `numparam.kernels.cpu.lamb.rows`, with arrays of one
    GPU, which is not waited for, but for the check of row ids.
    """
    _lamb.rows(_FIRST, _SECOND, weight, ids, gradient, states, coefficients, master)
