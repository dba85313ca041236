"""Sums and differences of sparse arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, Operation, OperationError, invoke, sparse_rule
from numparam.ndarray.sparse.csr import CSRNDArray, row_of_each
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.results import deliver, densified, one_dtype, values
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray

__all__ = ["matrix_at", "merged", "placed", "places", "sums_by_id", "without_zeros"]

_SUM = OPERATIONS["elemwise_add"].name, OPERATIONS["broadcast_add"].name
_DIFFERENCE = OPERATIONS["elemwise_sub"].name, OPERATIONS["broadcast_sub"].name


@sparse_rule(*_SUM, *_DIFFERENCE)
def _sum_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None) -> Any:
    one_dtype(row, inputs)
    left, right = inputs
    if out is not None and out is left and _adds_rows(out, right):
        return _with_added_rows(row, out, right)
    elementwise = row.name in (_SUM[0], _DIFFERENCE[0])
    if not elementwise or left.stype != right.stype or left.shape != right.shape:
        return densified(row, inputs, attributes, out)
    second = values(right)
    if row.name in _DIFFERENCE:
        second = invoke(OPERATIONS["negative"], (second,), {})
    if left.stype == "row_sparse":
        return deliver(row, merged([left, right], [values(left), second]), out)
    return deliver(row, _merged_matrices(left, right, second), out)


def _adds_rows(left: NDArray, right: NDArray) -> bool:
    """Return whether an in-place sum only has to touch the stored rows of the right array."""
    return (
        left.stype == "default"
        and right.stype == "row_sparse"
        and left.shape == right.shape
        and left._buffer.dtype != np.bool_
    )


def _with_added_rows(row: Operation, left: NDArray, right: RowSparseNDArray) -> NDArray:
    """Add the stored rows to a dense array, or subtract them, in place.

    The other rows are not touched: a -0.0 in them stays, which MXNet's dense sum turns into 0.0.
    """
    left._require_writable()
    parts = right._checked()
    kernels = left._backend.retain
    change = kernels.subtract_rows if row.name in _DIFFERENCE else kernels.add_rows
    change(left._buffer, parts.indices, parts.data)
    return left


def merged(arrays: list[RowSparseNDArray], data: list[NDArray]) -> RowSparseNDArray:
    """Return the union of the rows of row-sparse arrays, whose rows are `data`."""
    first = arrays[0]
    parts = [array._checked() for array in arrays]
    backend = first._backend
    ids, rows = backend.merge.merge(
        [part.indices for part in parts],
        [one._buffer for one in data],
        rows=first.shape[0],
        allocate=backend.empty,  # it may have kept memory; that of the kernel would be new
    )
    made = Parts(rows, ids, valid=True)
    return RowSparseNDArray.from_parts(first.shape, made, first._ctx, backend)


def places(matrix: CSRNDArray) -> Buffer:
    """Return the place of each stored value: ``row * columns + column``, ascending."""
    parts = matrix._checked()
    columns = matrix.shape[1] if len(matrix.shape) > 1 else 0
    if matrix.shape[0] * columns >= 1 << 63:
        raise OperationError(f"a matrix of shape {matrix.shape} has more than 2**63 elements")

    def numbered(indices: np.ndarray, indptr: np.ndarray) -> np.ndarray:
        return row_of_each(indptr) * columns + indices

    return matrix._backend.apply(numbered, parts.indices, parts.indptr)


def matrix_at(like: CSRNDArray, numbers: Buffer, data: Buffer) -> CSRNDArray:
    """Return the csr matrix with values at ascending places."""
    rows, columns = like.shape

    def split(numbers: np.ndarray) -> Any:
        ends = np.arange(rows + 1, dtype=np.int64) * columns
        indices = numbers % columns if columns else numbers
        return indices, np.searchsorted(numbers, ends).astype(np.int64)

    indices, indptr = like._backend.apply(split, numbers)
    parts = Parts(data, indices, indptr, valid=True)
    return CSRNDArray.from_parts(like.shape, parts, like._ctx, like._backend)


def _merged_matrices(left: CSRNDArray, right: CSRNDArray, second: NDArray) -> CSRNDArray:
    if len(left.shape) != 2:  # such an array stores nothing
        return left.copy()
    # A value is a row of one element, and its place that row's id.
    numbers, sums = left._backend.merge.merge(
        [places(left), places(right)], [values(left)._buffer, second._buffer]
    )
    # MXNet stores no sum that is zero; in row-sparse sums it keeps them.
    return matrix_at(left, *left._backend.apply(without_zeros, numbers, sums))


def without_zeros(numbers: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places and their values without those that are zero."""
    kept = sums != 0
    return numbers[kept], sums[kept]


@sparse_rule("add_n")
def _add_n_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    one_dtype(row, inputs)
    shape = inputs[0].shape
    for position, array in enumerate(inputs):
        if array.shape != shape:
            raise OperationError(
                f"add_n needs arrays of one shape; the first has {shape}, number {position} has "
                f"{array.shape}"
            )
    if any(array.stype != "row_sparse" for array in inputs):
        return densified(row, inputs, attributes, out)
    return deliver(row, merged(inputs, [values(array) for array in inputs]), out)


def sums_by_id(backend: Backend, ids: Buffer, data: Buffer, length: int) -> tuple[Buffer, Buffer]:
    """Add the rows of `data` with equal ids; return the ascending ids and the sums."""
    return backend.merge.merge([ids], [data], rows=length)


def placed(backend: Backend, ids: Buffer, rows: Buffer, length: int) -> Buffer:
    """Return a dense buffer of `length` rows: `data` at `ids`, and zeros elsewhere."""
    target = backend.empty((length, *rows.shape[1:]), rows.dtype)
    backend.reset.zero([target])
    backend.retain.scatter(target, ids, rows)
    return target
