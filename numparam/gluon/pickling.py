"""Parameters that MXNet pickled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numparam import autograd

__all__ = ["is_mxnet_state", "restore_mxnet_state"]

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
    return "_data" in state and "_grad" in state


def restore_mxnet_state(
    parameter: Any, state: dict[str, Any], construct: Callable[..., None]
) -> None:
    """Make a parameter that was just created into the one that MXNet 1.9.1 pickled.

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
    pairs = list(zip(parameter._data[1:], data[1:], strict=False))
    if gradients is not None and parameter._grad is not None:
        pairs += zip(parameter._grad, gradients, strict=False)
    for array, values in pairs:
        array[:] = values.as_in_context(array.context)


def _restore_deferred(
    parameter: Any, init: Any, ctx: Any, default_init: Any, data: Any = None
) -> None:
    if data is not None:
        parameter._load_init(data, ctx)
    else:
        parameter.initialize(init, ctx=ctx, default_init=default_init)
