"""Layer-wise adaptive moments for batch training (LAMB)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels.reference import norm, retain
from numparam.kernels.reference._steps import Bound, Steps, clipped


def _look(weight, gradient, states, coefficients):
    rescale, clip, _, wd, beta1, rest1, beta2, rest2, epsilon, scale1, scale2 = coefficients[:11]
    slope = clipped(rescale * gradient, clip)
    mean = beta1 * states[0] + rest1 * slope
    square = beta2 * states[1] + rest2 * (slope * slope)
    update = mean * scale1 / (np.sqrt(square * scale2) + epsilon) + wd * weight
    return weight, (mean, square, update)


def _move(weight, gradient, states, coefficients):
    return weight - coefficients[2] * states[2], states


_FIRST = Steps("lamb", {3: _look})
_SECOND = Steps("lamb", {3: _move})


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    Parameters and errors are those of `numparam.kernels.cpu.lamb.coefficients`.
    """
    return _coefficients.rows("lamb", count, hyper)


def bind(
    weights: Iterable[object],
    gradients: Iterable[object],
    states: Iterable[Iterable[object]],
    masters: Iterable[object] | None = None,
) -> Bound:
    """Check the arrays of many parameters together, once for many calls of `dense`.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.bind`.
    """
    return _FIRST.bind(weights, gradients, states, masters)


def dense(arrays: Bound | tuple, coefficients: np.ndarray) -> None:
    """Step many parameters, in a few calls into compiled code for each dtype.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.dense`.
    """
    bound = arrays if isinstance(arrays, Bound) else bind(*arrays)
    _FIRST.dense(bound, coefficients)
    squares = norm.sum_of_squares(bound.held), norm.sum_of_squares(bound.states[2])
    _SECOND.dense(bound, _coefficients.trusted(coefficients, *squares))


def rows(
    weight: np.ndarray,
    ids: object,
    gradient: object,
    states: Iterable[object],
    coefficients: np.ndarray,
    master: np.ndarray | None = None,
) -> None:
    """Step the rows that a row-sparse gradient holds, by the norms of those rows alone.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.rows`.
    """
    given = list(states)
    _FIRST.rows(weight, ids, gradient, given, coefficients, master)
    held = weight if master is None else master
    squares = (norm.sum_of_squares([retain.gather(array, ids)]) for array in (held, given[2]))
    trusted = _coefficients.trusted(coefficients, *squares)
    _SECOND.rows(weight, ids, gradient, given, trusted, master)
