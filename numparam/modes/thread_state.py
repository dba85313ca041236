"""Thread-local values with re-entrant scopes, the basis of the API's ``with`` statements.

The current context, the NumPy modes, recording and training, the current attribute scope and the
current name manager are all of the same kind: a value that belongs to one thread, set for the
length of a ``with`` block and restored afterwards. MXNet keeps the value to restore on the scope
object, so that entering the same object twice, or from two threads, restores the wrong one. Here
the thread keeps it, one entry for each ``with``.

Why not :mod:`contextvars`: some of these values also have setters (``set_np``), and notebooks run
each cell in a task of its own, where a context variable would be forgotten with the cell.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

__all__ = ["ThreadState", "as_switch"]

T = TypeVar("T")


class ThreadState(threading.local, Generic[T]):
    """A thread-local value, and the stack of scopes that changed it.

    Parameters
    ----------
    initial : callable
        Called without arguments in each thread that first looks at the value; gives its start.

    Attributes
    ----------
    value : object
        The calling thread's value. It may be assigned: the enclosing scope still restores what it
        found.
    entries : list of (object, object)
        For each scope entered and not yet left in this thread, outermost first: the scope object
        and the value it found.

    Examples
    --------
    >>> state = ThreadState(lambda: 0)
    >>> scope = object()
    >>> state.enter(scope, 1); state.enter(scope, 2)
    >>> state.leave(scope), state.value
    (2, 1)
    >>> state.leave(scope), state.value
    (1, 0)
    """

    value: T
    entries: list[tuple[object, T]]

    def __init__(self, initial: Callable[[], T]) -> None:
        self.value = initial()
        self.entries = []

    def enter(self, scope: object, value: T) -> None:
        """Set the value until ``scope`` is left.

        Parameters
        ----------
        scope : object
            What the ``with`` statement entered; the same object may be entered again.
        value : object
            The value inside.
        """
        self.entries.append((scope, self.value))
        self.value = value

    def leave(self, scope: object) -> T | None:
        """Restore the value that the latest entry of ``scope`` found.

        Entries above it are dropped with it: they belong to generators that were suspended inside
        a ``with`` of their own, and once the block around them is left, its outside must be as it
        was. When such a generator ends later, or is collected in another thread, its scope has no
        entry any more and nothing happens.

        Parameters
        ----------
        scope : object
            The object given to :meth:`enter`, compared by identity.

        Returns
        -------
        object or None
            The value that was in effect at the end of the block that is left, or None if the
            scope has no entry in this thread.
        """
        inside = self.value
        entries = self.entries
        for position in range(len(entries) - 1, -1, -1):
            entered, found = entries[position]
            if entered is scope:
                del entries[position:]
                self.value = found
                return inside
            inside = found
        return None


def as_switch(active: object, name: str, allowed: Sequence[int] = (0, 1)) -> int:
    """Return the argument of a function that turns something on or off as a number.

    Parameters
    ----------
    active : bool, numpy.bool_ or int
        What the caller gave.
    name : str
        The argument's name, for the message.
    allowed : sequence of int, default (0, 1)
        The numbers that mean something.

    Returns
    -------
    int
        One of ``allowed``.

    Raises
    ------
    TypeError
        If it is neither a bool nor an integer. Strings and None are refused rather than read as
        true and false.
    ValueError
        If it is another number.

    Examples
    --------
    >>> as_switch(True, "active"), as_switch(2, "active", (0, 1, 2))
    (1, 2)
    """
    try:
        flag = int(active) if isinstance(active, np.bool_) else operator.index(active)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f"{name} must be True or False; got {active!r} of type {type(active).__name__}."
        ) from None
    if flag not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}; got {active!r}.")
    return flag
