"""The storage epoch: a number that changes whenever memory is bound anew to some array.

A table of the addresses of many arrays stays valid for as long as none of them got other memory.
Comparing two thousand addresses takes longer than the work that the table is for, so there is one
number for the whole process: whoever builds a table notes the epoch first, and rebuilds the table
when the epoch has changed.

Sparse arrays get other memory at every step of a training. What depends on dense arrays alone, and
on which arrays a parameter has, compares the dense epoch, which does not change with those.
"""

from __future__ import annotations

import itertools

__all__ = ["bump", "bump_others", "dense_epoch", "epoch"]

_next_number = itertools.count(1).__next__
_current = 0
_dense = 0


def epoch() -> int:
    """Give the current epoch.

    Returns
    -------
    int
        A number that is never given again once it has changed.

    Examples
    --------
    >>> from numparam.devices import epochs
    >>> before = epochs.epoch()
    >>> epochs.bump()
    >>> epochs.epoch() == before
    False
    """
    return _current


def dense_epoch() -> int:
    """Give the epoch of dense buffers and of parameters' lists of arrays.

    Returns
    -------
    int
        A number that is never given again once it has changed.

    Examples
    --------
    >>> from numparam.devices import epochs
    >>> before = epochs.dense_epoch()
    >>> epochs.bump_others()
    >>> epochs.dense_epoch() == before
    True
    """
    return _dense


def bump() -> None:
    """Begin a new epoch; call it after memory was bound, never before.

    Notes
    -----
    Two threads may store their numbers in either order. That is harmless: each number is stored
    once, so an epoch noted before a change can never be read again after it.
    """
    global _current, _dense
    _current = _dense = _next_number()


def bump_others() -> None:
    """Begin a new epoch, but no dense one: a sparse array, or an array's gradient, was bound."""
    global _current
    _current = _next_number()
