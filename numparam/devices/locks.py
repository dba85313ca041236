"""Locks on the memory of arrays, so that a copy never holds half of another thread's write.

MXNet's engine orders the reads and writes of an array. Without locks a thread that copies a
parameter while another one sets its values would get some old values and some new ones.

There is one lock for each memory that is being copied or written; it exists while someone uses it.
Three rules prevent deadlocks:

* Locks are held by ``with`` statements on the lock objects themselves, in which Python delivers no
  signal between acquiring a lock and being bound to release it. An interrupt leaves no lock behind.
* Several locks are acquired in one order.
* A signal handler or finalizer may copy arrays too, while its thread is suspended in the middle of
  another copy. It then releases the locks of its thread while it waits, and reacquires them before
  the thread goes on: a thread never waits for a lock while it keeps another from someone.
"""

from __future__ import annotations

import os
from _thread import RLock  # what threading.RLock() calls; half of the time of a lock
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Protocol, TypeVar
from weakref import ref

import numpy as np

__all__ = ["ONE_STEP", "exclusively", "holding"]

#: Number of elements up to which NumPy copies in one step of the interpreter, without a lock.
ONE_STEP = 256

Result = TypeVar("Result")


class _Lock(Protocol):
    """`threading.RLock`, with the underscored methods that `threading.Condition` needs."""

    def acquire(self) -> bool: ...
    def release(self) -> None: ...
    def _is_owned(self) -> bool: ...
    def _at_fork_reinit(self) -> None: ...
    def __enter__(self) -> bool: ...
    def __exit__(self, kind: Any, error: Any, traceback: Any, /) -> None: ...


# By the identity of the array that owns the memory. Each change is one operation of a dict, since
# a lock may go in any thread, in a signal handler, or just before a fork.
_locks: dict[int, ref[_Lock]] = {}


def exclusively(function: Callable[[], Result], *buffers: Any) -> Result:
    """Call a function while no other thread is in such a call for the same memory.

    Parameters
    ----------
    function : callable
        Called without arguments. It must not wait for other threads, nor call code of the user's.
        If a signal handler interrupts it between two steps and copies arrays, other threads may
        get in between; so it should do its work in one call into NumPy or a kernel.
    *buffers : Buffer
        At least one; what is read or written. A view is locked with the array whose memory it
        shares.

    Returns
    -------
    object
        Whatever the function returns.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.devices.locks import exclusively
    >>> values = np.ones(1000)
    >>> exclusively(lambda: values.fill(2), values)
    """
    held = _owned() if _locks else None
    if len(buffers) == 1 and not held:
        with _lock_of(_owner(buffers[0])):
            return function()
    wanted = {owner: _lock_of(owner) for owner in map(_owner, buffers)}
    if held:
        return _inside_another_call(function, wanted, held)
    return holding([wanted[owner] for owner in sorted(wanted)], function)


def _owner(buffer: Any) -> int:
    """Return the identity of the array that a buffer shares its memory with, or of its own."""
    base = getattr(buffer, "base", None)
    # A base of class `Memory` belongs to several arrays; see `devices.memory`.
    return id(base if type(base) is np.ndarray else buffer)


def _lock_of(owner: int) -> _Lock:
    while True:
        known = _locks.get(owner)
        if known is None:
            lock = RLock()
            # When the lock goes its entry goes with it, in one step: no thread sees a dead entry.
            known = _locks.setdefault(owner, ref(lock, partial(_locks.pop, owner)))  # type: ignore[arg-type]
        found = known()
        if found is not None:
            return found


def _owned() -> dict[int, _Lock]:
    """Return the locks that the calling thread holds."""
    in_use = [(owner, known()) for owner, known in _locks.copy().items()]
    return {owner: lock for owner, lock in in_use if lock is not None and lock._is_owned()}


def holding(locks: Sequence[AbstractContextManager[Any]], function: Callable[[], Result]) -> Result:
    """Call a function while holding some locks, acquired in the order given.

    Parameters
    ----------
    locks : sequence of threading.RLock
        All of them are released at the end, also if an interrupt comes at any moment: `with`
        statements on locks cannot be interrupted, which those of an ExitStack can.
    function : callable
        Called without arguments.

    Returns
    -------
    object
        Whatever the function returns.
    """
    if not locks:
        return function()
    if len(locks) == 1:
        with locks[0]:
            return function()
    if len(locks) == 2:
        with locks[0], locks[1]:
            return function()
    if len(locks) < 8:
        with locks[0]:
            return holding(locks[1:], function)
    with locks[0], locks[1], locks[2], locks[3], locks[4], locks[5], locks[6]:
        return holding(locks[7:], function)


def _inside_another_call(
    function: Callable[[], Result], wanted: dict[int, _Lock], held: dict[int, _Lock]
) -> Result:
    """Do so in a signal handler or finalizer, whose thread holds locks of an unfinished call."""
    if wanted.keys() <= held.keys():
        return function()
    both = held | wanted
    in_order = [both[owner] for owner in sorted(both)]
    try:
        for lock in held.values():
            lock.release()
        return holding(in_order, function)
    finally:
        for owner in sorted(held):
            if not held[owner]._is_owned():
                held[owner].acquire()


def _free_what_vanished_threads_hold() -> None:
    for known in _locks.copy().values():
        lock = known()
        if lock is not None and not lock._is_owned():
            lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_what_vanished_threads_hold)
