"""Factories of ``mx.np`` arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numparam.context import Context
from numparam.modes.np_mode import is_np_shape, np_shape
from numparam.ndarray import creation as classic
from numparam.ndarray.arguments import device_of
from numparam.ndarray.foreign import is_foreign
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.numpy_array import c_order, ndarray
from numparam.ndarray.numpy_operations.operands import kind_error
from numparam.ndarray.values import as_host_array
from numparam.numpy.shaping import stack
from numparam.types.dtypes import DTypeLike, as_dtype

__all__ = ["array", "empty", "full", "made_by", "ones", "zeros"]


def made_by(factory: Callable[..., NDArray], *arguments: Any, **keywords: Any) -> ndarray:
    """Call a classic factory with NumPy's shapes, and return an ``mx.np`` array."""
    if is_np_shape():
        return factory(*arguments, **keywords)._as_class(ndarray)
    with np_shape(True):
        return factory(*arguments, **keywords)._as_class(ndarray)


def array(object: Any, dtype: DTypeLike = None, ctx: Context | None = None) -> ndarray:
    """Make an array of values.

    Parameters
    ----------
    object : number, sequence, ndarray or array of another library
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
        If the values are not numbers, or are a sparse array.

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
        return made_by(classic.array, object, ctx=ctx, dtype=dtype)
    if isinstance(object, (list, tuple)) and object and all(map(_is_of_this_kind, object)):
        device = device_of(ctx)[0]
        joined = stack([entry.as_in_ctx(device) for entry in object])
        return joined.astype(as_dtype(dtype), copy=False)
    if isinstance(object, np.generic) or (
        hasattr(object, "__array__") and not hasattr(object, "shape")
    ):
        object = np.asarray(object)
    if isinstance(object, np.ndarray) or is_foreign(object):
        host = as_host_array(object, as_dtype(None))
        return made_by(classic.array, host, ctx=ctx, dtype=as_dtype(dtype, host.dtype))
    return made_by(classic.array, object, ctx=ctx, dtype=dtype)


def _is_of_this_kind(value: Any) -> bool:
    return isinstance(value, ndarray)


def zeros(
    shape: int | Sequence[int],
    dtype: DTypeLike = None,
    order: str = "C",
    ctx: Context | None = None,
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
    c_order(order, "zeros", of_new=True)
    return made_by(classic.zeros, shape, ctx, dtype)


def ones(
    shape: int | Sequence[int],
    dtype: DTypeLike = None,
    order: str = "C",
    ctx: Context | None = None,
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
    c_order(order, "ones", of_new=True)
    return made_by(classic.ones, shape, ctx, dtype)


def empty(
    shape: int | Sequence[int],
    dtype: DTypeLike = None,
    order: str = "C",
    ctx: Context | None = None,
) -> ndarray:
    """Make an array with uninitialized elements.

    Parameters
    ----------
    shape, dtype, order, ctx
        As for `zeros`.

    Returns
    -------
    ndarray
        Uninitialized.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.empty((2, 3)).shape
    (2, 3)
    """
    c_order(order, "empty", of_new=True)
    return made_by(classic.empty, shape, ctx, dtype)


def full(
    shape: int | Sequence[int],
    fill_value: Any,
    dtype: DTypeLike = None,
    order: str = "C",
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Make an array filled with one number.

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
    c_order(order, "full", of_new=True)
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
    return made_by(classic.full, shape, fill_value, ctx, dtype)
