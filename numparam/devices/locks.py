"""Turns of threads at the memory of arrays, for copying and writing them whole.

MXNet's engine orders the reads and writes of an array. Without turns a thread that copies a
parameter while another one sets its values would get some old values and some new ones.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager
from typing import Any

__all__ = ["ONE_STEP", "turn"]

#: Elements up to which NumPy copies in one step of the interpreter: threads do not meet there.
ONE_STEP = 256

# Memory is told apart by its address: a few locks serve all. Re-entrant, since a signal's handler
# may copy an array while its thread writes another.
_locks = [threading.RLock() for _ in range(61)]


def _renew() -> None:
    _locks[:] = [threading.RLock() for _ in _locks]


if hasattr(os, "register_at_fork"):
    # A thread whose turn it was at the fork does not exist in the child.
    os.register_at_fork(after_in_child=_renew)


def turn(buffer: Any, *others: Any) -> AbstractContextManager[Any]:
    """Give the turn at the memory of one or more buffers, to be taken by a ``with`` statement.

    Parameters
    ----------
    buffer, *others : Buffer
        What is read or written. Views have the turn of the array whose memory they share.

    Returns
    -------
    context manager
        Inside it no other thread has a turn at any of them.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.devices.locks import turn
    >>> values = np.ones(1000)
    >>> with turn(values):
    ...     values[...] = 2
    """
    place = _place(buffer)
    if not others:
        return _locks[place]
    places = {place, *map(_place, others)}
    # In one order, so that no two threads wait for each other.
    return _Several([_locks[place] for place in sorted(places)])


def _place(buffer: Any) -> int:
    owner = getattr(buffer, "base", None)
    return id(buffer if owner is None else owner) // 16 % 61


class _Several:
    """Several locks as one."""

    __slots__ = ("_locks", "_taken")

    def __init__(self, locks: list[threading.RLock]) -> None:
        self._locks = locks
        self._taken = 0

    def __enter__(self) -> None:
        try:
            for lock in self._locks:
                lock.acquire()
                self._taken += 1
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        while self._taken:
            self._taken -= 1
            self._locks[self._taken].release()
