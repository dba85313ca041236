"""Factories of ``mx.np`` arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numparam.context import Context
from numparam.dtypes import as_dtype
from numparam.ndarray import creation as classic
from numparam.ndarray.arguments import device_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.values import as_host_array
from numparam.np_mode import np_shape
from numparam.numpy.multiarray import ndarray
from numparam.numpy.operators import kind_error
from numparam.numpy.shaping import stack
from numparam.numpy.views import c_order

__all__ = [
    "arange",
    "array",
    "copy",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "identity",
    "linspace",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]


class ZeroStepError(ZeroDivisionError, ValueError):
    """The step of a range is 0; a ZeroDivisionError, as in MXNet."""


def _made(factory: Callable[..., NDArray], *arguments: Any, **keywords: Any) -> Any:
    """Call a classic factory with NumPy's shapes, for an array of this kind."""
    with np_shape(True):
        return factory(*arguments, **keywords)._as_class(ndarray)


def array(object: Any, dtype: Any = None, ctx: Context | None = None) -> ndarray:
    """Make an array of values.

    Parameters
    ----------
    object : number, sequence, numpy.ndarray, ndarray or object with ``__array__``
        The values; they are copied.
    dtype : str, type or numpy.dtype, optional
        The dtype. If not given, that of an array of either library, and float32 for numbers and
        lists.
    ctx : Context, optional
        Where the array goes; the current context if not given.

    Returns
    -------
    ndarray
        With memory of its own.

    Raises
    ------
    TypeError
        If the values are no numbers, or a sparse array.

    Notes
    -----
    MXNet refuses a classic array here; it is copied. ``as_np_ndarray()`` shares its memory.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.array([[1, 2], [3, 4]], dtype='int32')
    array([[1, 2],
           [3, 4]], dtype=int32)
    >>> mx.np.array(3.5).shape
    ()
    """
    if isinstance(object, NDArray):
        if object.stype != "default":
            raise kind_error("array", object)
        return _made(classic.array, object, ctx=ctx, dtype=dtype)
    if isinstance(object, (list, tuple)) and object and all(map(_is_of_this_kind, object)):
        device = device_of(ctx)[0]
        joined = stack([entry.as_in_ctx(device) for entry in object])
        return joined.astype(as_dtype(dtype), copy=False)
    if isinstance(object, (np.ndarray, np.generic)) or hasattr(object, "__array__"):
        host = as_host_array(np.asarray(object), as_dtype(None))
        return _made(classic.array, host, ctx=ctx, dtype=as_dtype(dtype, host.dtype))
    return _made(classic.array, object, ctx=ctx, dtype=dtype)


def _is_of_this_kind(value: Any) -> bool:
    return isinstance(value, ndarray)


def zeros(
    shape: int | Sequence[int], dtype: Any = None, order: str = "C", ctx: Context | None = None
) -> ndarray:
    """Make an array of zeros.

    Parameters
    ----------
    shape : int or sequence of int
        Its shape; ``()`` for one number, and 0 for no elements, in every mode.
    dtype : str, type or numpy.dtype, optional
        Its dtype; float32 if not given.
    order : {'C'}
        The order of its memory.
    ctx : Context, optional
        Where it goes; the current context if not given.

    Returns
    -------
    ndarray
        A new array.

    Raises
    ------
    MXNetError
        If the shape or the context is impossible.
    NotImplementedError
        For another `order`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.zeros((0, 2))
    array([], shape=(0, 2))
    """
    c_order(order, "zeros")
    return _made(classic.zeros, shape, ctx, dtype)


def ones(
    shape: int | Sequence[int], dtype: Any = None, order: str = "C", ctx: Context | None = None
) -> ndarray:
    """Make an array of ones.

    Parameters
    ----------
    shape, dtype, order, ctx
        As for `zeros`.

    Returns
    -------
    ndarray
        A new array.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.ones(())
    array(1.)
    """
    c_order(order, "ones")
    return _made(classic.ones, shape, ctx, dtype)


def empty(
    shape: int | Sequence[int], dtype: Any = None, order: str = "C", ctx: Context | None = None
) -> ndarray:
    """Make an array without setting its elements.

    Parameters
    ----------
    shape, dtype, order, ctx
        As for `zeros`.

    Returns
    -------
    ndarray
        Whatever was in the memory.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.empty((2, 3)).shape
    (2, 3)
    """
    c_order(order, "empty")
    return _made(classic.empty, shape, ctx, dtype)


def full(
    shape: int | Sequence[int],
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Make an array of one number.

    Parameters
    ----------
    shape : int or sequence of int
        Its shape.
    fill_value : number, ndarray, list or numpy.ndarray
        The number; or an array, which is repeated to the shape.
    dtype : str, type or numpy.dtype, optional
        Its dtype. If not given, bool for a bool, an array's own, and float32 for the rest.
    order, ctx
        As for `zeros`.
    out : ndarray, optional
        An array to write into.

    Returns
    -------
    ndarray
        A new array, or `out`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.full((2,), 7)
    array([7., 7.])
    """
    c_order(order, "full")
    if out is not None:
        out[...] = fill_value
        return out
    if isinstance(fill_value, (bool, np.bool_)):
        dtype = as_dtype(dtype, np.bool_)
    elif isinstance(fill_value, ndarray):
        dtype = as_dtype(dtype, fill_value.dtype)
    if isinstance(fill_value, (ndarray, np.ndarray, list, tuple)):
        made = empty(shape, dtype, ctx=ctx)
        made[...] = fill_value
        return made
    return _made(classic.full, shape, fill_value, ctx, dtype)


def _like(a: Any, name: str) -> ndarray:
    if not isinstance(a, ndarray):
        raise kind_error(name, a)
    return a


def full_like(
    a: ndarray,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Make an array of one number, in the shape and dtype of another array.

    Parameters
    ----------
    a : ndarray
        The array with the shape, the dtype and the context.
    fill_value : number
        The number.
    dtype, order, ctx, out
        As for `full`, to differ from `a`.

    Returns
    -------
    ndarray
        A new array, or `out`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.full_like(mx.np.zeros((2,)), 7)
    array([7., 7.])
    """
    like = _like(a, "full_like")
    return full(like.shape, fill_value, as_dtype(dtype, like.dtype), order, ctx or like.ctx, out)


def zeros_like(
    a: ndarray,
    dtype: Any = None,
    order: str = "C",
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Make an array of zeros, in the shape and dtype of another array.

    Parameters
    ----------
    a, dtype, order, ctx, out
        As for `full_like`.

    Returns
    -------
    ndarray
        A new array, or `out`.
    """
    return full_like(_like(a, "zeros_like"), 0, dtype, order, ctx, out)


def ones_like(
    a: ndarray,
    dtype: Any = None,
    order: str = "C",
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Make an array of ones, in the shape and dtype of another array.

    Parameters
    ----------
    a, dtype, order, ctx, out
        As for `full_like`.

    Returns
    -------
    ndarray
        A new array, or `out`.
    """
    return full_like(_like(a, "ones_like"), 1, dtype, order, ctx, out)


def empty_like(
    prototype: ndarray, dtype: Any = None, order: str = "C", subok: bool = False
) -> ndarray:
    """Make an array in the shape and dtype of another one, without setting its elements.

    Parameters
    ----------
    prototype : ndarray
        The array with the shape, the dtype and the context.
    dtype, order
        As for `zeros`, to differ from `prototype`.
    subok : bool
        Accepted for NumPy's sake.

    Returns
    -------
    ndarray
        A new array.
    """
    like = _like(prototype, "empty_like")
    return empty(like.shape, as_dtype(dtype, like.dtype), order, like.ctx)


def copy(a: ndarray) -> ndarray:
    """Copy an array, on its context.

    Parameters
    ----------
    a : ndarray
        The array.

    Returns
    -------
    ndarray
        Equal elements in memory of its own.
    """
    return _like(a, "copy").copy()


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    dtype: Any = None,
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
        As for `zeros`.

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
    return _made(classic.arange, start, stop, 1 if step is None else step, ctx=ctx, dtype=dtype)


def linspace(
    start: float,
    stop: float,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    ctx: Context | None = None,
) -> Any:
    """Make an array of a given count of evenly spaced numbers.

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
        As for `zeros`.
    axis : {0}
        Accepted for NumPy's sake.

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
    numbers = _made(classic.linspace, start, stop, num, endpoint, ctx=ctx, dtype=dtype)
    if not retstep:
        return numbers
    intervals = num - 1 if endpoint else num
    return numbers, (stop - start) / intervals if intervals > 0 else float("nan")


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = None,
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
        As for `zeros`.

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


def identity(n: int, dtype: Any = None, ctx: Context | None = None) -> ndarray:
    """Make a square matrix with ones on the main diagonal, and zeros elsewhere.

    Parameters
    ----------
    n : int
        The number of rows and columns.
    dtype, ctx
        As for `zeros`.

    Returns
    -------
    ndarray
        Of shape ``(n, n)``.
    """
    return eye(n, dtype=dtype, ctx=ctx)
