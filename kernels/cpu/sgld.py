"""Stochastic gradient Langevin dynamics.

With standard normal noise, which the caller draws anew before each step, in place of a state (see
`numparam.kernels.cpu.random.normal`), and g = clip(rescale_grad × gradient), where clip bounds at
±clip_gradient:

weight ← weight - lr / 2 × (g + wd × weight) + √lr × noise

A row that gets no gradient receives noise all the same in a dense step, so there is no exact form.
Welling and Teh, "Bayesian Learning via Stochastic Gradient Langevin Dynamics", ICML 2011.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels._formulas import sgld
from numparam.kernels.cpu._steps import Bound, Steps, formulas

_STEPS = Steps("sgld", formulas(sgld.FORMULAS))


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`:
    see `numparam.kernels.cpu.sgd.coefficients`.
    """
    return _coefficients.rows("sgld", count, hyper)


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
