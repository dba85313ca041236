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

Whoever holds the lock of a memory enters it in a table, and removes it when done. So a lock counts
only while it is in the table: threads that waited for one look whether it still is, or is again.
A thread that copies without a pause would win each time, since it comes back before another one
has woken up. So who has waited in vain says so, and the next caller for that memory pauses first.
"""

from __future__ import annotations

import _thread
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar, cast

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


# What threading.RLock() calls, in half of its time. Typeshed lacks the underscored methods.
RLock: Callable[[], _Lock] = _thread.RLock  # type: ignore[assignment]

# By the identity of the array that owns the memory. Each change is one operation of a dict, since
# threads, signal handlers and forks may come between any two. An interrupt may leave a lock here
# that nobody holds; the next call for its memory uses and removes it.
_locks: dict[int, _Lock] = {}
_new_lock: Callable[[], _Lock] = cast("Any", RLock)
# The memories for which a thread has waited in vain, and how long others pause for it, in seconds:
# long enough for a thread to wake up.
_waited_for: set[int] = set()
_PAUSE = 1e-4


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
    if held:
        return _inside_another_call(function, set(map(_owner, buffers)), held)
    owner = _owner(buffers[0])
    if len(buffers) > 1:
        owners = {owner, *map(_owner, buffers[1:])}
        if len(owners) > 1:
            return _holding_all(owners, function)
    if _waited_for:
        _let_others_first((owner,))
    while True:
        lock = _locks.setdefault(owner, _new_lock())
        with lock:
            if _locks.setdefault(owner, lock) is lock:
                try:
                    return function()
                finally:
                    _locks.pop(owner, None)
        _waited_for.add(owner)


def _let_others_first(owners: Iterable[int]) -> None:
    """Pause if a thread has waited for one of these memories in vain."""
    wanted = _waited_for.intersection(owners)
    if wanted:
        _waited_for.difference_update(wanted)
        time.sleep(_PAUSE)
    elif len(_waited_for) > 64:  # most of them left by threads that have been served since
        _waited_for.clear()


def _owner(buffer: Any) -> int:
    """Return the identity of the array that a buffer shares its memory with, or of its own."""
    base = getattr(buffer, "base", None)
    # A base of class `Memory` belongs to several arrays; see `devices.memory`.
    return id(base if type(base) is np.ndarray else buffer)


def _owned() -> dict[int, _Lock]:
    """Return the locks that the calling thread holds."""
    return {owner: lock for owner, lock in _locks.copy().items() if lock._is_owned()}


def _holding_all(owners: Iterable[int], function: Callable[[], Result]) -> Result:
    """Call a function while holding the locks of several memories."""
    in_order = sorted(owners)
    if _waited_for:
        _let_others_first(in_order)
    if len(in_order) == 2:  # as mostly, and faster
        one, other = in_order
        while True:
            first, second = (
                _locks.setdefault(one, _new_lock()),
                _locks.setdefault(other, _new_lock()),
            )
            with first, second:
                if (
                    _locks.setdefault(one, first) is first
                    and _locks.setdefault(other, second) is second
                ):
                    try:
                        return function()
                    finally:
                        _locks.pop(one, None)
                        _locks.pop(other, None)
            _waited_for.update(in_order)
    results: list[Result] = []

    def call() -> None:
        if all(_locks.setdefault(*pair) is pair[1] for pair in pairs):
            try:
                results.append(function())
            finally:
                for owner in in_order:
                    _locks.pop(owner, None)

    while not results:
        pairs = [(owner, _locks.setdefault(owner, _new_lock())) for owner in in_order]
        holding([lock for _, lock in pairs], call)
        if not results:
            _waited_for.update(in_order)
    return results[0]


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
    function: Callable[[], Result], wanted: set[int], held: dict[int, _Lock]
) -> Result:
    """Do it in a signal handler or finalizer, whose thread holds locks of an unfinished call."""
    if wanted <= held.keys():
        return function()
    try:
        for lock in held.values():
            lock.release()
        return _holding_all(wanted | held.keys(), function)
    finally:
        for owner in sorted(held):
            _get_back(owner, held[owner])


def _get_back(owner: int, lock: _Lock) -> None:
    """Acquire the lock that an unfinished call had for a memory, and make it count again."""
    if not lock._is_owned():
        lock.acquire()
    while (other := _locks.setdefault(owner, lock)) is not lock:
        with other:
            if _locks.get(owner) is other:
                _locks[owner] = lock


def _free_what_vanished_threads_hold() -> None:
    for lock in _locks.copy().values():
        if not lock._is_owned():
            lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_what_vanished_threads_hold)
