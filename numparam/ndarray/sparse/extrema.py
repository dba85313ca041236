"""Maxima, minima and hypotenuses of two sparse arrays: zero where both are."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Buffer
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import Operation, invoke, sparse_rule
from numparam.ndarray.sparse.csr import CSRNDArray
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.results import deliver, densified, one_dtype, values, wrapped
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.sparse.sums import matrix_at, places, without_zeros

__all__: list[str] = []


@sparse_rule("_maximum", "_minimum", "_hypot")
def _union_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    """Compute the rows, or elements, that one of two arrays stores."""
    one_dtype(row, inputs)
    left, right = inputs
    if left.shape == right.shape:
        if left.stype == right.stype == "row_sparse":
            return deliver(row, _of_rows(row, left, right), out)
        if left.stype == right.stype == "csr" and len(left.shape) == 2:
            return deliver(row, _of_elements(row, left, right), out)
    return densified(row, inputs, attributes, out)


def _of_rows(row: Operation, left: RowSparseNDArray, right: RowSparseNDArray) -> RowSparseNDArray:
    backend = left._backend
    mine, other = left._checked(), right._checked()
    union = backend.apply(np.union1d, mine.indices, other.indices)
    retain = backend.retain.retain
    first = wrapped(left, retain(mine.indices, mine.data, union))
    second = wrapped(left, retain(other.indices, other.data, union))
    parts = Parts(invoke(row, (first, second), {})._buffer, union, valid=True)
    return RowSparseNDArray.from_parts(left.shape, parts, left._ctx, backend)


def _of_elements(row: Operation, left: CSRNDArray, right: CSRNDArray) -> CSRNDArray:
    backend = left._backend
    mine, other = places(left), places(right)
    union = backend.apply(np.union1d, mine, other)

    def spread(numbers: np.ndarray, stored: np.ndarray, union: np.ndarray) -> np.ndarray:
        result = np.zeros(union.shape, stored.dtype)
        result[np.searchsorted(union, numbers)] = stored
        return result

    def on_union(matrix: CSRNDArray, numbers: Buffer) -> NDArray:
        return wrapped(left, backend.apply(spread, numbers, values(matrix)._buffer, union))

    result = invoke(row, (on_union(left, mine), on_union(right, other)), {})
    return matrix_at(left, *backend.apply(without_zeros, union, result._buffer))
