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
from numparam.kernels._formulas import sgd
from numparam.kernels.cpu._steps import Bound, Steps, formulas

_STEPS = Steps("sgd", formulas(sgd.FORMULAS))


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    Parameters
    ----------
    count : int
        Number of parameters, or 1 for the row forms.
    **hyper : float or numpy.ndarray
        `lr`, `wd`, `rescale_grad`, `clip_gradient` and `momentum` (default 0): each a number, or
        an array with one for each parameter. A `clip_gradient` of None, zero or below means no
        bound.

    Returns
    -------
    numpy.ndarray
        float64, (count, …): row i is for parameter i. Rows of successive steps make a history.

    Raises
    ------
    TypeError
        If a hyper-parameter is missing, unknown or not a real number.
    ValueError
        If one is NaN or infinite, or has a wrong shape.

    Notes
    -----
    Whatever follows from the hyper-parameters alone is worked out here, in float64 and alike for
    all backends; a kernel rounds it once, to the precision that it computes in. O(count).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import sgd
    >>> rates = np.array([0.1, 0.2])
    >>> sgd.coefficients(2, lr=rates, wd=0, rescale_grad=1, clip_gradient=None).shape
    (2, 5)
    """
    return _coefficients.rows("sgd", count, hyper)


def bind(
    weights: Iterable[object],
    gradients: Iterable[object],
    states: Iterable[Iterable[object]],
    masters: Iterable[object] | None = None,
) -> Bound:
    """Check the arrays of many parameters together, once for many calls of `dense`.

    Parameters
    ----------
    weights : iterable of numpy.ndarray, or Table
        n ≥ 0 C-contiguous, writeable arrays of float16, bfloat16, float32 or float64, of any
        shapes.
    gradients : iterable of numpy.ndarray, or Table
        n arrays, each of its weight's shape and dtype; only read.
    states : iterable of iterables of numpy.ndarray, or of Tables
        For each state of the optimizer n writeable arrays of the weights' shapes, and of their
        dtypes: float32 with `masters`.
    masters : iterable of numpy.ndarray, or Table, optional
        n writeable float32 arrays of the weights' shapes, where all weights have 16 bits: a step
        updates these, and rounds the weights from them. An element of a weight that was written
        since, so that it is not its master rounded, is taken in place of the master.

    Returns
    -------
    Bound
        Immutable; holds the arrays. Valid as long as each keeps its memory.

    Raises
    ------
    TypeError
        If an array is not one that can be used in place, or a dtype does not fit.
    ValueError
        If numbers or shapes differ, or an array that is written shares memory with another one.

    Notes
    -----
    O(n × log(n)), some microseconds for each array; nothing is copied.
    """
    return _STEPS.bind(weights, gradients, states, masters)


def dense(arrays: Bound | tuple, coefficients: np.ndarray) -> None:
    """Step many parameters, in one call into compiled code for each dtype.

    Parameters
    ----------
    arrays : Bound or tuple
        What `bind` returns, or its arguments.
    coefficients : numpy.ndarray
        A row for each weight, from `coefficients`.

    Raises
    ------
    TypeError, ValueError
        If the arrays or the coefficients do not fit; then nothing has been written.

    Notes
    -----
    float32 and float64 are computed in themselves. 16-bit weights are computed in float32: with
    master weights those and the states stay in float32; without, each stored value is rounded
    once. Each operation of the formula is rounded; none are contracted or reordered, so that bits
    do not depend on threads or backends.

    Reads weights, gradients and states once, and writes weights and states once: 12 bytes an
    element in float32, and 8 more for each state. O(elements + n). Nothing is allocated.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import sgd
    >>> weight, gradient, momentum = np.float32([[1, 2], [1, 1], [0, 0]])
    >>> with_ = sgd.coefficients(
    ...     1, lr=0.5, wd=0, rescale_grad=1, clip_gradient=None, momentum=0.9
    ... )
    >>> sgd.dense(([weight], [gradient], [[momentum]]), with_)
    >>> weight
    array([0.5, 1.5], dtype=float32)
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

    Parameters
    ----------
    weight : numpy.ndarray
        Shape (rows, …): the whole weight, C-contiguous, writeable.
    ids : array_like
        m row ids that ascend strictly.
    gradient : array_like
        Shape (m, …), of the weight's dtype: the rows of the gradient.
    states : iterable of numpy.ndarray
        The whole states, of the weight's shape; dtypes as in `bind`.
    coefficients : numpy.ndarray
        One row, from `coefficients`.
    master : numpy.ndarray, optional
        The whole float32 master weight of a 16-bit one.

    Raises
    ------
    TypeError, ValueError
        If an array does not fit or shares memory with another one, or ids do not ascend strictly;
        then nothing has been written.
    IndexError
        If an id is negative or not below the number of rows; then nothing has been written.

    Notes
    -----
    A lazy update: decay and momentum of the other rows stand still, as with MXNet's
    ``lazy_update=True``. On the rows present it gives the bits of `dense`. Moves m rows of each
    array, and m ids; O(m). Nothing is allocated.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import sgd
    >>> weight = np.ones((3, 2), np.float32)
    >>> with_ = sgd.coefficients(1, lr=0.5, wd=0, rescale_grad=1, clip_gradient=None)
    >>> sgd.rows(weight, [2], np.ones((1, 2), np.float32), [], with_)
    >>> weight[2]
    array([0.5, 0.5], dtype=float32)
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

    Parameters
    ----------
    weight, ids, gradient, states, master
        As for `rows`.
    last_steps : numpy.ndarray
        int64, (rows,), writeable: the number of the last step of each row, 0 before the first.
    history : numpy.ndarray
        The coefficients of the last k ≥ 1 steps, one row each; the last row is that of the step to
        make, number first + k - 1.
    first : int
        Number of the step of the first row of `history`; at least 1.

    Raises
    ------
    TypeError, ValueError, IndexError
        As `rows` does; also a ValueError if the steps that a row has missed are not in the
        history. Then nothing has been written.

    Notes
    -----
    For each id the steps since its last one are made with a gradient of zero, and then this step.
    With `catch_up` before they are looked at, weights and states have the bits that `dense` would
    have given with gradients filled up with zeros, at about the cost of `rows`.

    A missed step costs arithmetic only, since the row is in the caches; and once momentum is too
    small to move any weight of the row, only the states fade. Moves m rows of each array, m ids
    and step numbers; O(m × columns × missed steps) at most, O(k) to look at the history.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import sgd
    >>> weight, momentum = np.zeros((3, 1)), np.zeros((3, 1))
    >>> last = np.zeros(3, np.int64)
    >>> one = sgd.coefficients(1, lr=1, wd=0, rescale_grad=1, clip_gradient=None, momentum=0.5)
    >>> history = np.concatenate([one, one])
    >>> sgd.exact_rows(weight, [0], np.ones((1, 1)), [momentum], last, history[:1])
    >>> sgd.exact_rows(weight, [2], np.ones((1, 1)), [momentum], last, history)
    >>> sgd.catch_up(weight, [momentum], last, history)
    >>> weight[:, 0]
    array([-1.5,  0. , -1. ])
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

    Parameters
    ----------
    weight, states, last_steps, history, first, master
        As for `exact_rows`, but k may be 0; all steps of the history are missed ones.
    ids : array_like, optional
        Row ids that ascend strictly; all rows by default.

    Raises
    ------
    TypeError, ValueError, IndexError
        As `exact_rows` does; then nothing has been written.

    Notes
    -----
    Afterwards the weights and states of those rows are what `dense` would have made of them, and
    all of `last_steps` stands at first + k - 1. Rows that have missed nothing cost the look at
    their number.
    """
    _STEPS.catch_up(weight, states, last_steps, history, first, ids, master)
