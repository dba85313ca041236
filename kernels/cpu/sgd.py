"""Stochastic gradient descent, with and without momentum.

With g = clip(rescale_grad × gradient) + wd × weight, where clip bounds at ±clip_gradient:

- without a state: weight ← weight - lr × g
- with one, the momentum m (zeros at the start): m ← momentum × m - lr × g, weight ← weight + m

MXNet's formulas, in which the momentum includes the learning rate.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import Bound, Formula, Steps, clipped, finite, never, no_decay, unchanged


@inline
def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, _ = coefficients
    return weight - lr * (clipped(rescale * gradient, clip) + wd * weight), states


@inline
def _with_momentum(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, momentum = coefficients
    change = momentum * states[0] - lr * (clipped(rescale * gradient, clip) + wd * weight)
    return weight + change, (change,)


@inline
def _can_rest(low, high, tiny, roundoff):
    # Momentum of at most 1 never grows, so neither do the changes that it makes.
    return no_decay(low, high) and low[4] >= 0 and high[4] <= 1


@inline
def _rests_plain(weight, states, low, high, tiny):
    return finite(weight)


@inline
def _rests(weight, states, low, high, tiny):
    return finite(weight) & (weight + states[0] == weight)


@inline
def _fade(states, coefficients):
    zero = coefficients[0] - coefficients[0]
    return (coefficients[4] * states[0] - coefficients[2] * zero,)


_STEPS = Steps("sgd", {
        0: Formula(_plain, _can_rest, _rests_plain, unchanged),
        1: Formula(_with_momentum, _can_rest, _rests, _fade, (2, 4)),
    })


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    TODO
    """
    return _coefficients.rows("sgd", count, hyper)


def bind(
    weights: Iterable[object],
    gradients: Iterable[object],
    states: Iterable[Iterable[object]],
    masters: Iterable[object] | None = None,
) -> Bound:
    """Check the arrays of many parameters together, once for many calls of `dense`.

    TODO
    """
    return _STEPS.bind(weights, gradients, states, masters)


def dense(arrays: Bound | tuple, coefficients: np.ndarray) -> None:
    """Step many parameters, in one call into compiled code for each dtype.

    TODO
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

    TODO
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

    TODO
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

    TODO
    """
    _STEPS.catch_up(weight, states, last_steps, history, first, ids, master)
