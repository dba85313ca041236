"""``mx.np`` arrays in the shape, the dtype and on the context of another one."""

from __future__ import annotations

from typing import Any

from numparam.context import Context
from numparam.ndarray.numpy_array import ndarray
from numparam.ndarray.numpy_operations.operands import kind_error
from numparam.numpy.creation import empty, full
from numparam.types.dtypes import DTypeLike, as_dtype

__all__ = ["copy", "empty_like", "full_like", "ones_like", "zeros_like"]


def _like(a: Any, name: str) -> ndarray:
    if not isinstance(a, ndarray):
        raise kind_error(name, a)
    return a


def full_like(
    a: ndarray,
    fill_value: Any,
    dtype: DTypeLike = None,
    order: str = "C",
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Make an array filled with one number, in the shape and dtype of another array.

    Parameters
    ----------
    a : ndarray
        The array with the shape, the dtype and the context.
    fill_value : number
        The number.
    dtype, order, ctx, out
        As for `numparam.np.full`, to differ from `a`.

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
    dtype: DTypeLike = None,
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

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.zeros_like(x)
    array([[0., 0.],
           [0., 0.]])
    """
    return full_like(_like(a, "zeros_like"), 0, dtype, order, ctx, out)


def ones_like(
    a: ndarray,
    dtype: DTypeLike = None,
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

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.ones_like(x)
    array([[1., 1.],
           [1., 1.]])
    """
    return full_like(_like(a, "ones_like"), 1, dtype, order, ctx, out)


def empty_like(
    prototype: ndarray, dtype: DTypeLike = None, order: str = "C", subok: bool = False
) -> ndarray:
    """Make an uninitialized array in the shape and dtype of another one.

    Parameters
    ----------
    prototype : ndarray
        The array with the shape, the dtype and the context.
    dtype, order
        As for `numparam.np.zeros`, to differ from `prototype`.
    subok : bool
        Accepted for compatibility with NumPy.

    Returns
    -------
    ndarray
        A new array.

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.empty_like(x).shape
    (2, 2)
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

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.copy(x)
    array([[1., 2.],
           [3., 4.]])
    """
    return _like(a, "copy").copy()
