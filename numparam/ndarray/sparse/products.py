"""Elementwise products and quotients of sparse arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Buffer
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, Operation, OperationError, invoke, sparse_rule
from numparam.ndarray.sparse.csr import CSRNDArray, row_of_each
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.results import deliver, densified, one_dtype, values, wrapped
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.sparse.sums import matrix_at, places

__all__: list[str] = []

_ELEMENTWISE = OPERATIONS["elemwise_mul"].name
_BROADCAST = OPERATIONS["broadcast_mul"].name
_ELEMENTWISE_QUOTIENT = OPERATIONS["elemwise_div"].name
_QUOTIENTS = tuple(
    OPERATIONS[name].name
    for name in ("elemwise_div", "broadcast_div", "_true_div", "broadcast_true_div")
)


@sparse_rule(_ELEMENTWISE, _BROADCAST)
def _product_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    one_dtype(row, inputs)
    left, right = inputs
    stypes = (left.stype, right.stype)
    if row.name == _ELEMENTWISE and left.shape == right.shape:
        if stypes == ("row_sparse", "row_sparse"):
            return deliver(row, _rows_by_rows(left, right), out)
        if stypes == ("csr", "csr") and len(left.shape) == 2:
            return deliver(row, _matrix_by_matrix(left, right), out)
        if stypes == ("row_sparse", "default"):
            return deliver(row, _rows_by_dense(left, right), out)
        if stypes == ("default", "row_sparse"):
            return deliver(row, _rows_by_dense(right, left), out)
        if stypes == ("default", "csr") and len(left.shape) == 2:
            return deliver(row, _of_stored(row, right, left), out)
    if stypes == ("csr", "default") and _stretches(right.shape, left.shape):
        return deliver(row, _of_stored(row, left, right), out)
    return densified(row, inputs, attributes, out)


@sparse_rule(*_QUOTIENTS)
def _quotient_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    one_dtype(row, inputs)
    left, right = inputs
    if row.name == _ELEMENTWISE_QUOTIENT:  # its result is dense, with NaN for 0 / 0
        return densified(row, inputs, attributes, out)
    if (left.stype, right.stype) == ("csr", "default") and len(left.shape) == 2:
        if left.shape == right.shape:
            raise OperationError(
                "a csr matrix cannot be divided by a dense array of its shape: the result would "
                "be sparse only if no divisor is zero. Use elemwise_div, whose result is dense, or "
                "multiply"
            )
        if _stretches(right.shape, left.shape):
            return deliver(row, _of_stored(row, left, right), out)
    return NotImplemented


def _multiplied(left: NDArray, right: NDArray) -> Buffer:
    return invoke(OPERATIONS[_ELEMENTWISE], (left, right), {})._buffer


def _rows_by_rows(left: RowSparseNDArray, right: RowSparseNDArray) -> RowSparseNDArray:
    """Multiply row-sparse arrays; the result stores the union of their rows."""
    backend = left._backend
    mine, other = left._checked(), right._checked()

    def both(one: np.ndarray, two: np.ndarray) -> Any:
        return np.intersect1d(one, two, assume_unique=True), np.union1d(one, two)

    common, union = backend.apply(both, mine.indices, other.indices)
    retain = backend.retain.retain
    products = _multiplied(
        wrapped(left, retain(mine.indices, mine.data, common)),
        wrapped(left, retain(other.indices, other.data, common)),
    )
    parts = Parts(retain(common, products, union), union, valid=True)
    return RowSparseNDArray.from_parts(left.shape, parts, left._ctx, backend)


def _rows_by_dense(rows: RowSparseNDArray, dense: NDArray) -> RowSparseNDArray:
    parts = rows._checked()
    gathered = rows._backend.retain.gather(dense._buffer, parts.indices)
    return rows._with_data(_multiplied(values(rows), wrapped(rows, gathered)))


def _matrix_by_matrix(left: CSRNDArray, right: CSRNDArray) -> CSRNDArray:
    """Multiply csr matrices; the result stores the elements that both store."""

    def both(one: np.ndarray, two: np.ndarray, first: np.ndarray, second: np.ndarray) -> Any:
        common, at_one, at_two = np.intersect1d(one, two, assume_unique=True, return_indices=True)
        return common, first[at_one], second[at_two]

    buffers = places(left), places(right), values(left)._buffer, values(right)._buffer
    common, first, second = left._backend.apply(both, *buffers)
    products = _multiplied(wrapped(left, first), wrapped(left, second))
    return matrix_at(left, common, products)


def _stretches(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Return whether an array of a shape broadcasts to a wanted one."""
    if len(wanted) != 2 or len(shape) > 2:
        return False
    return all(length in (1, full) for length, full in zip(shape[::-1], wanted[::-1], strict=False))


def _of_stored(row: Operation, matrix: CSRNDArray, dense: NDArray) -> CSRNDArray:
    """Compute with the stored values and the elements of a dense array at their positions."""
    parts = matrix._checked()
    shape = matrix.shape

    def picked(indices: np.ndarray, indptr: np.ndarray, array: np.ndarray) -> np.ndarray:
        return np.broadcast_to(array, shape)[row_of_each(indptr), np.array(indices)]

    others = matrix._backend.apply(picked, parts.indices, parts.indptr, dense._buffer)
    result = invoke(row, (values(matrix), wrapped(matrix, others)), {})
    return matrix._with_data(result._buffer)
