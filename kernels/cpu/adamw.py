"""Adam with decoupled weight decay.

With two states, m and v (zeros at the start), and g = clip(rescale_grad × gradient), where clip
bounds at ±clip_gradient:

- m ← beta1 × m + (1 - beta1) × g
- v ← beta2 × v + (1 - beta2) × g²
- weight ← weight - lr × wd × weight
- weight ← weight - lr / (1 - beta1**t) × (m / (√v × 1 / √(1 - beta2**t) + epsilon))

The decay is not part of the gradient. As ``torch.optim.AdamW``, up to rounding.
Loshchilov and Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels._formulas import adamw
from numparam.kernels.cpu._steps import Bound, Steps, formulas

_STEPS = Steps("adamw", formulas(adamw.FORMULAS))


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`,
    `t` (number of the step, from 1), `beta1`, `beta2` and `epsilon`:
    see `numparam.kernels.cpu.sgd.coefficients`.
    """
    return _coefficients.rows("adamw", count, hyper)


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
