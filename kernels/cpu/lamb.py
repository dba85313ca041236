"""Layer-wise adaptive moments for batch training (LAMB).

With two states, m and v (zeros at the start), a third array u of the same form whose contents do
not matter, and g = clip(rescale_grad × gradient), where clip bounds at ±clip_gradient:

- m ← beta1 × m + (1 - beta1) × g
- v ← beta2 × v + (1 - beta2) × g²
- u ← m / (1 - beta1**t) / (√(v / (1 - beta2**t)) + epsilon) + wd × weight, without the two
  divisions by 1 - beta**t if `bias_correction` is false
- r = ‖weight‖, bounded by `lower_bound` and `upper_bound`, over ‖u‖; 1 if either is 0
- weight ← weight - lr × r × u

The norms are those of one parameter, summed in float64 as in `numparam.kernels.cpu.norm`. They
change with every row, so there is no exact form for rows. MXNet's formulas.
You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
arXiv:1904.00962.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels._formulas import lamb
from numparam.kernels.cpu import norm, retain
from numparam.kernels.cpu._steps import Bound, Steps, formulas

_FIRST = Steps("lamb", formulas(lamb.LOOK), is_part=True)
_SECOND = Steps("lamb", formulas(lamb.MOVE), is_part=True)


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`,
    `t` (number of the step, from 1), `beta1`, `beta2`, `epsilon`, `bias_correction` (default true),
    `lower_bound` and `upper_bound` (default none):
    see `numparam.kernels.cpu.sgd.coefficients`.
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
