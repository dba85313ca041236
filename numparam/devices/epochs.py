"""The epoch of memory: a number that changes whenever a dense array or a list gets other memory.

A table of the addresses of many arrays stays valid for as long as none of them got other memory.
Comparing two thousand addresses takes longer than the work that the table is for, so there is one
number for the whole process: whoever builds a table notes the epoch first, and looks at the arrays
again when the epoch has changed.

The parts of sparse arrays are replaced at every step of a training and are in no table: they do
not change the epoch.
"""

from __future__ import annotations

import itertools
from typing import Any

__all__ = ["beginning", "bump", "current"]

_next_number = itertools.count(1).__next__
_current = 0


def current() -> int:
    """Return the current epoch.

    Returns
    -------
    int
        A number that never comes back once it has changed.

    Examples
    --------
    >>> from numparam.devices import epochs
    >>> before = epochs.current()
    >>> epochs.bump()
    >>> epochs.current() == before
    False
    """
    return _current


def beginning() -> tuple[Any, ...]:
    """Return a function and arguments whose call begins an epoch.

    For those who bind memory in one step with it: the function is compiled, so that neither another
    thread nor an interrupt comes in between.

    Examples
    --------
    >>> from numparam.devices import epochs
    >>> before = epochs.current()
    >>> function, *arguments = epochs.beginning()
    >>> function(*arguments)
    >>> epochs.current() == before
    False
    """
    return dict.__setitem__, globals(), "_current", _next_number()


def bump() -> None:
    """Begin a new epoch; call this after an array got other memory.

    Call it before as well where an interrupt could come between binding and this call.

    Notes
    -----
    Two threads may store their numbers in either order. That is harmless: each number is stored
    once, so an epoch noted before a change can never be read again after it.
    """
    global _current
    _current = _next_number()
