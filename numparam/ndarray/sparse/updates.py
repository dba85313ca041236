"""Optimizer updates with row-sparse gradients: of the stored rows only, or dense ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Buffer
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import Operation, OperationError, invoke, sparse_rule
from numparam.ndarray.operations.optimizer_updates import UPDATES
from numparam.ndarray.quiet import quietly
from numparam.ndarray.sparse.parts import Parts, all_row_ids
from numparam.ndarray.sparse.results import deliver
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray

__all__: list[str] = []

# Updates that are lazy if their attribute says so, and those that are for these weights.
_BY_ATTRIBUTE = frozenset({"sgd_update", "sgd_mom_update", "adam_update"})
_ALWAYS = {
    "ftrl_update": ("row_sparse",),
    "_adagrad_update": ("default", "row_sparse"),
    "contrib.group_adagrad_update": ("default", "row_sparse"),
}


@sparse_rule(*UPDATES)
def _update_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: Any) -> Any:
    """Update only the gradient's rows where MXNet does; otherwise make a dense step.

    That is only where weight and states have one storage type.
    """
    weight, grad, *states = inputs
    if out is not None and (out.shape != weight.shape or out._buffer.dtype != _dtype(row, inputs)):
        raise OperationError(
            f"out of {row.name} must be {_dtype(row, inputs)}{weight.shape}, not "
            f"{out._buffer.dtype}{out.shape}"
        )
    if isinstance(grad, RowSparseNDArray) and grad.shape == weight.shape:
        alike = all(state.stype == weight.stype for state in states)
        lazy = (
            attributes.get("lazy_update", True)
            if row.name in _BY_ATTRIBUTE
            else weight.stype in _ALWAYS.get(row.name, ())
        )
        if alike and lazy and weight.stype in ("default", "row_sparse"):
            return _of_rows(row, inputs, attributes, out)
    return _of_dense(row, inputs, attributes, out)


def _dtype(row: Operation, inputs: Any) -> np.dtype[Any]:
    position = 4 if row.name == "mp_lamb_update_phase1" else 0
    return inputs[position]._buffer.dtype


def _of_dense(row: Operation, inputs: Any, attributes: dict[str, Any], out: Any) -> Any:
    """Update dense copies, and write them back."""
    dense = [array if array.stype == "default" else array.tostype("default") for array in inputs]
    result = invoke(row, dense, attributes)
    for position in UPDATES[row.name].written:
        if dense[position] is not inputs[position]:
            _store(inputs[position], dense[position])
    return deliver(row, result, out)


def _store(target: RowSparseNDArray, values: NDArray) -> None:
    """Write a dense array into a row-sparse one, which stores all its rows then."""
    ids = all_row_ids(target._backend, target.shape[0])
    target._adopt(Parts(values._memory, ids, valid=True))


def _of_rows(row: Operation, inputs: Any, attributes: dict[str, Any], out: Any) -> Any:
    """Update the weight's and states' rows that the gradient stores."""
    weight, grad, *_ = inputs
    update, backend = UPDATES[row.name], weight._backend
    parts = grad._checked()
    ids = parts.indices
    result = weight if out is weight else _complete_copy(weight)
    tables = [result, *(inputs[place] for place in update.written)]
    for table in tables:
        table._require_writable()
    buffers = [_rows_of(table) for table in tables]
    order = [0, *update.written]

    def step(slopes: np.ndarray, *rows: np.ndarray) -> Any:
        arrays = dict(zip(order, rows, strict=True)) | {1: slopes}
        try:
            return quietly(update.step, *(arrays[place] for place in sorted(arrays)), **attributes)
        except (ValueError, TypeError) as error:
            raise OperationError(f"{row.name} cannot be computed: {error}") from error

    gathered = [backend.retain.gather(buffer, ids) for buffer in buffers]
    computed = backend.apply(step, parts.data, *gathered)
    for buffer, rows in zip(buffers, computed, strict=True):
        backend.retain.scatter(buffer, ids, rows)
    return result if out is None or out is weight else deliver(row, result, out)


def _complete_copy(array: NDArray) -> NDArray:
    """Copy an array; the copy of a row-sparse array stores all rows."""
    if array.stype == "default":
        return array.copy()
    copy = array.copy()
    _rows_of(copy)
    return copy


def _rows_of(array: Any) -> Buffer:
    """Return the memory of all rows of an array, adding missing rows to a row-sparse one."""
    if array.stype == "default":
        return array._memory
    if array._checked().indices.shape[0] != array.shape[0]:
        _store(array, array.tostype("default"))
    return array._checked().data
