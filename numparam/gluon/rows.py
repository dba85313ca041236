"""Rows of row-sparse parameters, and the Trainer that owns their values between updates.

A Trainer updates the array of the first context, and there the rows that gradients hold: others,
and the arrays of other contexts, may be behind. So rows, and the whole parameter, are pulled from
the Trainer; and before values are read or written by other ways, it brings all of them up to date.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from numparam import autograd
from numparam.context import Context
from numparam.devices.registry import backend_of
from numparam.formats.quoting import quoted
from numparam.gluon import averaging, replicas, transfers
from numparam.gluon.errors import (
    NoTrainerError,
    ParameterStorageError,
    RowIdRangeError,
    RowIdTypeError,
    RowIdValueError,
    SecondTrainerError,
    SparseRowIdError,
)
from numparam.gluon.interface import ParameterLike
from numparam.gluon.state import State
from numparam.ndarray.creation import zeros
from numparam.ndarray.ndarray import NDArray

__all__ = [
    "RowStore",
    "before_writing",
    "check_owner",
    "check_row_ids",
    "pull",
    "reduced",
    "require_row_sparse",
    "settle",
]


class RowStore(Protocol):
    """The methods that parameters call on the Trainer that owns them."""

    def _row_sparse_pull(
        self, parameter: ParameterLike, out: Any, row_id: NDArray, full_idx: bool = False
    ) -> None:
        """Write rows of a parameter into row-sparse arrays."""

    def _settle(self, parameter: Any) -> None:
        """Update a parameter's arrays on all contexts from the store."""

    def _reset_kvstore(self) -> None:
        """Reset the store: its values are taken from the parameters again."""


def require_row_sparse(parameter: ParameterLike, method: str) -> None:
    """Raise if a parameter is not row-sparse, which a method needs."""
    if parameter._stype != "row_sparse":
        raise ParameterStorageError(
            f"{method}() returns rows of row_sparse parameters, and Parameter "
            f"{quoted(parameter.name)} has storage type '{parameter._stype}'. Use data() or "
            "list_data()."
        )


def check_row_ids(parameter: ParameterLike, row_id: Any) -> None:
    """Raise a `RowIdTypeError` if row ids are not an `NDArray`."""
    if not isinstance(row_id, NDArray):
        raise RowIdTypeError(
            f"Parameter {quoted(parameter.name)}: row_id must have type NDArray, such as "
            f"nd.array([0, 3], dtype='int64'); got {type(row_id).__name__}."
        )


def pull(parameter: ParameterLike, arrays: list[Any] | None, ctx: Any, row_id: NDArray) -> Any:
    """Pull rows into new arrays: one for a context, or a list for the type ``list``."""
    check_row_ids(parameter, row_id)
    trainer = parameter._trainer
    if trainer is None:
        raise NoTrainerError(
            f"Parameter {quoted(parameter.name)} is row_sparse and has no Trainer, which this "
            "method takes rows from. Use rows(ids), set_rows(ids, rows) and add_rows(ids, rows), "
            "which need none; or create Trainer(parameters, ...) with this parameter first."
        )
    held = parameter._check_and_get(arrays, ctx)
    ids = _unique_rows(parameter, row_id)
    every = arrays or []
    positions = (
        list(range(len(held))) if ctx is list else [replicas.position_of(parameter, every, ctx)]
    )
    results = []
    for position in positions:
        part = transfers.zeros_like(every[position], "row_sparse")
        # The parameter's own mark: what is written to its gradient through these rows is fresh.
        part._marking = every[position]._marking
        results.append(part)
    result = results if ctx is list else results[0]
    with autograd.pause():
        trainer._row_sparse_pull(parameter, result, ids)
    return result


def _unique_rows(parameter: ParameterLike, row_id: NDArray) -> NDArray:
    """Check that row ids are valid, and return them sorted, each once."""
    if row_id.stype != "default":
        raise SparseRowIdError(
            f"Parameter {quoted(parameter.name)}: row ids must be a dense array; got a "
            f"{row_id.stype} one."
        )
    count = (parameter._state.shape or (0,))[0]
    backend = row_id._backend
    try:
        ids = backend.retain.unique_ids(row_id._buffer, count)
    except IndexError as error:
        raise RowIdRangeError(f"Parameter {quoted(parameter.name)}: {error}.") from error
    except (TypeError, ValueError) as error:
        raise RowIdValueError(f"Parameter {quoted(parameter.name)}: {error}.") from error
    return NDArray.from_buffer(ids, row_id.context, backend)


# The whole parameter


def check_owner(parameter: ParameterLike, trainer: RowStore | None) -> None:
    """Raise a `SecondTrainerError` if a sparse parameter belongs to another Trainer."""
    owner = parameter._trainer
    if (
        parameter._stype != "default"
        and owner is not None
        and trainer is not None
        and trainer is not owner
    ):
        raise SecondTrainerError(
            f"Parameter {quoted(parameter.name)} is {parameter._stype} and belongs to a Trainer "
            "already; its rows cannot be in two stores. Call parameter._set_trainer(None) to "
            "release it."
        )


def reduced(parameter: ParameterLike) -> NDArray:
    """Average a parameter's copies on ``cpu(0)``, after pulling the values of a Trainer's store."""
    state = parameter._state
    if parameter._stype == "row_sparse" and parameter._trainer is not None and state.data:
        return _pulled(parameter, state)
    with autograd.pause():
        return averaging.mean(parameter._check_and_get(state.data, list))


def _pulled(parameter: ParameterLike, state: State) -> NDArray:
    """Pull all rows from the Trainer's store to ``cpu(0)``."""
    array = (state.data or [])[0]
    context = Context("cpu", 0)
    everything = backend_of("cpu", 0).upload(np.arange(array.shape[0], dtype=np.int64))
    result = zeros(array.shape, context, array.dtype, "row_sparse")
    with autograd.pause():
        parameter._trainer._row_sparse_pull(
            parameter, result, NDArray.from_buffer(everything, context), full_idx=True
        )
    return transfers.all_rows(result)


def settle(parameter: ParameterLike) -> None:
    """Update a sparse parameter's arrays on all contexts from the Trainer's store."""
    settle_in = getattr(parameter._trainer, "_settle", None)
    if settle_in is not None and parameter._stype != "default":
        settle_in(parameter)


def before_writing(parameter: ParameterLike) -> None:
    """Reset the Trainer's store, which would overwrite the values that are about to be written."""
    trainer = parameter._trainer
    if trainer is None or not getattr(trainer, "_kv_initialized", False):
        return
    if not getattr(trainer, "_update_on_kvstore", False):
        return
    if any(waiting is parameter for waiting in getattr(trainer, "_params_to_init", ())):
        return
    for member in getattr(trainer, "_params", ()):
        state: State = member._state
        if hasattr(trainer, "_settle"):
            settle(member)
        elif member._stype == "row_sparse" and state.data is not None:
            # A user-defined store, whose values are not the parameters' arrays.
            whole = _pulled(member, state)
            for array in state.data:
                transfers.overwrite(array, whole)
    trainer._reset_kvstore()
