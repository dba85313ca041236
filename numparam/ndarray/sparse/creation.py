"""Factories of sparse arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from numparam.backend import Backend
from numparam.context import Context
from numparam.dtypes import as_dtype
from numparam.ndarray.arguments import device_of, shape_of
from numparam.ndarray.creation import array as dense_array
from numparam.ndarray.creation import zeros as dense_zeros
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.sparse.conversion import csr_parts, row_sparse_parts
from numparam.ndarray.sparse.coordinates import parts_of_coordinates, parts_of_scipy
from numparam.ndarray.sparse.csr import CSRNDArray
from numparam.ndarray.sparse.errors import NotSparseError, SparseArgumentError
from numparam.ndarray.sparse.parts import Parts, whole_ids
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.values import as_host_array
from numparam.storage_types import storage_type_id

__all__ = ["array", "csr_matrix", "empty", "row_sparse_array", "zeros"]

Shape = Sequence[int]


def row_sparse_array(
    arg1: Any, shape: Shape | None = None, ctx: Context | None = None, dtype: Any = None
) -> RowSparseNDArray:
    """Make a row-sparse array.

    Parameters
    ----------
    arg1 : tuple, RowSparseNDArray or array_like
        - ``(data, indices)``: rows and their ids. Ids out of order, repeated or out of range are
          stored as they are, and refused by what uses them.
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
        if _is_shape(arg1):
            if len(arg1) < 2:
                raise SparseArgumentError(
                    f"{arg1} is neither (data, indices) nor a shape of at least two numbers"
                )
            _agree(arg1, shape)
            return zeros("row_sparse", arg1, ctx=ctx, dtype=dtype)
        if len(arg1) != 2:
            raise SparseArgumentError(
                f"expected (data, indices) or a shape, got a tuple of {len(arg1)}"
            )
        return _of_rows(*arg1, shape, ctx, backend, dtype)
    if isinstance(arg1, BaseSparseNDArray):
        return _copied(arg1, "row_sparse", shape, ctx, dtype)
    dense = _dense(arg1, ctx, dtype, "row_sparse")
    _agree(dense.shape, shape)
    parts = row_sparse_parts(backend, dense._buffer)
    return RowSparseNDArray.from_parts(dense.shape, parts, ctx, backend)


def _of_rows(
    data: Any,
    indices: Any,
    shape: Shape | None,
    ctx: Context,
    backend: Backend,
    dtype: Any,
) -> RowSparseNDArray:
    rows = _dense(data, ctx, dtype, "row_sparse")
    ids = _ids(indices, backend, "indices")
    if not rows.shape:
        raise SparseArgumentError("data has no dimensions; it must have one row for each id")
    if shape is None:
        if not ids.shape[0]:
            raise SparseArgumentError("without ids there is nothing to tell the shape: give it")
        last = backend.apply(lambda numbers: int(numbers[-1]), ids)
        lengths = (max(last + 1, 0), *rows.shape[1:])
    else:
        lengths = _whole_shape(shape)
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
    arg1: Any, shape: Shape | None = None, ctx: Context | None = None, dtype: Any = None
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
        if len(arg1) == 2 and _is_shape(arg1):
            _agree(arg1, shape)
            return zeros("csr", arg1, ctx=ctx, dtype=dtype)
        if len(arg1) == 2 and isinstance(arg1[1], tuple) and len(arg1[1]) == 2:
            data, (rows, columns) = arg1
            lengths = None if shape is None else _matrix_shape(shape)
            triple, lengths = parts_of_coordinates(
                _host(data), _host_ids(rows), _host_ids(columns), lengths
            )
            return _of_host(triple, lengths, ctx, backend, dtype)
        if len(arg1) == 3 and not _is_shape(arg1):
            return _of_values(*arg1, shape, ctx, backend, dtype)
        raise SparseArgumentError(
            "expected (data, indices, indptr), (data, (row, column)) or (rows, columns), "
            f"got a tuple of {len(arg1)}"
        )
    if isinstance(arg1, BaseSparseNDArray):
        return _copied(arg1, "csr", shape, ctx, dtype)
    if hasattr(arg1, "tocsr"):
        _agree(arg1.shape, shape)
        return _of_host(parts_of_scipy(arg1), arg1.shape, ctx, backend, dtype)
    dense = _dense(arg1, ctx, dtype, "csr")
    _agree(dense.shape, shape)
    parts = csr_parts(backend, dense._buffer)
    return CSRNDArray.from_parts(dense.shape, parts, ctx, backend)


def _of_values(
    data: Any,
    indices: Any,
    indptr: Any,
    shape: Shape | None,
    ctx: Context,
    backend: Backend,
    dtype: Any,
) -> CSRNDArray:
    values = _dense(data, ctx, dtype, "csr")
    columns = _ids(indices, backend, "indices")
    starts = _ids(indptr, backend, "indptr")
    if shape is None:
        if not columns.shape[0] or not starts.shape[0]:
            raise SparseArgumentError("without stored values nothing tells the shape: give it")
        largest = backend.apply(lambda numbers: int(numbers.max()), columns)
        lengths = (starts.shape[0] - 1, max(largest + 1, 0))
    else:
        lengths = _matrix_shape(shape)
    if values.shape != tuple(columns.shape) or starts.shape[0] != lengths[0] + 1:
        raise SparseArgumentError(
            f"a csr matrix of shape {lengths} needs an indptr of {lengths[0] + 1} numbers, and as "
            f"many indices as data; got {starts.shape[0]}, {columns.shape[0]} and data of shape "
            f"{values.shape}"
        )
    parts = Parts(values._buffer, columns, starts)
    return CSRNDArray.from_parts(lengths, parts, ctx, backend)


def _of_host(
    triple: tuple[np.ndarray, ...],
    shape: tuple[int, int],
    ctx: Context,
    backend: Backend,
    dtype: Any,
) -> CSRNDArray:
    """Give a canonical csr matrix of host arrays: data, indices, indptr."""
    data, indices, indptr = triple
    with np.errstate(all="ignore"):
        data = data.astype(as_dtype(dtype, as_dtype(data.dtype)), copy=False)
    parts = Parts(*map(backend.upload, (data, indices, indptr)), valid=True)
    return CSRNDArray.from_parts(shape, parts, ctx, backend)


def zeros(
    stype: str,
    shape: Shape,
    ctx: Context | None = None,
    dtype: Any = None,
    **keywords: Any,
) -> Any:
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
    lengths = shape_of(_whole_shape(shape))
    out = keywords.pop("out", None)
    if keywords.pop("name", None) is None and keywords:
        raise SparseArgumentError(f"zeros has no argument {', '.join(keywords)}")
    if out is not None:
        _agree(lengths, out.shape)
        empty_out(out)
        return out
    ctx, backend = device_of(ctx)
    parts = empty_parts(stype, lengths, as_dtype(dtype), backend)
    kind = CSRNDArray if stype == "csr" else RowSparseNDArray
    return kind.from_parts(lengths, parts, ctx, backend)


def empty(stype: str, shape: Shape, ctx: Context | None = None, dtype: Any = None) -> Any:
    """Make an array of a storage type; sparse ones are all zeros.

    Parameters
    ----------
    stype, shape, ctx, dtype
        As for `zeros`.

    Returns
    -------
    NDArray, RowSparseNDArray or CSRNDArray
        A new array.
    """
    return zeros(stype, shape, ctx=ctx, dtype=dtype)


def array(source_array: Any, ctx: Context | None = None, dtype: Any = None) -> Any:
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
    """
    if isinstance(source_array, BaseSparseNDArray):
        return _copied(source_array, source_array.stype, None, device_of(ctx)[0], dtype)
    if hasattr(source_array, "tocsr"):
        return csr_matrix(source_array, ctx=ctx, dtype=dtype)
    raise NotSparseError(
        f"expected a sparse array, got {type(source_array).__name__}; nd.array makes dense ones, "
        "row_sparse_array and csr_matrix make sparse ones of dense values"
    )


def empty_parts(
    stype: str, shape: tuple[int, ...], dtype: np.dtype[Any], backend: Backend
) -> Parts:
    """Give the parts of a sparse array that stores nothing."""
    none = backend.empty((0,), np.dtype(np.int64))
    if stype == "row_sparse":
        return Parts(backend.empty((0, *shape[1:]), dtype), none, valid=True)
    indptr = backend.upload(np.zeros(shape[0] + 1, np.int64))
    return Parts(backend.empty((0,), dtype), none, indptr, valid=True)


def empty_out(out: NDArray) -> None:
    """Set an array to zero; a sparse one then stores nothing."""
    out._require_writable()
    if isinstance(out, BaseSparseNDArray):
        out._adopt(empty_parts(out.stype, out.shape, out._buffer.dtype, out._backend))
    else:
        out._backend.reset.zero([out._buffer])


def _copied(
    source: BaseSparseNDArray, stype: str, shape: Shape | None, ctx: Context, dtype: Any
) -> Any:
    if source.stype != stype:
        raise SparseArgumentError(
            f"a {source.stype} array does not convert to {stype}; go through tostype('default')"
        )
    _agree(source.shape, shape)
    made = source._to_context(ctx)
    return made if dtype is None else made.astype(dtype, copy=False)


def _is_shape(numbers: tuple[Any, ...]) -> bool:
    return all(isinstance(number, (int, np.integer)) for number in numbers)


def _whole_shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, (tuple, list)):
        raise SparseArgumentError(
            f"the shape of a sparse array is a tuple of numbers, not {shape!r}"
        )
    return shape_of(tuple(shape), any_mode=True)


def _matrix_shape(shape: Any) -> tuple[int, int]:
    lengths = _whole_shape(shape)
    if len(lengths) != 2:
        raise SparseArgumentError(f"a csr matrix has two dimensions, not the shape {lengths}")
    return lengths[0], lengths[1]


def _agree(found: Sequence[int], shape: Shape | None) -> None:
    if shape is not None and tuple(shape) != tuple(found):
        raise SparseArgumentError(f"the source has the shape {tuple(found)}, not {tuple(shape)}")


def _dense(values: Any, ctx: Context, dtype: Any, stype: str) -> NDArray:
    """Give a dense array of its own, of the source's dtype if it has one."""
    if isinstance(values, BaseSparseNDArray):
        raise SparseArgumentError(f"the data of a {stype} array must be dense, not {values.stype}")
    if values is None or isinstance(values, (int, float, np.generic)):
        raise SparseArgumentError(
            f"a {stype} array is made of arrays or lists, not of {type(values).__name__} {values!r}"
        )
    if dtype is None and isinstance(values, np.ndarray):
        dtype = values.dtype
    return dense_array(values, ctx=ctx, dtype=dtype)


def _ids(values: Any, backend: Backend, name: str) -> Any:
    """Give a buffer of int64 ids of its own, not checked for range or order."""
    if isinstance(values, NDArray) and values.stype == "default" and values._backend is backend:
        shape = values.shape
        ids = backend.apply(whole_ids, values._buffer) if len(shape) == 1 else None
    else:
        host = _host_ids(values)
        shape = host.shape
        ids = backend.upload(host)
    if len(shape) != 1:
        raise SparseArgumentError(f"{name} must have one dimension, not the shape {shape}")
    return ids


def _host_ids(values: Any) -> np.ndarray:
    return whole_ids(_host(values, np.dtype(np.int64)))


def _host(values: Any, dtype: np.dtype[Any] | None = None) -> np.ndarray:
    """Values in host memory; lists as `dtype`, if it holds them exactly, or float32."""
    if isinstance(values, NDArray):
        return values.asnumpy()
    if isinstance(values, np.ndarray):
        return as_host_array(values, values.dtype)
    host = as_host_array(values, np.dtype(np.float64))
    if dtype is None:
        return host.astype(np.float32)
    return host.astype(dtype) if not host.size else host
