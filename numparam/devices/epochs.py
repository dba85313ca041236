"""The epoch of memory: a number that changes whenever a dense array or a list gets other memory.

A table of the addresses of many arrays stays valid for as long as none of them got other memory.
Comparing two thousand addresses takes longer than the work that the table is for, so there is one
number for the whole process: whoever builds a table notes the epoch first, and looks at the arrays
again when the epoch has changed.

The parts of sparse arrays are replaced at every step of a training and are in no table: they do
not change the epoch.

Collections of arrays announce their changes themselves, but not those made past their methods, as
by ``list.append(arrays, array)``. Only code that has the collection can do that: what is handed out
is watched from then on, and looked at whenever the epoch is asked for.
"""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

__all__ = ["Watchable", "bump", "current", "watch"]

# The number of the epoch.
_current = deque([0], maxlen=1)

#: Begin a new epoch; to be called after memory was bound, and before as well where an interrupt
#: could come between binding and this call.
#:
#: It is compiled: it can be one of several steps between which neither another thread nor an
#: interrupt comes, and takes little time, since thousands of parameters begin epochs.
bump: Callable[[], None] = map(_current.append, itertools.count(1)).__next__


class Watchable(Protocol):
    """A collection that notes its members, so that changes can be noticed afterwards."""

    def note(self) -> None:
        """Note the members of this moment."""

    def look(self) -> None:
        """Begin a new epoch if the members are others than those noted, and note them."""


# By `id`: lists have no hash.
_watched: dict[int, weakref.ref[Watchable]] = {}


def watch(collection: Watchable) -> None:
    """Look at a collection whenever the epoch is asked for, as long as it exists.

    Parameters
    ----------
    collection : Watchable
        Weakly referenced.
    """
    key = id(collection)
    held = _watched.get(key)
    if held is None or held() is not collection:
        collection.note()
        # Forgotten by one call in C, which no interrupt can keep from being made.
        _watched[key] = weakref.ref(collection, partial(_watched.pop, key))


def _look() -> None:
    while True:
        try:
            references = list(_watched.values())
            break
        except RuntimeError:  # a collection of garbage removed some meanwhile
            continue
    for reference in references:
        collection = reference()
        if collection is not None:
            collection.look()


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
    if _watched:
        _look()
    return _current[0]
