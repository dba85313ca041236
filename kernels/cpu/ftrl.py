"""Follow the regularised leader (FTRL-Proximal).

With two states, z and n (zeros at the start), and g = clip(rescale_grad × gradient), where clip
bounds at ±clip_gradient:

- z ← z + (g - (√(n + g²) - √n) × weight / lr)
- n ← n + g²
- weight ← (sign(z) × lamda1 - z) / ((beta + √n) / lr + wd) if |z| > lamda1, else 0

MXNet's formulas: a weight whose z is still small is set to zero, also with a gradient of zero; lazy
steps leave such rows alone. McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD
2013.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels._formulas import ftrl
from numparam.kernels.cpu._steps import Bound, Steps, formulas

_STEPS = Steps("ftrl", formulas(ftrl.FORMULAS))


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`,
    `lamda1` and `beta`:
    see `numparam.kernels.cpu.sgd.coefficients`.
    """
    return _coefficients.rows("ftrl", count, hyper)


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
