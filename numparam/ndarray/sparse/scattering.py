"""Arithmetic of the stored elements alone: the result stores what the first array stores."""

from __future__ import annotations

from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import Operation, invoke, sparse_rule
from numparam.ndarray.sparse.results import deliver, densified, one_dtype, values, wrapped
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray

__all__: list[str] = []


@sparse_rule("_scatter_plus_scalar", "_scatter_minus_scalar")
def _number_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    (array,) = inputs
    if array.stype == "default":  # only out is sparse
        return densified(row, inputs, attributes, out)
    result = invoke(row, (values(array),), attributes)
    return deliver(row, array._with_data(result._buffer), out)


@sparse_rule("_scatter_elemwise_div")
def _quotient_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    one_dtype(row, inputs)
    left, right = inputs
    if not isinstance(left, RowSparseNDArray) or left.shape != right.shape:
        return densified(row, inputs, attributes, out)
    ids = left._checked().indices
    if isinstance(right, RowSparseNDArray):
        other = right._checked()
        divisors = left._backend.retain.retain(other.indices, other.data, ids)
    else:
        divisors = left._backend.retain.gather(right.tostype("default")._buffer, ids)
    quotients = invoke(row, (values(left), wrapped(left, divisors)), {})
    return deliver(row, left._with_data(quotients._buffer), out)
