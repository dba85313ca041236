"""``mx.np`` arrays of evenly spaced numbers, and of ones on a diagonal."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.context import Context
from numparam.ndarray import creation as classic
from numparam.ndarray.numpy_array import ndarray
from numparam.numpy.creation import array, made_by
from numparam.types.dtypes import DTypeLike, as_dtype

__all__ = ["arange", "eye", "identity", "linspace", "logspace"]


class ZeroStepError(ZeroDivisionError, ValueError):
    """The step of a range is 0; a ZeroDivisionError, as in MXNet."""


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
) -> ndarray:
    """Make an array of evenly spaced numbers.

    Parameters
    ----------
    start, stop : float
        The first number, and the one that is not reached. With `stop` left out, from 0 to `start`.
    step : float, default 1
        The distance.
    dtype, ctx
        As for `numparam.np.zeros`.

    Returns
    -------
    ndarray
        One-dimensional; without elements if there is nothing between the two.

    Raises
    ------
    ZeroDivisionError
        If `step` is 0; also a ValueError.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.arange(1, 8, 3)
    array([1., 4., 7.])
    """
    if step == 0:
        raise ZeroStepError("step must not be 0")
    return made_by(classic.arange, start, stop, 1 if step is None else step, ctx=ctx, dtype=dtype)


def linspace(
    start: float,
    stop: float,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike = None,
    axis: int = 0,
    ctx: Context | None = None,
) -> Any:
    """Make an array of a given number of evenly spaced numbers.

    Parameters
    ----------
    start, stop : float
        The first and the last number.
    num : int, default 50
        How many.
    endpoint : bool, default True
        Whether `stop` is among them.
    retstep : bool, default False
        Whether the distance is returned, too.
    dtype, ctx
        As for `numparam.np.zeros`.
    axis : {0}
        Accepted for compatibility with NumPy.

    Returns
    -------
    ndarray, or (ndarray, float)
        One-dimensional.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.linspace(0, 1, 3)
    array([0. , 0.5, 1. ])
    """
    if axis != 0:
        raise NotImplementedError("linspace takes two numbers, so its only axis is 0")
    numbers = made_by(classic.linspace, start, stop, num, endpoint, ctx=ctx, dtype=dtype)
    if not retstep:
        return numbers
    intervals = num - 1 if endpoint else num
    return numbers, (stop - start) / intervals if intervals > 0 else float("nan")


def logspace(
    start: float,
    stop: float,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10.0,
    dtype: DTypeLike = None,
    axis: int = 0,
    ctx: Context | None = None,
) -> ndarray:
    """Make an array of a given number of powers, whose exponents are evenly spaced.

    Parameters
    ----------
    start, stop : float
        The first and the last exponent.
    num, endpoint, axis
        As for `linspace`.
    base : float, default 10
        The base of the powers.
    dtype, ctx
        As for `numparam.np.zeros`; integers are cut off.

    Returns
    -------
    ndarray
        One-dimensional.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.logspace(0, 2, 3)
    array([  1.,  10., 100.])
    """
    if axis != 0:
        raise NotImplementedError("logspace takes two numbers, so its only axis is 0")
    powers = np.logspace(start, stop, num, endpoint, base)
    return array(powers, np.float32 if dtype is None else dtype, ctx)


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
) -> ndarray:
    """Make a matrix with ones on a diagonal, and zeros elsewhere.

    Parameters
    ----------
    N : int
        The number of rows.
    M : int, optional
        The number of columns; as many as rows if not given.
    k : int, default 0
        Which diagonal: positive above, negative below the main one.
    dtype, ctx
        As for `numparam.np.zeros`.

    Returns
    -------
    ndarray
        Of shape ``(N, M)``.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.eye(2)
    array([[1., 0.],
           [0., 1.]])
    """
    return array(np.eye(N, M, k), as_dtype(dtype), ctx)


def identity(n: int, dtype: DTypeLike = None, ctx: Context | None = None) -> ndarray:
    """Make a square matrix with ones on the main diagonal, and zeros elsewhere.

    Parameters
    ----------
    n : int
        The number of rows and columns.
    dtype, ctx
        As for `numparam.np.zeros`.

    Returns
    -------
    ndarray
        Of shape ``(n, n)``.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.identity(2)
    array([[1., 0.],
           [0., 1.]])
    """
    return eye(n, dtype=dtype, ctx=ctx)
