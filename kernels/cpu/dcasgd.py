"""Delay-compensated asynchronous gradient descent.

With the weight before the last step, p (a copy of the weight at the start), and g =
clip(rescale_grad × gradient), where clip bounds at ±clip_gradient:

- change = -lr × (g + wd × weight + lamda × g² × (weight - p))
- p ← weight
- with a second state, the momentum m (zeros at the start): m ← momentum × m + change, weight ←
  weight + m; without: weight ← weight + change

MXNet's formulas; there a momentum other than zero raises. Zheng et al., "Asynchronous Stochastic
Gradient Descent with Delay Compensation", ICML 2017.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import (
    Bound,
    Formula,
    Steps,
    clipped,
    finite,
    no_decay,
    unchanged,
)


@inline
def _change(weight, gradient, previous, coefficients):
    rescale, clip, lr, wd, lamda, _ = coefficients
    slope = clipped(rescale * gradient, clip)
    delay = lamda * slope * slope * (weight - previous)
    return lr * (slope + wd * weight + delay)


@inline
def _plain(weight, gradient, states, coefficients):
    return weight - _change(weight, gradient, states[0], coefficients), (weight,)


@inline
def _with_momentum(weight, gradient, states, coefficients):
    change = _change(weight, gradient, states[0], coefficients)
    moved = coefficients[5] * states[1] - change
    return weight + moved, (weight, moved)


@inline
def _can_rest_plain(low, high, tiny, roundoff):
    return no_decay(low, high)


@inline
def _rests_plain(weight, states, low, high, tiny):
    return finite(weight) & (weight == states[0])


@inline
def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) & (low[5] >= 0) & (high[5] <= 1)


@inline
def _rests(weight, states, low, high, tiny):
    # Momentum of at most 1 never grows, so neither do the changes that it makes.
    return finite(weight) & (weight == states[0]) & (weight + states[1] == weight)


@inline
def _fade(states, coefficients):
    zero = coefficients[0] - coefficients[0]
    return states[0], coefficients[5] * states[1] - coefficients[2] * zero


_STEPS = Steps(
    "dcasgd",
    {
        1: Formula(_plain, _can_rest_plain, _rests_plain, unchanged),
        2: Formula(_with_momentum, _can_rest, _rests, _fade, (2, 5)),
    },
)


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`,
    `lamda` and `momentum` (default 0):
    see `numparam.kernels.cpu.sgd.coefficients`.
    """
    return _coefficients.rows("dcasgd", count, hyper)


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
