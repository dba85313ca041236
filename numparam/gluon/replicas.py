"""A parameter's arrays: look-up by context, and new arrays for all contexts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from numparam import autograd
from numparam.base import MXNetError
from numparam.context import Context, current_context
from numparam.formats.quoting import quoted
from numparam.gluon import contexts, hooks, shape_rules, transfers, zeroing
from numparam.gluon.errors import (
    ContextNotFoundError,
    DeferredInitializationError,
    NoGradientError,
    NotInitializedError,
    ParameterStorageError,
    UnallocatedContextError,
    UnusableContextError,
)
from numparam.gluon.interface import ParameterLike
from numparam.gluon.placed import Placed
from numparam.gluon.state import Commit, Ready, State

__all__ = [
    "Form",
    "Rewrite",
    "check_and_get",
    "in_place",
    "look_up",
    "new_gradients",
    "no_arrays",
    "positions_by_device_type",
    "prepare",
    "require_dense",
    "require_gradients",
    "unusable",
    "written",
]

# Finding


def look_up(parameter: ParameterLike, arrays: Placed | None, ctx: Any) -> Any:
    """Find the array for a context, and remember its position for the next time."""
    if (
        arrays is None
        or ctx is list
        or (ctx is None and len(arrays) != 1)
        or hooks.is_replaced(parameter, "_check_and_get")
    ):
        return parameter._check_and_get(arrays, ctx)
    if not hasattr(arrays, "positions"):
        arrays.positions = {}
    # Taken before the position is found: whoever changes the list replaces these positions.
    positions = arrays.positions
    position = 0 if ctx is None else position_of(parameter, arrays, ctx)
    positions[ctx] = position
    return arrays[position]


def check_and_get(parameter: ParameterLike, arrays: list[Any] | None, ctx: Any) -> Any:
    """Return the array for a context, or all for the type ``list``; see `Parameter`."""
    if arrays is None:
        raise no_arrays(parameter)
    if ctx is list:
        return arrays
    if ctx is None:
        if len(arrays) == 1:
            return arrays[0]
        ctx = current_context()
    return arrays[position_of(parameter, arrays, ctx)]


def position_of(parameter: ParameterLike, arrays: list[Any], ctx: Context) -> int:
    """Return the position of the array for a context.

    Raises
    ------
    ContextNotFoundError
        If there is none: a RuntimeError.
    """
    if isinstance(arrays, Placed):
        places = [array.context for array in arrays]
    else:  # a subclass's own list, which may hold anything
        places = list(parameter._state.contexts or ())
    position = contexts.position_of(ctx, places, parameter.name)
    if position is None:
        raise ContextNotFoundError(
            f"Parameter {quoted(parameter.name)} was not initialized on context {ctx}. It was only "
            f"initialized on {places}. Ask for one of these, or call "
            f"reset_ctx with {ctx} among the contexts."
        )
    return position


def positions_by_device_type(
    places: Sequence[Context] | None,
) -> list[list[int | None]] | None:
    """Return positions by ``device_typeid & 1`` and ``device_id``, as MXNet keeps them."""
    if places is None:
        return None
    positions: list[list[int | None]] = [[], []]
    for position, context in enumerate(places):
        row = positions[context.device_typeid & 1]
        row.extend([None] * (context.device_id + 1 - len(row)))
        row[context.device_id] = position
    return positions


def no_arrays(parameter: ParameterLike) -> Exception:
    """Return the error for a parameter without arrays, which says why and what to do."""
    state = parameter._state
    if not state.deferred:
        return NotInitializedError(
            f"Parameter {quoted(parameter.name)} has not been initialized. Call initialize() on "
            "it, or on the ParameterDict that holds it."
        )
    if shape_rules.is_known(state.shape):
        return DeferredInitializationError(
            f"Parameter {quoted(parameter.name)} has not been initialized yet: it waited for its "
            f"shape, which is {state.shape} now. Call finish_deferred_init() on it."
        )
    return DeferredInitializationError(
        f"Parameter {quoted(parameter.name)} has not been initialized yet because its shape "
        f"{state.shape} is not known. Assign the complete shape to parameter.shape, then call "
        "finish_deferred_init(); or load its values."
    )


def not_an_array(parameter: ParameterLike) -> TypeError:
    """Return the error for the use of a parameter as an array."""
    return TypeError(
        f"Parameter {quoted(parameter.name)} is not an array: it has one on each of its contexts. "
        "Pass data(ctx), such as parameter.data(), or parameter.grad(ctx)."
    )


def require_dense(parameter: ParameterLike, method: str) -> None:
    """Raise if a parameter is sparse, in a method for dense ones."""
    if parameter._stype != "default":
        raise ParameterStorageError(
            f"{method}() returns dense arrays, and Parameter {quoted(parameter.name)} has storage "
            f"type '{parameter._stype}'. Use {_sparse_access(parameter)}."
        )


def _sparse_access(parameter: ParameterLike) -> str:
    if parameter._stype != "row_sparse":
        return "save() of its ParameterDict to get the values out"
    return (
        "rows(ids), set_rows(ids, rows) and add_rows(ids, rows); or row_sparse_data(row_id) and "
        "list_row_sparse_data(row_id) with a Trainer"
    )


def require_gradients(parameter: ParameterLike) -> None:
    """Raise if a parameter has arrays without gradients."""
    state = parameter._state
    if state.data is not None and state.gradients is None:
        raise NoGradientError(
            f"Parameter {quoted(parameter.name)} has no gradient array because its "
            "grad_req='null'. Set grad_req to 'write' or 'add' to get one."
        )


# Making


def prepare(
    parameter: ParameterLike,
    previous: State,
    state: State,
    values: Any,
    places: Sequence[Context],
    retry: tuple[Any, Any],
    owned: bool = False,
    plain: bool = False,
) -> Ready:
    """Make data and gradients on all contexts; return a function that binds them.

    Parameters
    ----------
    parameter : Parameter
        The parameter.
    previous : State
        Its state when this was begun.
    state : State
        The state that it is to have, but for the arrays.
    values : NDArray
        What each array of the data is a copy of.
    places : sequence of Context
        Where.
    retry : tuple
        A function that prepares the change again, and its argument; see `Commit`.
    owned : bool, default False
        Whether `values` was made for this parameter alone; then it becomes one of the arrays. If
        contexts, shape and dtype stay, the arrays that there are get the values instead.
    plain : bool, default False
        Whether it is known that no step is replaced.

    Raises
    ------
    UnusableContextError
        If an array cannot be made on a context: an MXNetError; a MemoryError too, if memory lacks.
    """
    if not plain and hooks.is_replaced(parameter, "_init_impl"):

        def initialize() -> None:
            parameter._update(lambda now: now.but(shape=state.shape, dtype=state.dtype))
            parameter._init_impl(values, list(places))
            parameter._update(lambda now: now.but(deferred=()))

        return initialize
    if previous.data is not None:
        grads_replaced = not plain and hooks.is_replaced(parameter, "_init_grad")
        if owned and not grads_replaced:
            form = Form(type(values), values.shape, values.dtype, values.stype)
            rewrite = in_place(parameter, previous, state, form, places, retry)
            if rewrite is not None:
                rewrite.write = partial(_copy, values)
                return rewrite
    if owned and len(places) == 1 and values._ctx is places[0]:  # as mostly, and faster
        data = Placed((values,))
    else:
        data = copies(parameter, values, places, owned)
    if plain:
        return _bound(parameter, previous, state, data, places, retry)
    return with_gradients(parameter, previous, state, data, places, retry)


class Rewrite:
    """A prepared change that keeps the memory of a parameter's arrays.

    Parameters
    ----------
    data, gradients : Placed
        New handles on the memory that there is; `gradients` may be None.
    commit : Commit
        Gives the parameter the new handles.

    Attributes
    ----------
    write : callable
        Writes the values into an array of the data; cannot fail. For the caller to assign.
    """

    __slots__ = ("commit", "data", "gradients", "write")

    write: Callable[[Any], None]

    def __init__(self, data: Placed, gradients: Placed | None, commit: Commit) -> None:
        self.data = data
        self.gradients = gradients
        self.commit = commit

    def __call__(self) -> None:
        """Make the change."""
        for commit in written([self]):
            commit()


def written(changes: Iterable[Ready | None]) -> list[Ready]:
    """Write the values of those changes that keep memory; return what is left to do of all.

    Zeroes all their gradients in one call, however many parameters they are of.
    """
    left: list[Ready] = []
    gradients: list[Any] = []
    with autograd.pause():
        for change in changes:
            if type(change) is Rewrite:
                for array in change.data:
                    change.write(array)
                gradients.extend(change.gradients or ())
                left.append(change.commit)
            elif change is not None:
                left.append(change)
        if gradients:
            zeroing.zero(gradients)
    return left


class Form(NamedTuple):
    """What arrays must be to take new values: their class, shape, dtype and storage type."""

    array_class: type
    shape: tuple[int, ...]
    dtype: Any
    stype: str


def in_place(
    parameter: ParameterLike,
    previous: State,
    state: State,
    form: Form,
    places: Sequence[Context],
    retry: tuple[Any, Any],
) -> Rewrite | None:
    """Prepare new handles on the existing arrays; return None if these are not as needed.

    Parameters
    ----------
    parameter, previous, state, places, retry
        As for `prepare`.
    form : Form
        What the arrays must be.

    Returns
    -------
    Rewrite or None
        Without its `write`.
    """
    held, arrays, gradients = previous.contexts or (), previous.data or (), previous.gradients
    grad_req, stype = parameter.grad_req, parameter._grad_stype
    if len(arrays) != len(places) or (gradients is None) != (grad_req == "null"):
        return None
    order: Iterable[int] = range(len(places))
    if held != places:
        if set(held) != set(places):
            return None
        order = [held.index(ctx) for ctx in places]
    of_gradients = form if stype == form.stype else form._replace(array_class=object, stype=stype)
    # New handles on the same memory, as the arrays are other objects in MXNet.
    data, slopes = [], []
    for position in order:
        array, ctx = arrays[position], held[position]
        if not _fits(array, form, ctx):
            return None
        handle = array.detach()
        if gradients is not None:
            if not _fits(gradients[position], of_gradients, ctx):
                return None
            slope = gradients[position].detach()
            handle._mark(slope, grad_req)
            slopes.append(slope)
        data.append(handle)
    new, kept = Placed(data), None if gradients is None else Placed(slopes)
    made = State(state.shape, state.dtype, state.grad_req, tuple(places), new, kept)
    return Rewrite(new, kept, Commit((parameter, previous, made, (), *retry)))


def _fits(array: Any, form: Form, ctx: Context) -> bool:
    array_class, shape, dtype, stype = form
    return (
        array.writable
        and (type(array) is array_class or array_class is object)
        and array.stype == stype
        and array.shape == shape
        and array.dtype == dtype
        and array.context == ctx
    )


def _copy(values: Any, array: Any) -> None:
    transfers.overwrite(array, values)


def copies(parameter: ParameterLike, values: Any, places: Sequence[Context], owned: bool) -> Placed:
    """Copy values to all contexts; `owned` values may themselves become the first copy."""
    first = places[0]
    arrays = [values] if owned and (values._ctx is first or values._ctx == first) else []
    if len(arrays) < len(places):
        try:
            arrays.extend(transfers.copied(values, ctx) for ctx in places[len(arrays) :])
        except MXNetError as error:
            raise unusable(parameter, places, error) from error
    return Placed(arrays)


def with_gradients(
    parameter: ParameterLike,
    previous: State,
    state: State,
    data: Placed,
    places: Sequence[Context],
    retry: tuple[Any, Any],
) -> Ready:
    """Make gradients for new data; see `prepare`."""
    if not hooks.is_replaced(parameter, "_init_grad"):
        return _bound(parameter, previous, state, data, places, retry)

    def bind() -> None:
        parameter._update(
            lambda now: State(state.shape, state.dtype, now.grad_req, tuple(places), data, None)
        )
        parameter._init_grad()

    return bind


def _bound(
    parameter: ParameterLike,
    previous: State,
    state: State,
    data: Placed,
    places: Sequence[Context],
    retry: tuple[Any, Any],
) -> Commit:
    grad_req = parameter.grad_req
    if grad_req == "null":
        gradients = None
    else:
        try:
            gradients = new_gradients(parameter, data, grad_req)
        except MXNetError as error:
            raise unusable(parameter, places, error) from error
        for array, gradient in zip(data, gradients or (), strict=True):
            array._mark(gradient, grad_req)
    made = State(state.shape, state.dtype, state.grad_req, tuple(places), data, gradients)
    return Commit((parameter, previous, made, (), *retry))


def new_gradients(parameter: ParameterLike, data: Sequence[Any], grad_req: str) -> Placed | None:
    """Make gradients of zeros for arrays; None where `grad_req` is ``'null'``."""
    if grad_req == "null":
        return None
    stype = parameter._grad_stype
    if len(data) == 1:  # as mostly: faster than a comprehension
        return Placed((transfers.zeros_like(data[0], stype),))
    return Placed([transfers.zeros_like(array, stype) for array in data])


def unusable(parameter: ParameterLike, places: Sequence[Context], error: MXNetError) -> MXNetError:
    """Return the error that says why a parameter cannot be put on contexts."""
    message = f"Parameter {quoted(parameter.name)} cannot be put on {list(places)}: {error}"
    if isinstance(error, MemoryError):
        return UnallocatedContextError(message)
    return UnusableContextError(message)
