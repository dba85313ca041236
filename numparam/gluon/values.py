"""Changes of a parameter that has arrays: values, dtype, contexts, gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from numparam import autograd
from numparam.context import Context
from numparam.formats.quoting import quoted
from numparam.gluon import (
    checks,
    contexts,
    hooks,
    overlap,
    replicas,
    rows,
    shape_rules,
    transfers,
)
from numparam.gluon.errors import NothingToSetError, StoragePairError, UninitializedResetError
from numparam.gluon.interface import ParameterLike
from numparam.gluon.placed import Placed
from numparam.gluon.state import Commit, Mark, Ready, State
from numparam.types.dtypes import as_dtype, as_given

__all__ = [
    "prepare_cast",
    "prepare_copies",
    "prepare_grad_req",
    "prepare_gradients",
    "prepare_move",
    "set_values",
]

# Values


def set_values(parameter: ParameterLike, data: Any) -> None:
    """Write values into all arrays, or keep them until they exist; see `Parameter.set_data`."""
    source = checks.as_array(data, parameter.name)
    with autograd.pause():
        state = parameter._state
        shape = _fitting_shape(parameter, state, source)
        if state.data is None:
            if not state.deferred:
                raise NothingToSetError(str(replicas.no_arrays(parameter)))
            _prepare_waiting(parameter, source)()
            return
        if parameter._stype != "default":
            form = _in_own_form(parameter, source)
            rows.before_writing(parameter)
            for array in state.data:
                transfers.overwrite(array, form)
        else:
            _require_storage(parameter, source, ("default",))
            for array in state.data:
                array._require_writable()
            rows.before_writing(parameter)
            source = overlap.apart(source, state.data)
            for array in state.data:
                transfers.write(array, source)
        if state.shape != shape:
            parameter._update(lambda now: now.but(shape=shape))


def _fitting_shape(parameter: ParameterLike, state: State, source: Any) -> shape_rules.Shape:
    return shape_rules.filled_in(state.settled_shape, tuple(source.shape), parameter.name)


def _prepare_waiting(parameter: ParameterLike, source: Any) -> Ready:
    """Keep values for a deferred initialization, whose shape they determine."""
    previous = parameter._state
    if not previous.deferred:  # another thread has finished it
        return lambda: set_values(parameter, source)
    shape = _fitting_shape(parameter, previous, source)
    form = _in_own_form(parameter, source)
    state = previous.but(shape=shape, deferred=(*previous.deferred[:3], form))
    return Commit((parameter, previous, state, (), _prepare_waiting, source))


def _in_own_form(parameter: ParameterLike, source: Any) -> Any:
    """Copy an array into the parameter's dtype and storage type."""
    dtype = as_dtype(parameter.dtype)
    if isinstance(source, np.ndarray):
        place = contexts.as_context_list(None, parameter.name)[0]
        form = transfers.empty(source.shape, dtype, place, transfers.array_class())
        transfers.write(form, source)
    else:
        _require_storage(parameter, source, ("default", parameter._stype))
        form = source.astype(dtype)
    return transfers.in_storage(form, parameter._stype)


def _require_storage(parameter: ParameterLike, source: Any, allowed: tuple[str, ...]) -> None:
    stype = getattr(source, "stype", "default")
    if stype not in allowed:
        raise StoragePairError(
            f"Parameter {quoted(parameter.name)} has storage type '{parameter._stype}' and cannot "
            f"take a {stype} array; convert it with tostype('default') first."
        )


# Contexts and dtype


def prepare_move(parameter: ParameterLike, ctx: Any) -> Ready:
    """Do all of `Parameter.reset_ctx` that can fail; return a function that does the rest."""
    ctx_list = contexts.as_context_list(ctx, parameter.name)
    previous = parameter._state
    retry = (prepare_move, ctx_list)
    if previous.data is not None:
        with autograd.pause():
            # A subclass may return an array that something else holds, too.
            owned = not hooks.is_replaced(parameter, "_reduce")
            average = parameter._reduce()
            return replicas.prepare(parameter, previous, previous, average, ctx_list, retry, owned)
    if not previous.deferred:
        raise UninitializedResetError(
            f"Cannot reset context for Parameter {quoted(parameter.name)} because it has not been "
            "initialized. Call initialize(ctx=...) with these contexts instead."
        )
    init, _, default_init, data = previous.deferred
    state = previous.but(deferred=(init, ctx_list, default_init, data))
    return Commit((parameter, previous, state, (), *retry))


def prepare_copies(parameter: ParameterLike, data: Any, ctx: Iterable[Context]) -> Ready:
    """Prepare copies of an array on some contexts as data, with new gradients."""
    ctx_list = contexts.as_context_list(list(ctx), parameter.name)
    previous = parameter._state
    arrays = replicas.copies(parameter, data, ctx_list, owned=False)
    retry = (_copy_again, (data, ctx_list))
    return replicas.with_gradients(parameter, previous, previous, arrays, ctx_list, retry)


def _copy_again(parameter: ParameterLike, argument: tuple[Any, list[Context]]) -> Ready:
    return prepare_copies(parameter, *argument)


def prepare_cast(parameter: ParameterLike, dtype: Any) -> Ready:
    """Do all of `Parameter.cast` that can fail; return a function that does the rest."""
    wanted = checks.checked_dtype(dtype, parameter.name)
    given = np.float32 if dtype is None else as_given(dtype)
    previous = parameter._state
    retry = (prepare_cast, dtype)
    rows.settle(parameter)
    if previous.data is None:
        return Commit((parameter, previous, previous.but(dtype=given), (), *retry))
    with autograd.pause():
        data = Placed([_as_dtype(array, wanted) for array in previous.data])
        gradients = previous.gradients
        if gradients is not None:
            gradients = Placed([_as_dtype(gradient, wanted) for gradient in gradients])
            for array, gradient in zip(data, gradients, strict=True):
                array._mark(gradient, parameter.grad_req)
    state = previous.but(dtype=given, data=data, gradients=gradients)
    return Commit((parameter, previous, state, (), *retry))


def _as_dtype(array: Any, dtype: np.dtype[Any]) -> Any:
    """Convert an array; if it has the dtype already, return a new handle on its memory."""
    return array.detach() if as_dtype(array.dtype) == dtype else array.astype(dtype)


# Gradients


def prepare_grad_req(parameter: ParameterLike, grad_req: str) -> Ready | None:
    """Prepare another ``grad_req``, with new gradients or none; None if it is the same."""
    previous = parameter._state
    if grad_req == previous.grad_req:
        return None
    retry = (prepare_grad_req, grad_req)
    if previous.data is None:
        return Commit((parameter, previous, previous.but(grad_req=grad_req), (), *retry))
    if grad_req == "null":
        data = Placed([array.detach() for array in previous.data])
        state = previous.but(grad_req=grad_req, data=data, gradients=None)
        return Commit((parameter, previous, state, (), *retry))
    if hooks.is_replaced(parameter, "_init_grad"):
        return lambda: _set_in_own_way(parameter, grad_req)
    gradients, marks = _marked(parameter, previous, grad_req)
    state = previous.but(grad_req=grad_req, gradients=gradients)
    return Commit((parameter, previous, state, marks, *retry))


def prepare_gradients(parameter: ParameterLike) -> Ready | None:
    """Prepare new gradients of zeros, or none, as ``grad_req`` says; None if there is no data."""
    previous = parameter._state
    if previous.data is None:
        return None
    gradients, marks = _marked(parameter, previous, parameter.grad_req)
    state = previous.but(gradients=gradients, deferred=())
    return Commit((parameter, previous, state, marks, _again, prepare_gradients))


def _again(parameter: ParameterLike, prepare: Callable[[Any], Ready | None]) -> Ready | None:
    return prepare(parameter)


def _marked(
    parameter: ParameterLike, state: State, grad_req: str
) -> tuple[Placed | None, list[Mark]]:
    """Make gradients for the data of a state, and the marks that refer to them."""
    data = state.data or Placed()
    gradients = replicas.new_gradients(parameter, data, grad_req)
    if gradients is None:
        return None, []
    pairs = zip(data, gradients, strict=True)
    return gradients, [Mark(array, gradient, grad_req) for array, gradient in pairs]


def _set_in_own_way(parameter: ParameterLike, grad_req: str) -> None:
    """Call a replaced `_init_grad` to make the gradients."""
    previous = parameter._grad_req
    parameter._grad_req = grad_req
    try:
        parameter._init_grad()
    except BaseException:
        parameter._grad_req = previous
        raise
