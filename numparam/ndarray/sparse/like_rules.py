"""Casts, new arrays like sparse ones, and assignments."""

from __future__ import annotations

from typing import Any

from numparam.ndarray.creation import ones
from numparam.ndarray.indexing import WRITE
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import Operation, OperationError, sparse_rule
from numparam.ndarray.sparse.assignment import empty_out, fill_all_rows
from numparam.ndarray.sparse.conversion import write_into
from numparam.ndarray.sparse.parts import empty_parts
from numparam.ndarray.sparse.results import deliver, densified
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray

__all__: list[str] = []


def _same_shape(row: Operation, array: NDArray, out: NDArray) -> None:
    if out.shape != array.shape:
        raise OperationError(f"out of {row.name} must have shape {array.shape}, not {out.shape}")
    out._require_writable()


@sparse_rule("zeros_like")
def _zeros_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    (array,) = inputs
    if out is not None:
        _same_shape(row, array, out)
        empty_out(out)
        return out
    parts = empty_parts(array.stype, array.shape, array._buffer.dtype, array._backend)
    return array.from_parts(array.shape, parts, array._ctx, array._backend)


@sparse_rule("ones_like")
def _ones_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None) -> Any:
    (array,) = inputs
    if out is None:
        return ones(array.shape, array._ctx, array.dtype)
    _same_shape(row, array, out)
    if isinstance(out, RowSparseNDArray):
        fill_all_rows(out, 1)
    elif out.stype == "csr":
        ones(out.shape, out._ctx, out.dtype).copyto(out)
    else:
        out[:] = 1
    return out


@sparse_rule("cast")
def _cast_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None) -> Any:
    """Cast to a dense array, as MXNet does; `astype` keeps the storage type."""
    return densified(row, inputs, attributes, out)


@sparse_rule("slice")
def _slice_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    (array,) = inputs
    bounds = [
        value if isinstance(value, (tuple, list)) else (value,)
        for value in (attributes["begin"], attributes["end"])
    ]
    steps = attributes.get("step") or ()
    in_steps = any(step not in (None, 1) for step in steps)
    if array.stype != "csr" or in_steps or len(array.shape) != 2:
        return NotImplemented
    if len(bounds[0]) != len(bounds[1]) or len(bounds[0]) > 2:
        raise OperationError("begin and end must have one number for each of up to 2 dimensions")
    part = []
    for axis, length in enumerate(array.shape):
        begin, end = (given[axis] if axis < len(given) else None for given in bounds)
        start, stop, _ = slice(begin, end).indices(length)
        part += [start, max(start, stop)]
    return deliver(row, array._part(*part), out)


@sparse_rule("reset_arrays")
def _reset_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    """Reset sparse arrays, which then store nothing; MXNet leaves them as they are."""
    if len(inputs) != attributes["num_arrays"]:
        raise OperationError(
            f"reset_arrays got {len(inputs)} arrays and num_arrays={attributes['num_arrays']}"
        )
    for array in inputs:
        array._require_writable()
    for array in inputs:
        empty_out(array)
    return []


@sparse_rule(WRITE.name)
def _write_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: Any) -> Any:
    """Replace all elements of a sparse array by an array or a number."""
    array, *value = inputs
    if value:
        write_into(value[0], array)
    else:
        fill_all_rows(array, attributes["value"])
    return out
