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
from collections import deque
from collections.abc import Callable

__all__ = ["bump", "current"]

# The number of the epoch.
_current = deque([0], maxlen=1)

#: Begin a new epoch; to be called after memory was bound, and before as well where an interrupt
#: could come between binding and this call.
#:
#: It is compiled: it can be one of several steps between which neither another thread nor an
#: interrupt comes, and takes little time, since thousands of parameters begin epochs.
bump: Callable[[], None] = map(_current.append, itertools.count(1)).__next__


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
    return _current[0]
