"""Factories of sparse arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np

from numparam.context import Context
from numparam.devices.backend import Backend
from numparam.devices.registry import backend_of
from numparam.ndarray import kinds
from numparam.ndarray.arguments import device_of, shape_of
from numparam.ndarray.converting import MOVE
from numparam.ndarray.creation import zeros as dense_zeros
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import invoke
from numparam.ndarray.quiet import quietly
from numparam.ndarray.sparse.arguments import (
    dense_of,
    ids_of,
    is_shape,
    matrix_shape,
    require_shape,
    whole_shape,
)
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.sparse.assignment import empty_out
from numparam.ndarray.sparse.conversion import csr_parts, row_sparse_parts
from numparam.ndarray.sparse.coordinates import parts_of_coordinates, parts_of_scipy
from numparam.ndarray.sparse.csr import CSRNDArray
from numparam.ndarray.sparse.errors import NotSparseError, SparseArgumentError
from numparam.ndarray.sparse.parts import Parts, empty_parts
from numparam.ndarray.sparse.records import parts_of, stype_of
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.types.dtypes import DTypeLike, as_dtype
from numparam.types.storage_types import storage_type_id

__all__ = ["array", "csr_matrix", "empty", "row_sparse_array", "zeros"]

Shape = Sequence[int]


def row_sparse_array(
    arg1: Any, shape: Shape | None = None, ctx: Context | None = None, dtype: DTypeLike = None
) -> RowSparseNDArray:
    """Make a row-sparse array.

    Parameters
    ----------
    arg1 : tuple, RowSparseNDArray or array_like
        - ``(data, indices)``: rows and their ids, which are stored as they are. Ids may be out of
          order or repeated, the last one of an id counts; ids out of range are refused by what
          uses them.
        - a shape of at least two numbers: without stored rows.
        - a row-sparse array: a copy.
        - something dense: its rows that are not all zero.
    shape : sequence of int, optional
        The shape of the whole array. If not given with ``(data, indices)``, the last id is taken
        for that of the last row.
    ctx : Context, optional
        Where it goes; the current context if not given.
    dtype : str, type or numpy.dtype, optional
        Its dtype; if not given the one of the data, which for lists is float32.

    Returns
    -------
    RowSparseNDArray
        It shares no memory with what it was made from.

    Raises
    ------
    ValueError
        If shapes or numbers of dimensions do not fit; also a TypeError and an MXNetError.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 2]), shape=(4, 2)).asnumpy()
    array([[1., 2.],
           [0., 0.],
           [3., 4.],
           [0., 0.]], dtype=float32)
    """
    ctx, backend = device_of(ctx)
    if isinstance(arg1, tuple):
        if is_shape(arg1):
            if len(arg1) < 2:
                raise SparseArgumentError(
                    f"{arg1} is neither (data, indices) nor a shape of at least two numbers"
                )
            require_shape(arg1, shape)
            return zeros("row_sparse", arg1, ctx=ctx, dtype=dtype)
        if len(arg1) != 2:
            raise SparseArgumentError(
                f"expected (data, indices) or a shape, got a tuple of {len(arg1)}"
            )
        return _of_rows(*arg1, shape, ctx, backend, dtype)
    if isinstance(arg1, BaseSparseNDArray):
        return _copied(arg1, "row_sparse", shape, ctx, dtype)
    dense = dense_of(arg1, ctx, dtype, "row_sparse")
    require_shape(dense.shape, shape)
    parts = row_sparse_parts(backend, dense._buffer)
    return RowSparseNDArray.from_parts(dense.shape, parts, ctx, backend)


def _of_rows(
    data: Any,
    indices: Any,
    shape: Shape | None,
    ctx: Context,
    backend: Backend,
    dtype: DTypeLike,
) -> RowSparseNDArray:
    rows = dense_of(data, ctx, dtype, "row_sparse")
    ids = ids_of(indices, backend, "indices")
    if not rows.shape:
        raise SparseArgumentError("data has no dimensions; it must have one row for each id")
    if shape is None:
        if not ids.shape[0]:
            raise SparseArgumentError("without ids the shape must be given")
        last = backend.apply(lambda numbers: int(numbers[-1]), ids)
        lengths = (max(last + 1, 0), *rows.shape[1:])
    else:
        lengths = whole_shape(shape)
    if len(lengths) != rows.ndim:
        raise SparseArgumentError(
            f"data of shape {rows.shape} cannot be rows of an array of shape {lengths}"
        )
    if lengths[1:] != rows.shape[1:] or rows.shape[0] != ids.shape[0]:
        raise SparseArgumentError(
            f"{ids.shape[0]} ids for an array of shape {lengths} need data of shape "
            f"{(ids.shape[0], *lengths[1:])}, not {rows.shape}"
        )
    return RowSparseNDArray.from_parts(lengths, Parts(rows._buffer, ids), ctx, backend)


def csr_matrix(
    arg1: Any, shape: Shape | None = None, ctx: Context | None = None, dtype: DTypeLike = None
) -> CSRNDArray:
    """Make a matrix in compressed-sparse-row form.

    Parameters
    ----------
    arg1 : tuple, CSRNDArray, SciPy matrix or array_like
        - ``(data, indices, indptr)``: values, their columns, and where each row begins. Ids that
          `check_format` refuses are stored as they are, and refused by what uses them.
        - ``(data, (row, column))``: values and their places, in any order; repeated ones are added.
        - ``(rows, columns)``: without stored values.
        - a csr matrix, or a sparse matrix of SciPy: a copy.
        - something dense: its elements that are not zero.
    shape : sequence of int, optional
        Rows and columns; if not given, what the ids need.
    ctx : Context, optional
        Where it goes; the current context if not given.
    dtype : str, type or numpy.dtype, optional
        Its dtype; if not given the one of the data, which for lists is float32.

    Returns
    -------
    CSRNDArray
        It shares no memory with what it was made from.

    Raises
    ------
    ValueError
        If shapes or numbers of dimensions do not fit; also a TypeError and an MXNetError.

    Examples
    --------
    >>> import numparam as mx
    >>> matrix = mx.nd.sparse.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 2, 2, 3]), shape=(3, 3))
    >>> matrix.asnumpy()
    array([[1., 0., 2.],
           [0., 0., 0.],
           [0., 3., 0.]], dtype=float32)
    """
    ctx, backend = device_of(ctx)
    if isinstance(arg1, tuple):
        if len(arg1) == 2 and is_shape(arg1):
            require_shape(arg1, shape)
            return zeros("csr", arg1, ctx=ctx, dtype=dtype)
        if len(arg1) == 2 and isinstance(arg1[1], tuple) and len(arg1[1]) == 2:
            return _of_places(arg1[0], *arg1[1], shape, ctx, backend, dtype)
        if len(arg1) == 3 and not is_shape(arg1):
            return _of_values(*arg1, shape, ctx, backend, dtype)
        raise SparseArgumentError(
            "expected (data, indices, indptr), (data, (row, column)) or (rows, columns), "
            f"got a tuple of {len(arg1)}"
        )
    if isinstance(arg1, BaseSparseNDArray):
        return _copied(arg1, "csr", shape, ctx, dtype)
    if hasattr(arg1, "tocsr"):
        require_shape(arg1.shape, shape)
        return _of_host(parts_of_scipy(arg1), arg1.shape, ctx, backend, dtype)
    dense = dense_of(arg1, ctx, dtype, "csr")
    require_shape(dense.shape, shape)
    parts = csr_parts(backend, dense._buffer)
    return CSRNDArray.from_parts(dense.shape, parts, ctx, backend)


def _of_values(
    data: Any,
    indices: Any,
    indptr: Any,
    shape: Shape | None,
    ctx: Context,
    backend: Backend,
    dtype: DTypeLike,
) -> CSRNDArray:
    values = dense_of(data, ctx, dtype, "csr")
    columns = ids_of(indices, backend, "indices")
    starts = ids_of(indptr, backend, "indptr")
    if shape is None:
        if not columns.shape[0] or not starts.shape[0]:
            raise SparseArgumentError("without stored values the shape must be given")
        largest = backend.apply(lambda numbers: int(numbers.max()), columns)
        lengths = (starts.shape[0] - 1, max(largest + 1, 0))
    else:
        lengths = matrix_shape(shape)
    if values.shape != tuple(columns.shape) or starts.shape[0] != lengths[0] + 1:
        raise SparseArgumentError(
            f"a csr matrix of shape {lengths} needs an indptr of {lengths[0] + 1} numbers, and as "
            f"many indices as data; got {starts.shape[0]}, {columns.shape[0]} and data of shape "
            f"{values.shape}"
        )
    parts = Parts(values._buffer, columns, starts)
    return CSRNDArray.from_parts(lengths, parts, ctx, backend)


def _of_places(
    data: Any,
    rows: Any,
    columns: Any,
    shape: Shape | None,
    ctx: Context,
    backend: Backend,
    dtype: DTypeLike,
) -> CSRNDArray:
    wanted = None if shape is None else matrix_shape(shape)
    made, lengths = backend.apply(
        lambda values, at_row, at_column: parts_of_coordinates(values, at_row, at_column, wanted),
        dense_of(data, ctx, dtype, "csr")._buffer,
        ids_of(rows, backend, "row"),
        ids_of(columns, backend, "column"),
    )
    return CSRNDArray.from_parts(lengths, Parts(*made, valid=True), ctx, backend)


def _of_host(
    triple: tuple[np.ndarray, ...],
    shape: tuple[int, int],
    ctx: Context,
    backend: Backend,
    dtype: DTypeLike,
) -> CSRNDArray:
    """Return a canonical csr matrix of host arrays: data, indices, indptr."""
    data, indices, indptr = triple
    data = quietly(data.astype, as_dtype(dtype, as_dtype(data.dtype)), copy=False)
    parts = Parts(*map(backend.upload, (data, indices, indptr)), valid=True)
    return CSRNDArray.from_parts(shape, parts, ctx, backend)


@overload
def zeros(
    stype: Literal["row_sparse"],
    shape: Shape,
    ctx: Context | None = None,
    dtype: DTypeLike = None,
    **keywords: Any,
) -> RowSparseNDArray: ...
@overload
def zeros(
    stype: Literal["csr"],
    shape: Shape,
    ctx: Context | None = None,
    dtype: DTypeLike = None,
    **keywords: Any,
) -> CSRNDArray: ...
@overload
def zeros(
    stype: str,
    shape: Shape,
    ctx: Context | None = None,
    dtype: DTypeLike = None,
    **keywords: Any,
) -> NDArray: ...
@kinds.enter("zeros")
def zeros(
    stype: str,
    shape: Shape,
    ctx: Context | None = None,
    dtype: DTypeLike = None,
    **keywords: Any,
) -> NDArray:
    """Make an array of zeros of a storage type.

    Parameters
    ----------
    stype : {'default', 'row_sparse', 'csr'}
        The storage type.
    shape : sequence of int
        Its shape.
    ctx : Context, optional
        Where it goes; the current context if not given.
    dtype : str, type or numpy.dtype, optional
        Its dtype; float32 if not given.
    **keywords : NDArray
        ``out``: an array of that shape that is set to zero and returned.

    Returns
    -------
    NDArray, RowSparseNDArray or CSRNDArray
        A sparse one stores nothing.

    Raises
    ------
    ValueError
        If there is no such storage type.
    TypeError
        If the shape of a sparse array is a single number.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.sparse.zeros('row_sparse', (1000, 2)).data.shape
    (0, 2)
    """
    storage_type_id(stype)
    if stype == "default":
        return dense_zeros(shape, ctx, dtype, **keywords)
    lengths = shape_of(whole_shape(shape))
    out = keywords.pop("out", None)
    if keywords.pop("name", None) is None and keywords:
        raise SparseArgumentError(f"zeros has no argument {', '.join(keywords)}")
    if out is not None:
        require_shape(lengths, out.shape)
        empty_out(out)
        return out
    ctx, backend = device_of(ctx)
    parts = empty_parts(stype, lengths, as_dtype(dtype), backend)
    kind = CSRNDArray if stype == "csr" else RowSparseNDArray
    return kind.from_parts(lengths, parts, ctx, backend)


@overload
def empty(
    stype: Literal["row_sparse"],
    shape: Shape,
    ctx: Context | None = None,
    dtype: DTypeLike = None,
) -> RowSparseNDArray: ...
@overload
def empty(
    stype: Literal["csr"], shape: Shape, ctx: Context | None = None, dtype: DTypeLike = None
) -> CSRNDArray: ...
@overload
def empty(
    stype: str, shape: Shape, ctx: Context | None = None, dtype: DTypeLike = None
) -> NDArray: ...
def empty(stype: str, shape: Shape, ctx: Context | None = None, dtype: DTypeLike = None) -> NDArray:
    """Make an array of a storage type; sparse ones are zero.

    Parameters
    ----------
    stype, shape, ctx, dtype
        As for `zeros`.

    Returns
    -------
    NDArray, RowSparseNDArray or CSRNDArray
        A new array.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.sparse.empty("row_sparse", (3, 2)).asnumpy()
    array([[0., 0.],
           [0., 0.],
           [0., 0.]], dtype=float32)
    """
    return zeros(stype, shape, ctx=ctx, dtype=dtype)


@kinds.enter("array")
def array(source_array: Any, ctx: Context | None = None, dtype: DTypeLike = None) -> Any:
    """Copy a sparse array, of numparam or of SciPy.

    Parameters
    ----------
    source_array : RowSparseNDArray, CSRNDArray or SciPy matrix
        What is copied.
    ctx : Context, optional
        Where it goes; the current context if not given.
    dtype : str, type or numpy.dtype, optional
        Its dtype; the source's if not given.

    Returns
    -------
    RowSparseNDArray or CSRNDArray
        Of the source's storage type; csr for a matrix of SciPy.

    Raises
    ------
    ValueError
        If the source is dense; also an AssertionError, as in MXNet.

    Examples
    --------
    >>> import numparam as mx
    >>> table = mx.nd.sparse.row_sparse_array(([[5, 6]], [1]), shape=(3, 2))
    >>> mx.nd.sparse.array(table, dtype="float64").dtype
    <class 'numpy.float64'>
    """
    if isinstance(source_array, BaseSparseNDArray):
        return _copied(source_array, source_array.stype, None, device_of(ctx)[0], dtype)
    if hasattr(source_array, "tocsr"):
        return csr_matrix(source_array, ctx=ctx, dtype=dtype)
    raise NotSparseError(
        f"expected a sparse array, got {type(source_array).__name__}; nd.array makes dense ones, "
        "row_sparse_array and csr_matrix make sparse ones of dense values"
    )


def _copied(
    source: BaseSparseNDArray, stype: str, shape: Shape | None, ctx: Context, dtype: DTypeLike
) -> Any:
    if source.stype != stype:
        raise SparseArgumentError(
            f"a {source.stype} array does not convert to {stype}; go through tostype('default')"
        )
    require_shape(source.shape, shape)
    wanted = as_dtype(dtype, source._buffer.dtype)
    return invoke(MOVE, (source,), {"ctx": ctx, "dtype": wanted})


@kinds.enter("of_record")
def _of_record(record: Any, ctx: Context) -> BaseSparseNDArray:
    """Return the array of a sparse record, copied to a context."""
    backend = backend_of(ctx.device_type, ctx.device_id)
    kind = CSRNDArray if stype_of(record) == "csr" else RowSparseNDArray
    return kind.from_parts(record.shape, parts_of(record, backend), ctx, backend)
