"""What a parameter is at one moment: one object, replaced at once."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import starmap
from typing import Any, NamedTuple

from numparam.context import Context
from numparam.gluon import shape_rules
from numparam.gluon.placed import Placed
from numparam.ndarray.ndarray import NDArray

__all__ = ["REPLACING", "Commit", "Mark", "Ready", "State", "assign_together"]


class State:
    """Shape, dtype, contexts and arrays of a parameter, which must always fit each other.

    An object of this class never changes after it was made. A parameter reads its state once and
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

    __slots__ = ("contexts", "data", "deferred", "dtype", "grad_req", "gradients", "shape")

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
        self.shape = shape
        self.dtype = dtype
        self.grad_req = grad_req
        self.contexts = contexts
        self.data = data
        self.gradients = gradients
        self.deferred = deferred

    def but(self, **changes: Any) -> State:
        """Return a state that differs from this one in some attributes."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return State(**{**values, **changes})

    def holding(
        self,
        data: Iterable[NDArray],
        gradients: Iterable[NDArray] | None,
        contexts: Sequence[Context],
    ) -> State:
        """Return a state with these arrays, in which nothing waits for the shape any more."""
        return State(
            self.shape,
            self.dtype,
            self.grad_req,
            tuple(contexts),
            Placed.of(data),
            Placed.of(gradients),
        )

    @property
    def settled_shape(self) -> tuple[int, ...] | None:
        """The declared shape; where it is not known, that of the arrays if there are some."""
        if self.data is not None and not shape_rules.is_known(self.shape):
            return tuple(self.data[0].shape)
        return self.shape


_FIELDS = State.__slots__


class Mark(NamedTuple):
    """An array that a parameter keeps, and where gradients of it are to go."""

    array: NDArray
    gradient: NDArray
    grad_req: str


class Commit(tuple[Any, ...]):
    """A change of a parameter that is ready to be made: calling it makes it and cannot fail.

    Everything that can fail has been done before, so that of many parameters either all change or
    none. If another thread changed the parameter in between, the change is prepared again from
    what the parameter is by then.

    Holds the parameter, the state that it had, the one that it gets, the marks that come with it,
    the function that prepared it, and the arguments of that after the parameter. A tuple, since
    thousands of them wait until the last parameter is ready.
    """

    __slots__ = ()

    def __call__(self) -> None:
        """Make the change."""
        parameter, previous, state, marks, prepare, arguments = self
        if not parameter._replace(previous, state, marks):
            commit = prepare(parameter, *arguments)
            if commit is not None:
                commit()


#: A change that is ready to be made, such as a `Commit`.
Ready = Callable[[], None]

#: Comparing a parameter's state with what was read before, and replacing it, is one step for all
#: threads. It is held for a few assignments only. Re-entrant, since a signal's handler may change
#: a parameter in the middle of a change.
REPLACING = threading.RLock()

if hasattr(os, "register_at_fork"):
    # A child must not inherit the lock from a thread that it does not have.
    os.register_at_fork(
        before=REPLACING.acquire,
        after_in_parent=REPLACING.release,
        after_in_child=REPLACING.release,
    )


def assign_together(parameter: Any, state: State, marks: Sequence[Mark]) -> None:
    """Give a parameter its state, and arrays that it keeps their marks, in one step.

    The assignments run inside one call into compiled code: the interpreter neither switches threads
    nor raises KeyboardInterrupt between them.
    """
    assignments: list[tuple[Any, str, Any]] = []
    for array, gradient, grad_req in marks:
        handle = array.detach()
        handle._mark(gradient, grad_req)
        assignments.append((array, "_marking", handle._marking))
    assignments.append((parameter, "_state", state))
    # What is replaced stays alive meanwhile: its end may run code of its own.
    replaced = [getattr(owner, name) for owner, name, _ in assignments]
    deque(starmap(object.__setattr__, assignments), maxlen=0)
    del replaced
