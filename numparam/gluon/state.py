"""The state of a parameter: one immutable object, which is replaced at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import chain, repeat, starmap
from operator import call
from typing import Any, NamedTuple

from numparam.context import Context
from numparam.devices import epochs
from numparam.gluon import shape_rules
from numparam.gluon.placed import Placed
from numparam.ndarray.ndarray import NDArray

__all__ = ["Commit", "Mark", "Ready", "State", "make_all", "replace_state"]


class State:
    """Shape, dtype, contexts and arrays of a parameter, which must always fit each other.

    What an object of this class says never changes. A parameter reads its state once and
    replaces it whole, so that neither another thread nor an interrupt meets contexts of one moment
    with arrays of another.

    Attributes
    ----------
    shape : tuple of int or None
        The declared shape; unknown dimensions are 0 or -1.
    dtype : object
        The declared dtype, as it was given; the arrays have it.
    grad_req : str or None
        What happens to incoming gradients; None until it is declared.
    contexts : tuple of Context or None
        Where the arrays are; None if there are none.
    data, gradients : Placed or None
        An array for each context.
    deferred : tuple
        Of an initialization that waits for the shape: initializer, contexts, default initializer,
        and values that were set meanwhile or None. Empty if none waits.
    """

    __slots__ = (
        "contexts",
        "data",
        "deferred",
        "dtype",
        "grad_req",
        "gradients",
        "is_current",
        "shape",
    )

    #: There until the state is replaced.
    is_current: bool

    def __init__(
        self,
        shape: tuple[int, ...] | None,
        dtype: Any,
        grad_req: str | None,
        contexts: tuple[Context, ...] | None = None,
        data: Placed | None = None,
        gradients: Placed | None = None,
        deferred: tuple[Any, ...] = (),
    ) -> None:
        self.is_current = True
        self.shape = shape
        self.dtype = dtype
        self.grad_req = grad_req
        self.contexts = contexts
        self.data = data
        self.gradients = gradients
        self.deferred = deferred

    def but(self, **changes: Any) -> State:
        """Return a copy of the state with some attributes replaced."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return State(**{**values, **changes})

    @property
    def settled_shape(self) -> tuple[int, ...] | None:
        """The declared shape if it is known, else that of the arrays if there are any."""
        if self.data is not None and not shape_rules.is_known(self.shape):
            return tuple(self.data[0].shape)
        return self.shape


_FIELDS = tuple(name for name in State.__slots__ if name != "is_current")


class Mark(NamedTuple):
    """An array that a parameter keeps, and the array for its gradients."""

    array: NDArray
    gradient: NDArray
    grad_req: str


class Commit(tuple[Any, ...]):
    """A prepared change of a parameter; calling it makes the change and cannot fail.

    Everything that can fail has been done before, so that of many parameters either all change or
    none. If another thread changed the parameter in between, the change is prepared again from
    what the parameter is by then.

    Holds the parameter, the state that it had, the one that it gets, the marks that come with it,
    and a function that prepares the change again for the parameter and an argument. A tuple, since
    thousands of them wait until the last parameter is ready.
    """

    __slots__ = ()

    def __call__(self) -> None:
        """Make the change."""
        parameter, previous, state, marks, prepare, argument = self
        if not parameter._replace(previous, state, marks):
            commit = prepare(parameter, argument)
            if commit is not None:
                commit()


#: A change that is ready to be made, such as a `Commit`.
Ready = Callable[[], None]


def replace_state(
    parameter: Any, previous: State, state: State, marks: Sequence[Mark] = ()
) -> bool:
    """Replace a parameter's state, if it is still the previous one, and mark its arrays.

    Parameters
    ----------
    parameter : Parameter
        The parameter.
    previous, state : State
        What `state` was prepared from, and the new state.
    marks : sequence of Mark
        Where gradients of arrays go that the parameter keeps.

    Returns
    -------
    bool
        Whether it was replaced; False if another thread has replaced it.

    Notes
    -----
    All steps are made inside one call of compiled code: the interpreter neither switches threads
    nor raises KeyboardInterrupt between them. The first one can be made once for each state, so
    that of two threads that replace it the second one stops there.
    """
    steps: list[tuple[Any, ...]] = [
        (_delete, previous, "is_current"),
        (epochs.bump,),
        (_assign, parameter, "_state", state),
    ]
    replaced = []  # stays alive meanwhile: its end may run code of its own
    for array, gradient, grad_req in marks:
        handle = array.detach()
        handle._mark(gradient, grad_req)
        steps.append((_assign, array, "_marking", handle._marking))
        replaced.append(array._marking)
    try:
        any(starmap(call, steps))
    except AttributeError:
        if hasattr(previous, "is_current"):
            raise
        return False
    return True


def make_all(changes: Iterable[Ready | None]) -> None:
    """Make the prepared changes of many parameters; None stands for no change.

    If no parameter does a step in its own way, all of them change in one step, as in
    `replace_state`: an interrupt leaves all or none changed.
    """
    ready = [change for change in changes if change is not None]
    if ready and all(type(change) is Commit and not change[3] for change in ready):
        commits: Any = ready
        parameters, previous, states = list(zip(*commits, strict=True))[:3]
        # For each parameter the two steps of `replace_state`, again inside one compiled call.
        steps = zip(
            map(_delete, previous, repeat("is_current")),
            map(_assign, parameters, repeat("_state"), states),
            strict=True,
        )
        # If another thread has changed one, what is left is made one by one.
        with suppress(AttributeError):
            deque(chain(map(call, (epochs.bump,)), steps), maxlen=0)
    for change in ready:
        if type(change) is Commit and _was_made(change):
            if change[0]._tables:
                change[0]._release_tables(change[1], change[2])
        else:
            change()


def _was_made(commit: Commit) -> bool:
    """Return whether the change of a commit was made, even if the state has changed again."""
    return commit[0]._state is commit[2] or not hasattr(commit[2], "is_current")


_assign = object.__setattr__
_delete = object.__delattr__
