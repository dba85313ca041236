"""The state of a parameter: one immutable object, which is replaced at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat, starmap
from operator import call
from typing import Any, NamedTuple, cast

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
    kept: list[Any] = []
    steps = [
        (_delete, previous, "is_current"),
        (epochs.bump,),
        (_assign, parameter, "_state", state),
        *_marking(marks, kept),
    ]
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
    `replace_state`: an interrupt leaves all or none changed, and another thread sees all or none.
    """
    ready = [change for change in changes if change is not None]
    for _ in range(_TRIES):
        if not ready or any(type(change) is not Commit for change in ready):
            break
        commits: Any = ready
        parameters, previous, states, marks, _, _ = map(list, zip(*commits, strict=True))
        if _replaced(parameters, previous, states, list(chain.from_iterable(marks))):
            for parameter, before, after in zip(parameters, previous, states, strict=True):
                if parameter._tables:
                    parameter._release_tables(before, after)
            return
        # Another thread has changed some of them since.
        ready = [change for commit in commits if (change := _renewed(commit)) is not None]
    for change in ready:
        change()


def _renewed(commit: Any) -> Ready | None:
    """Return a change of what a parameter is by now."""
    parameter, previous, _, _, prepare, argument = commit
    if hasattr(previous, "is_current"):
        return cast("Ready", commit)
    return cast("Ready | None", prepare(parameter, argument))


# How often the changes of many parameters are prepared again while other threads change them, until
# they are made one by one.
_TRIES = 10


def _replaced(
    parameters: list[Any], previous: list[State], states: list[State], marks: Sequence[Mark]
) -> bool:
    """Replace the states of some parameters, or none if one of them is no longer the previous."""
    kept: list[Any] = []
    steps = chain(
        map(getattr, previous, repeat("is_current")),  # raises before anything is changed
        map(call, (epochs.bump,)),
        map(_delete, previous, repeat("is_current")),
        map(_assign, parameters, repeat("_state"), states),
        starmap(call, _marking(marks, kept)),
    )
    try:
        deque(steps, maxlen=0)
    except AttributeError:
        if all(hasattr(state, "is_current") for state in previous):
            raise
        return False
    return True


def _marking(marks: Iterable[Mark], kept: list[Any]) -> list[tuple[Any, ...]]:
    """Return calls that mark arrays; keep what they replace, whose end may run code of its own."""
    calls: list[tuple[Any, ...]] = []
    for array, gradient, grad_req in marks:
        handle = array.detach()
        handle._mark(gradient, grad_req)
        calls.append((_assign, array, "_marking", handle._marking))
        kept.append(array._marking)
    return calls


_assign = object.__setattr__
_delete = object.__delattr__
