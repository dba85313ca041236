"""Initialization of a parameter: at once, or when its shape is known."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from numparam.base import MXNetError
from numparam.context import Context
from numparam.formats.quoting import quoted
from numparam.generator import take_uniform
from numparam.gluon import contexts, hooks, replicas, shape_rules
from numparam.gluon.checks import check_initializer
from numparam.gluon.errors import UnknownShapeError
from numparam.gluon.first_values import FirstValues
from numparam.gluon.interface import ParameterLike
from numparam.gluon.placed import Placed
from numparam.gluon.state import Commit, Ready, State
from numparam.initializer import Uniform
from numparam.initializer.writing import FLOATS
from numparam.kernels._callers import warn_caller
from numparam.recording.tape import Variable
from numparam.types.dtypes import as_dtype

__all__ = ["NEW_UNIFORM", "Request", "prepare", "prepare_finish"]


class _NewUniform:
    """The default of an argument that means a new ``Uniform()`` in each call."""

    __name__ = "Uniform"

    def __repr__(self) -> str:
        return "Uniform()"


NEW_UNIFORM = _NewUniform()
#: Elements of an array that is worth drawing without a copy.
_LARGE = 1 << 16


class Request:
    """The checked arguments of ``initialize``, shared by all parameters of one call.

    Parameters
    ----------
    init, ctx, default_init, force_reinit
        As for `Parameter.initialize`.

    Attributes
    ----------
    force_reinit : bool
        As given.
    """

    def __init__(self, init: Any, ctx: Any, default_init: Any, force_reinit: bool) -> None:
        self.force_reinit = force_reinit
        self._init = init
        self._ctx = ctx
        if default_init is None or default_init is NEW_UNIFORM:
            default_init = Uniform()
        self._default_init = default_init
        self._ctx_list: list[Context] = []
        self._own_init: Any = None
        self._values: FirstValues | None = None

    def of(self, own_init: Any, name: str) -> FirstValues:
        """Return how one parameter gets its values, and where.

        Parameters
        ----------
        own_init : object
            The parameter's own initializer, or None.
        name : str
            Its name, for messages.

        Raises
        ------
        AssertionError, TypeError, ValueError, MXNetError
            If `init` is not an initializer, or a context does not exist or cannot be used.
        """
        values = self._values
        if values is not None and own_init is self._own_init:
            return values
        init, default_init = self._init, self._default_init
        if init is None:
            init = default_init if own_init is None else own_init
        if values is None or values.init is not init:
            check_initializer(init, name)
            if not self._ctx_list:
                check_initializer(default_init, name)
                self._ctx_list = contexts.as_context_list(self._ctx, name)
            values = self._values = FirstValues(init, default_init, self._ctx_list)
        self._own_init = own_init
        return values


def prepare(parameter: ParameterLike, request: Request, plain: bool | None = None) -> Ready | None:
    """Do all of `Parameter.initialize` that can fail; return a function that does the rest.

    Parameters
    ----------
    parameter : Parameter
        The parameter.
    request : Request
        What it is initialized with.
    plain : bool, optional
        Whether no step is replaced, where the caller knows: see `hooks.initializes_plainly`.
    """
    previous = parameter._state
    if previous.data is not None and not request.force_reinit:
        warn_caller(
            f"Parameter {quoted(parameter.name)} is already initialized, ignoring. Set "
            "force_reinit=True to re-initialize."
        )
        return None
    values = request.of(parameter.init, parameter.name)
    retry = (prepare, request)
    if shape_rules.is_known(previous.shape):
        if plain is None:
            plain = hooks.initializes_plainly(parameter)
        if not plain and hooks.is_replaced(parameter, "_finish_deferred_init"):
            return partial(_finish_in_own_way, parameter, values.deferred)
        if plain and values.in_place and _is_dense(parameter):
            return _prepare_dense(parameter, previous, values, retry)
        array = _first_array(parameter, previous, values)
        return replicas.prepare(
            parameter, previous, previous, array, values.contexts, retry, True, plain
        )
    if parameter._allow_deferred_init:
        waiting = State(previous.shape, previous.dtype, previous.grad_req, deferred=values.deferred)
        return Commit((parameter, previous, waiting, (), *retry))
    raise UnknownShapeError(
        f"Cannot initialize Parameter {quoted(parameter.name)} because it has invalid shape: "
        f"{parameter.shape}. Sizes are unknown where they are 0 or -1. Assign the complete shape, "
        "or construct it with allow_deferred_init=True and assign the shape later."
    )


def _is_dense(parameter: ParameterLike) -> bool:
    return parameter._stype == "default" == parameter._grad_stype


def _prepare_dense(
    parameter: ParameterLike, previous: State, values: FirstValues, retry: tuple[Any, Any]
) -> Ready:
    """Do what `replicas.prepare` does for a dense array on one context, as most are.

    With fewer calls, since there may be thousands of small parameters.
    """
    shape, dtype, grad_req = previous.shape or (), as_dtype(parameter.dtype), parameter.grad_req
    if previous.data is not None:
        rewrite = _drawn_in_place(parameter, previous, values, retry)
        if rewrite is not None:
            return rewrite
    array = values.dense_array(parameter.name, shape, dtype)
    if previous.data is not None:
        return replicas.prepare(
            parameter, previous, previous, array, values.contexts, retry, True, True
        )
    gradients = None
    if grad_req != "null":
        try:
            buffer = values.backend.zeros(shape, dtype)
        except MXNetError as error:
            raise replicas.unusable(parameter, values.contexts, error) from error
        gradient = values.array_class.from_buffer(buffer, array._ctx, values.backend)
        array._marking = Variable(gradient, grad_req)
        gradients = Placed((gradient,))
    data, own = Placed((array,)), previous
    state = State(own.shape, own.dtype, own.grad_req, values.contexts, data, gradients)
    return Commit((parameter, previous, state, (), *retry))


def _drawn_in_place(
    parameter: ParameterLike, previous: State, values: FirstValues, retry: tuple[Any, Any]
) -> Ready | None:
    """Prepare drawing new values into the existing array, without a copy of its size."""
    if values.bound is None or math.prod(previous.shape or ()) < _LARGE:
        return None
    dtype = as_dtype(parameter.dtype)
    form = replicas.Form(values.array_class, previous.shape or (), dtype, "default")
    rewrite = replicas.in_place(parameter, previous, previous, form, values.contexts, retry)
    if rewrite is None or dtype not in FLOATS:
        return None
    fill = take_uniform(values.backend, rewrite.data[0]._buffer, -values.bound, values.bound)
    rewrite.write = lambda _: fill()
    return rewrite


def prepare_finish(parameter: ParameterLike, _: None = None) -> Ready | None:
    """Prepare the arrays of a deferred initialization; return None if there is none.

    Raises
    ------
    UnknownShapeError
        If the shape is still not known: an AssertionError and a ValueError.
    """
    previous = parameter._state
    if not previous.deferred:
        return None
    if not shape_rules.is_known(previous.shape):
        raise UnknownShapeError(
            f"Cannot initialize Parameter {quoted(parameter.name)} because its shape "
            f"{parameter.shape} is not known yet. Assign the complete shape to parameter.shape "
            "first."
        )
    init, ctx_list, default_init, data = previous.deferred
    dtype = as_dtype(parameter.dtype)
    if data is None:
        values = _first_array(parameter, previous, FirstValues(init, default_init, ctx_list))
    else:
        values = data if data.dtype == dtype else data.astype(dtype)
    return replicas.prepare(parameter, previous, previous, values, ctx_list, (prepare_finish, None))


def _finish_in_own_way(parameter: ParameterLike, deferred: tuple[Any, ...]) -> None:
    """Call a replaced `_finish_deferred_init` to make the arrays."""
    previous = parameter._state
    parameter._deferred_init = deferred
    try:
        parameter._finish_deferred_init()
    except BaseException:
        parameter._deferred_init = previous.deferred
        raise


def _first_array(parameter: ParameterLike, state: State, values: FirstValues) -> Any:
    """Return the array that all copies are made from."""
    return values.array(
        parameter.name,
        state.shape or (),
        as_dtype(parameter.dtype),
        (parameter._stype, "default" if parameter.grad_req == "null" else parameter._grad_stype),
    )
