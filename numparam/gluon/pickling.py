"""Copies and pickles of parameters: what belongs to one process or one Trainer stays behind."""

from __future__ import annotations

from typing import Any

from numparam.gluon import rows, transfers
from numparam.gluon.placed import Placed
from numparam.gluon.state import State

__all__ = ["duplicate", "restore", "state_of"]

# What a pickle holds of `State`, under the names that MXNet's parameters have.
_NAMES = {
    "_shape": "shape",
    "_dtype": "dtype",
    "_grad_req": "grad_req",
    "_ctx_list": "contexts",
    "_data": "data",
    "_grad": "gradients",
    "_deferred_init": "deferred",
}


def state_of(parameter: Any) -> dict[str, Any]:
    """Return what a pickle of a parameter holds."""
    rows.settle(parameter)
    held = dict(parameter.__dict__)
    state: State = held.pop("_state")
    del held["_tables"], held["_variable"]
    held["_trainer"] = None
    for name, field in _NAMES.items():
        value = getattr(state, field)
        held[name] = list(value) if isinstance(value, Placed) else value
    held["_fresh"] = [bool(array._fresh_grad) for array in state.data or ()]
    return held


def restore(parameter: Any, held: dict[str, Any]) -> None:
    """Bring a parameter into the state that a pickle holds."""
    held = dict(held)
    fresh = held.pop("_fresh", ())
    fields = {field: held.pop(name) for name, field in _NAMES.items()}
    places = tuple(fields["contexts"] or ())
    data = _on(fields["data"], places)
    gradients = _on(fields["gradients"], places)
    parameter.__dict__.update(held)
    parameter._tables = []
    parameter._variable = None
    fields.update(
        contexts=None if fields["contexts"] is None else places, data=data, gradients=gradients
    )
    parameter._state = State(**fields)
    if data is not None and gradients is not None:
        for array, gradient in zip(data, gradients, strict=True):
            array._mark(gradient, parameter.grad_req)
    for array, flag in zip(data or (), fresh, strict=False):
        array._fresh_grad = flag


def duplicate(parameter: Any) -> Any:
    """Copy a parameter; the copy shares its arrays, and has lists of its own."""
    other = object.__new__(type(parameter))
    other.__dict__.update(parameter.__dict__)
    # The tables are the original's.
    other._tables = []
    state: State = parameter._state
    data, gradients = (
        None if arrays is None else Placed(arrays) for arrays in (state.data, state.gradients)
    )
    other._state = state.but(data=data, gradients=gradients)
    return other


def _on(arrays: Any, places: tuple[Any, ...]) -> Placed | None:
    """Move arrays back to their contexts; a pickled array may have lost its own.

    They stay the same objects, which other parameters may hold as well.
    """
    for array, ctx in zip(arrays or (), places, strict=False):
        if array.context != ctx:
            there = transfers.copied(array, ctx)
            array._ctx, array._backend = ctx, there._backend
            if array.stype == "default":
                array._buffer = there._buffer
            else:
                array._adopt(there._parts)
    return None if arrays is None else Placed(arrays)
