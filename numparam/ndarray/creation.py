"""Factories of dense arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from numparam.context import Context
from numparam.devices.backend import Backend, Buffer
from numparam.modes.np_mode import is_np_shape
from numparam.ndarray import kinds
from numparam.ndarray.arguments import (
    ShapeArgumentError,
    UnexpectedArgumentError,
    device_of,
    shape_of,
)
from numparam.ndarray.converting import MOVE
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import invoke
from numparam.ndarray.quiet import quietly
from numparam.ndarray.values import as_host_array
from numparam.types.dtypes import DTypeLike, as_dtype

__all__ = ["arange", "array", "empty", "eye", "full", "linspace", "ones", "zeros"]


def array(source_array: Any, ctx: Context | None = None, dtype: DTypeLike = None) -> NDArray:
    """Make an array of values.

    Parameters
    ----------
    source_array : number, sequence, NDArray or array of another library
        The values; they are copied. PyTorch's tensors may require gradients, and are made dense.
    ctx : Context, optional
        Where the array goes; the current context if not given.
    dtype : str, type or numpy.dtype, optional
        The dtype; if not given, that of an `NDArray`, and float32 for everything else.

    Returns
    -------
    NDArray
        Sparse if the source is an array of this library or of SciPy, and is sparse.

    Raises
    ------
    TypeError
        If the source is not made of numbers.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.array([[1, 2], [3, 4]], dtype='int32')
    <BLANKLINE>
    [[1 2]
     [3 4]]
    <NDArray 2x2 @cpu(0)>
    """
    if isinstance(source_array, NDArray) and source_array.stype == "default":
        ctx = device_of(ctx)[0]
        wanted = as_dtype(dtype, source_array._memory.dtype)
        return invoke(MOVE, (source_array.as_nd_ndarray(),), {"ctx": ctx, "dtype": wanted})
    if isinstance(source_array, NDArray) or hasattr(source_array, "tocsr"):
        return kinds.sparse("array")(source_array, ctx=ctx, dtype=dtype)
    ctx, backend = device_of(ctx)
    wanted = as_dtype(dtype)
    host = as_host_array(source_array, wanted)
    if host.dtype != wanted:
        host = quietly(host.astype, wanted)
    return NDArray.from_buffer(backend.upload(host), ctx, backend)


def empty(
    shape: int | Sequence[int],
    ctx: Context | None = None,
    dtype: DTypeLike = None,
    stype: str | None = None,
) -> NDArray:
    """Make an array with uninitialized elements.

    Parameters
    ----------
    shape : int or sequence of int
        Its shape.
    ctx : Context, optional
        Where it goes; the current context if not given.
    dtype : str, type or numpy.dtype, optional
        Its dtype; float32 if not given.
    stype : {'default', 'row_sparse', 'csr'}, optional
        Its storage type.

    Returns
    -------
    NDArray
        Uninitialized; sparse arrays are all zeros.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.empty((2, 3)).shape
    (2, 3)
    """
    if stype not in (None, "default"):
        return zeros(shape, ctx, dtype, stype)
    ctx, backend = device_of(ctx)
    buffer = backend.empty(shape_of(shape, any_mode=True), as_dtype(dtype))
    return NDArray.from_buffer(buffer, ctx, backend)


def zeros(
    shape: int | Sequence[int],
    ctx: Context | None = None,
    dtype: DTypeLike = None,
    stype: str | None = None,
    **keywords: Any,
) -> NDArray:
    """Make an array of zeros.

    Parameters
    ----------
    shape : int or sequence of int
        Its shape. ``()`` and lengths of 0 need NumPy shapes (`numparam.util.np_shape`).
    ctx : Context, optional
        Where it goes; the current context if not given.
    dtype : str, type or numpy.dtype, optional
        Its dtype; float32 if not given.
    stype : {'default', 'row_sparse', 'csr'}, optional
        Its storage type.
    **keywords : NDArray
        ``out``: an array of that shape and dtype that is set to zero and returned.

    Returns
    -------
    NDArray
        A new array, or `out`.

    Raises
    ------
    MXNetError
        If the shape or the context is impossible.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.zeros((2,), mx.cpu(1), 'int32')
    <BLANKLINE>
    [0 0]
    <NDArray 2 @cpu(1)>
    """
    if stype not in (None, "default"):
        return kinds.sparse("zeros")(stype, shape, ctx=ctx, dtype=dtype, **keywords)
    return _filled(shape, 0, ctx, dtype, keywords)


def ones(
    shape: int | Sequence[int], ctx: Context | None = None, dtype: DTypeLike = None, **keywords: Any
) -> NDArray:
    """Make an array of ones.

    Parameters
    ----------
    shape, ctx, dtype, **keywords
        As for `zeros`.

    Returns
    -------
    NDArray
        A new array, or `out`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.ones((2,)).asnumpy()
    array([1., 1.], dtype=float32)
    """
    return _filled(shape, 1, ctx, dtype, keywords)


def full(
    shape: int | Sequence[int],
    val: float,
    ctx: Context | None = None,
    dtype: DTypeLike = None,
    out: NDArray | None = None,
) -> NDArray:
    """Make an array filled with one number.

    Parameters
    ----------
    shape, ctx, dtype
        As for `zeros`.
    val : float
        The number.
    out : NDArray, optional
        An array of that shape to write into.

    Returns
    -------
    NDArray
        A new array, or `out`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.full((2,), 7).asnumpy()
    array([7., 7.], dtype=float32)
    """
    if out is not None:
        out[:] = val
        return out
    return _filled(shape, val, ctx, dtype, {})


def _filled(
    shape: Any, value: Any, ctx: Context | None, dtype: DTypeLike, keywords: dict[str, Any]
) -> NDArray:
    out = keywords.pop("out", None)
    keywords.pop("name", None)
    if keywords:
        raise UnexpectedArgumentError(f"unknown arguments: {', '.join(keywords)}")
    wanted = as_dtype(dtype)
    lengths = shape_of(shape)
    if out is not None:
        return _refilled(out, lengths, value)
    ctx, backend = device_of(ctx)
    number = as_host_array(value, wanted)
    if number.dtype != wanted:
        number = quietly(number.astype, wanted)
    return NDArray.from_buffer(_filled_buffer(backend, lengths, number), ctx, backend)


def _filled_buffer(backend: Backend, shape: tuple[int, ...], number: np.ndarray) -> Buffer:
    buffer = backend.empty(shape, number.dtype)
    backend.write(buffer, number)
    return buffer


def _refilled(out: NDArray, shape: tuple[int, ...], value: Any) -> NDArray:
    if out.shape != shape:
        raise ShapeArgumentError(f"out must have shape {shape}, not {out.shape}")
    out[:] = value
    return out


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1.0,
    repeat: int = 1,
    infer_range: bool | None = None,
    ctx: Context | None = None,
    dtype: DTypeLike = None,
) -> NDArray:
    """Make an array of evenly spaced numbers.

    Parameters
    ----------
    start, stop : float
        The first number, and the one that is not reached. With `stop` left out, from 0 to `start`.
    step : float, default 1
        The distance.
    repeat : int, default 1
        How often each number appears.
    infer_range : bool, optional
        Ignored; MXNet's symbols have a use for it.
    ctx, dtype
        As for `zeros`.

    Returns
    -------
    NDArray
        One-dimensional.

    Raises
    ------
    MXNetError
        If `step` is 0, or there is nothing between the two.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.arange(3, repeat=2).asnumpy()
    array([0., 0., 1., 1., 2., 2.], dtype=float32)
    """
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ShapeArgumentError("step must not be 0")
    count = math.ceil((stop - start) / step)
    if count <= 0 and not is_np_shape():
        raise ShapeArgumentError(f"there is nothing from {start} to {stop} in steps of {step}")
    numbers = start + step * np.arange(max(count, 0), dtype=np.float64)
    return _uploaded(np.repeat(numbers, repeat), ctx, dtype)


def linspace(
    start: float,
    stop: float,
    num: int,
    endpoint: bool = True,
    ctx: Context | None = None,
    dtype: DTypeLike = None,
) -> NDArray:
    """Make an array of a given number of evenly spaced numbers.

    Parameters
    ----------
    start, stop : float
        The first and the last number.
    num : int
        How many.
    endpoint : bool, default True
        Whether `stop` is among them.
    ctx, dtype
        As for `zeros`.

    Returns
    -------
    NDArray
        One-dimensional.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.linspace(0, 1, 3).asnumpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return _uploaded(np.linspace(start, stop, num, endpoint), ctx, dtype)


def eye(
    N: int,
    M: int = 0,
    k: int = 0,
    ctx: Context | None = None,
    dtype: DTypeLike = None,
    **keywords: Any,
) -> NDArray:
    """Make a matrix with ones on a diagonal, and zeros elsewhere.

    Parameters
    ----------
    N : int
        The number of rows.
    M : int, default 0
        The number of columns; 0 means as many as rows.
    k : int, default 0
        Which diagonal: positive above, negative below the main one.
    ctx, dtype
        As for `zeros`.
    **keywords : NDArray
        ``out``: an array to write into.

    Returns
    -------
    NDArray
        Of shape ``(N, M)``.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.eye(2).asnumpy()
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    out = keywords.pop("out", None)
    rows, columns = shape_of((N, M or N), any_mode=True)
    values = np.eye(rows, columns, k)
    if out is not None:
        out[:] = values
        return out
    return _uploaded(values, ctx, dtype)


def _uploaded(values: np.ndarray, ctx: Context | None, dtype: DTypeLike) -> NDArray:
    ctx, backend = device_of(ctx)
    host = quietly(values.astype, as_dtype(dtype))
    return NDArray.from_buffer(backend.upload(host), ctx, backend)
