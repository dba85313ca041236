"""Copies and pickles of parameters, including those that MXNet made.

The parts that belong to a process or a Trainer are not included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numparam import autograd
from numparam.gluon import rows, transfers
from numparam.gluon.placed import Placed
from numparam.gluon.state import State

__all__ = ["duplicate", "is_mxnet_state", "restore", "restore_mxnet_state", "state_of"]

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
    held.pop("_tables", None)
    del held["_variable"]
    held["_var"] = parameter._var
    held["_trainer"] = None
    for name, field in _NAMES.items():
        value = getattr(state, field)
        held[name] = list(value) if isinstance(value, Placed) else value
    held["_fresh"] = [bool(array._fresh_grad) for array in state.data or ()]
    return held


def restore(parameter: Any, held: dict[str, Any]) -> None:
    """Restore a parameter from the state in a pickle."""
    held = dict(held)
    fresh = held.pop("_fresh", ())
    variable = held.pop("_var", None)
    fields = {field: held.pop(name) for name, field in _NAMES.items()}
    places = tuple(fields["contexts"] or ())
    data = _on(fields["data"], places)
    gradients = _on(fields["gradients"], places)
    parameter.__dict__.update(held)
    parameter._variable = None
    fields.update(
        contexts=None if fields["contexts"] is None else places, data=data, gradients=gradients
    )
    parameter._state = State(**fields)
    if data is not None and gradients is not None:
        # MXNet-era code may have left lists of other lengths.
        for array, gradient in zip(data, gradients, strict=False):
            array._mark(gradient, parameter.grad_req)
    for array, flag in zip(data or (), fresh, strict=False):
        array._fresh_grad = flag
    parameter._var = variable


def duplicate(parameter: Any) -> Any:
    """Copy a parameter; the copy shares its arrays, and has lists of its own."""
    other = object.__new__(type(parameter))
    other.__dict__.update(parameter.__dict__)
    other._tables = ()  # they are the original's
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


# What a parameter of MXNet 1.9.1 has; anything else belongs to a subclass.
_CONSTRUCTED = {
    "_grad_req": "grad_req",
    "_shape": "shape",
    "_dtype": "dtype",
    "lr_mult": "lr_mult",
    "wd_mult": "wd_mult",
    "init": "init",
    "_allow_deferred_init": "allow_deferred_init",
    "_differentiable": "differentiable",
    "_stype": "stype",
    "_grad_stype": "grad_stype",
}
_RESTORED = {
    *_CONSTRUCTED,
    *("name", "value", "_var", "_data", "_grad", "_ctx_list", "_ctx_map", "_deferred_init"),
    "_trainer",
}


def is_mxnet_state(state: dict[str, Any]) -> bool:
    """Return whether the state of a pickled parameter is MXNet's.

    Examples
    --------
    >>> is_mxnet_state({"name": "weight", "_data": None, "_grad": None})
    True
    """
    return "_data" in state and "_grad" in state and "_fresh" not in state


def restore_mxnet_state(
    parameter: Any, state: dict[str, Any], construct: Callable[..., None]
) -> None:
    """Restore a new parameter from the state that MXNet 1.9.1 pickled.

    Parameters
    ----------
    parameter : Parameter or Constant
        Without any state yet.
    state : dict of str to object
        What MXNet pickled: the parameter's ``__dict__``, whose arrays are on ``cpu(0)``.
    construct : callable
        The constructor of the class that MXNet pickled, for a `Constant` that of `Constant`;
        unbound. Subclasses may have constructors with other arguments.

    Notes
    -----
    Values, gradients, contexts, deferred initialization and the symbol come back. The Trainer does
    not: it belongs to the process that pickled it. Attributes that MXNet does not know are set as
    they were.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = object.__new__(mx.gluon.Parameter)
    >>> state = {"name": "weight", "_shape": (2,), "_data": [mx.nd.ones((2,))], "_grad": None}
    >>> state |= {"_grad_req": "null", "_ctx_list": [mx.cpu(1)], "_deferred_init": ()}
    >>> restore_mxnet_state(weight, state, mx.gluon.Parameter.__init__)
    >>> weight.data().context
    cpu(1)
    """
    if "value" in state:  # its initializer is one that MXNet made for it alone
        construct(parameter, state["name"], state["value"])
    else:
        arguments = {new: state[old] for old, new in _CONSTRUCTED.items() if old in state}
        construct(parameter, state["name"], **arguments)
    with autograd.pause():
        if state["_data"] is not None:
            _restore_arrays(parameter, state)
        elif state.get("_deferred_init"):
            _restore_deferred(parameter, *state["_deferred_init"])
    parameter._var = state.get("_var")
    for name, value in state.items():
        if name not in _RESTORED:
            setattr(parameter, name, value)


def _restore_arrays(parameter: Any, state: dict[str, Any]) -> None:
    data, gradients = state["_data"], state["_grad"]
    parameter._load_init(data[0], state["_ctx_list"])
    made = parameter._state
    pairs = list(zip(made.data[1:], data[1:], strict=False))
    if gradients is not None and made.gradients is not None:
        pairs += zip(made.gradients, gradients, strict=False)
    for array, values in pairs:
        transfers.overwrite(array, values)


def _restore_deferred(
    parameter: Any, init: Any, ctx: Any, default_init: Any, data: Any = None
) -> None:
    if data is not None:
        parameter._load_init(data, ctx)
    else:
        parameter.initialize(init, ctx=ctx, default_init=default_init)
