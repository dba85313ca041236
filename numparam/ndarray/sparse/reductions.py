"""Sums, means and norms of sparse arrays, computed from the stored values; dense results."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, Operation, OperationError, invoke, sparse_rule
from numparam.ndarray.operations.axes import axes_of, integers
from numparam.ndarray.operations.invoke import sparse_vjp
from numparam.ndarray.sparse.csr import CSRNDArray, row_of_each
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.results import deliver, values, wrapped
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.sparse.sums import placed, sums_by_id

__all__: list[str] = []


@sparse_rule("sum", "mean")
def _sum_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None) -> Any:
    (array,) = inputs
    if array.stype == "default" or attributes.get("exclude"):
        return NotImplemented
    axes = axes_of(attributes.get("axis"), array.ndim)
    keepdims = bool(attributes.get("keepdims"))
    if array.stype == "csr" and len(axes) == 1 and array.ndim == 2:
        result = _along(array, axes[0], keepdims)
    elif 0 not in axes:
        return NotImplemented
    elif array.stype == "csr":
        if len(axes) != array.ndim:
            return NotImplemented
        total = invoke(OPERATIONS["sum"], (values(array),), {})
        result = total._in_shape((1,) * array.ndim) if keepdims else total
    else:  # the rows that are not stored add nothing
        result = invoke(OPERATIONS["sum"], (values(array),), {"axis": axes, "keepdims": keepdims})
    if row.name == "mean":
        count = math.prod(array.shape[axis] for axis in axes)
        result = invoke(OPERATIONS["_div_scalar"], (result,), {"scalar": count})
    return deliver(row, result, out)


def _along(matrix: CSRNDArray, axis: int, keepdims: bool) -> NDArray:
    """Return sums of the columns (axis 0) or of the rows (axis 1)."""
    parts = matrix._checked()
    backend = matrix._backend
    ids = parts.indices if axis == 0 else backend.apply(row_of_each, parts.indptr)
    length = matrix.shape[1 - axis]
    ids, sums = sums_by_id(backend, ids, parts.data, length)
    result = placed(backend, ids, sums, length)
    if keepdims:
        result = backend.view(result, 0, (1, length) if axis == 0 else (length, 1))
    return wrapped(matrix, result)


@sparse_rule("_square_sum")
def _square_sum_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    """Return one sum for each column, or for each row: row-sparse then, with kept dimensions."""
    (array,) = inputs
    if not isinstance(array, RowSparseNDArray):
        return NotImplemented
    axes = _axes_of_all(attributes, array.ndim)
    keepdims = bool(attributes.get("keepdims"))
    if not axes:
        return NotImplemented
    if 0 in axes:
        result = invoke(row, (values(array),), {"axis": axes, "keepdims": keepdims})
        return deliver(row, result, out)
    sums = invoke(row, (values(array),), {"axis": axes, "keepdims": True})
    parts = Parts(sums._buffer, array._checked().indices, valid=True)
    shape = (array.shape[0], *sums.shape[1:])
    rows = RowSparseNDArray.from_parts(shape, parts, array._ctx, array._backend)
    if keepdims:
        return deliver(row, rows, out)
    kept = tuple(length for axis, length in enumerate(array.shape) if axis not in axes)
    return deliver(row, rows.tostype("default")._in_shape(kept), out)


@sparse_vjp("_square_sum")
def _square_sum_vjp(
    cotangent: NDArray, inputs: Any, attributes: dict[str, Any], needed: tuple[bool, ...]
) -> Any:
    """Return twice the stored rows, times the cotangents of their sums."""
    (array,) = inputs
    if not isinstance(array, RowSparseNDArray):
        return NotImplemented
    axes = _axes_of_all(attributes, array.ndim)
    kept = tuple(1 if axis in axes else length for axis, length in enumerate(array.shape))
    slopes = cotangent._in_shape(kept)
    stored = values(array)
    if 0 not in axes:
        ids = array._checked().indices
        slopes = wrapped(array, array._backend.retain.gather(slopes._buffer, ids))
    twice = invoke(OPERATIONS["_mul_scalar"], (stored,), {"scalar": 2})
    product = invoke(OPERATIONS["broadcast_mul"], (slopes, twice), {})
    return (array._with_data(product._buffer),)


def _axes_of_all(attributes: dict[str, Any], ndim: int) -> tuple[int, ...]:
    """Return the axes along which a call reduces."""
    axis = attributes.get("axis")
    axes = axes_of(axis, ndim)
    if attributes.get("exclude") and integers(axis):
        return tuple(number for number in range(ndim) if number not in axes)
    return axes


@sparse_rule("norm")
def _norm_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None) -> Any:
    (array,) = inputs
    if array.stype == "default" or attributes.get("axis") is not None:
        return NotImplemented
    settings = {name: value for name, value in attributes.items() if name != "keepdims"}
    result = invoke(row, (values(array),), settings)
    if attributes.get("keepdims"):
        result = result._in_shape((1,) * array.ndim)
    return deliver(row, result, out)


@sparse_rule("contrib.getnnz")
def _getnnz_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    (array,) = inputs
    if array.stype != "csr":
        return NotImplemented
    axis = attributes.get("axis")
    if axis not in (None, 1):
        raise OperationError(f"getnnz counts in all (axis=None) or in rows (axis=1), not {axis!r}")
    count = np.diff if axis == 1 else lambda starts: starts[-1:] - starts[:1]
    counts = array._backend.apply(count, array._checked().indptr)
    return deliver(row, wrapped(array, counts), out)


@sparse_rule("multi_sum_sq", "multi_all_finite", "all_finite")
def _stored_only_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    """Reduce the stored values only: zeros do not change the result."""
    stored = [values(array) if array.stype != "default" else array for array in inputs]
    if out is None or out.stype == "default":
        return invoke(row, stored, attributes, out)
    return deliver(row, invoke(row, stored, attributes), out)
