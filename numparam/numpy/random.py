"""Random arrays with NumPy's arguments: ``numparam.np.random``, as MXNet's ``mxnet.np.random``.

The numbers come from the sequence of `numparam.random`; `numparam.npx.random.seed` starts it.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from numparam._missing import missing, show_public_names
from numparam.context import Context
from numparam.ndarray import random as classic
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.numpy_array import ndarray
from numparam.numpy.creation import made_by
from numparam.numpy.distributions import (
    Size,
    beta,
    chisquare,
    delivered,
    exponential,
    gamma,
    gumbel,
    logistic,
    lognormal,
    pareto,
    power,
    rayleigh,
    require_this_kind,
    standard,
    weibull,
)
from numparam.numpy.drawing import choice, multinomial, multivariate_normal
from numparam.types.dtypes import DTypeLike

__all__ = [
    "beta",
    "chisquare",
    "choice",
    "exponential",
    "gamma",
    "gumbel",
    "logistic",
    "lognormal",
    "multinomial",
    "multivariate_normal",
    "normal",
    "pareto",
    "power",
    "rand",
    "randint",
    "randn",
    "rayleigh",
    "shuffle",
    "uniform",
    "weibull",
]


def uniform(
    low: float | NDArray = 0.0,
    high: float | NDArray = 1.0,
    size: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers uniformly from [low, high).

    Parameters
    ----------
    low, high : float or ndarray
        The bounds; arrays are broadcast against each other.
    size : int or sequence of int, optional
        The shape of the result. If not given, that of the bounds: ``()`` for numbers.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.
    ctx : Context, optional
        Where it goes; if not given, where the bounds are, or the current context.
    out : ndarray, optional
        What is filled instead of a new array.

    Returns
    -------
    ndarray
        A new array, or `out`.

    Raises
    ------
    MXNetError
        If bounds, size or dtype do not fit; nothing was written then.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.uniform(5, 6, size=(2, 3)).shape
    (2, 3)
    """
    if isinstance(low, NDArray) or isinstance(high, NDArray):
        draw = standard(classic.uniform, (low, high), size, dtype, ctx, out)
        return delivered(low + (high - low) * draw, draw, out)
    return _drawn(classic.uniform, low, high, size, dtype, ctx, out)


def normal(
    loc: float | NDArray = 0.0,
    scale: float | NDArray = 1.0,
    size: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers from a normal distribution.

    Parameters
    ----------
    loc, scale : float or ndarray
        Mean and standard deviation; arrays are broadcast against each other.
    size, dtype, ctx, out
        As for `uniform`.

    Returns
    -------
    ndarray
        A new array, or `out`.

    Raises
    ------
    MXNetError
        If a parameter, size or dtype does not fit; nothing was written then.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.normal(0, 1, size=4, dtype='float64').dtype
    dtype('float64')
    """
    if isinstance(loc, NDArray) or isinstance(scale, NDArray):
        draw = standard(classic.normal, (loc, scale), size, dtype, ctx, out)
        return delivered(loc + scale * draw, draw, out)
    return _drawn(classic.normal, loc, scale, size, dtype, ctx, out)


def randint(
    low: int,
    high: int | None = None,
    size: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw integers from low to high - 1 (or from 0 to low - 1) with equal probability.

    Parameters
    ----------
    low, high : int
        The bounds.
    size, ctx, out
        As for `uniform`.
    dtype : str, type or numpy.dtype, optional
        int32 or int64 (the default).

    Returns
    -------
    ndarray
        A new array, or `out`.

    Raises
    ------
    MXNetError
        If there is no integer in the range, or a bound, size or dtype does not fit.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.randint(3, 4, size=2)
    array([3, 3], dtype=int64)
    """
    first, end = (0, low) if high is None else (low, high)
    if dtype is None and out is None:
        dtype = np.int64
    return _drawn(classic.randint, first, end, size, dtype, ctx, out)


def rand(*size: int, **keywords: Any) -> ndarray:
    """Draw numbers uniformly from [0, 1).

    Parameters
    ----------
    *size : int
        The lengths of the result's dimensions; ``()`` if none are given.
    **keywords
        ``dtype``, ``ctx`` and ``out`` of `uniform`.

    Returns
    -------
    ndarray
        A new array, or `out`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.rand(2, 3).shape
    (2, 3)
    """
    return uniform(0, 1, size or None, **keywords)


def randn(*size: int, **keywords: Any) -> ndarray:
    """Draw numbers from the normal distribution of mean 0 and standard deviation 1.

    Parameters
    ----------
    *size, **keywords
        As for `rand`.

    Returns
    -------
    ndarray
        A new array, or `out`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.randn(2, 3).shape
    (2, 3)
    """
    return normal(0, 1, size or None, **keywords)


def shuffle(x: ndarray) -> None:
    """Put the rows of an array into a random order, in place.

    Parameters
    ----------
    x : ndarray
        An array with at least one dimension.

    Examples
    --------
    >>> import numparam as mx
    >>> rows = mx.np.arange(4)
    >>> mx.np.random.shuffle(rows)
    >>> sorted(rows.tolist())
    [0.0, 1.0, 2.0, 3.0]
    """
    require_this_kind("shuffle", x)
    classic.shuffle(x, out=x)


def __getattr__(name: str) -> NoReturn:
    raise missing(
        "mx.np.random",
        name,
        __all__,
        f"It has {', '.join(__all__)}, and npx.random.seed starts the sequence. For other "
        "distributions draw with numpy.random and make arrays with mx.np.array",
    )


def _drawn(
    draw: Any, first: Any, second: Any, size: Size, dtype: DTypeLike, ctx: Any, out: Any
) -> Any:
    """Call a classic function with NumPy's default shape, and return an ``mx.np`` array."""
    if out is not None:
        require_this_kind(draw.__name__, out)
        return draw(first, second, size, dtype, ctx, out)
    return made_by(draw, first, second, () if size is None else size, dtype, ctx)


show_public_names(__name__)
