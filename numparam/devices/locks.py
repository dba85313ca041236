"""Locks on the memory of arrays, so that a copy never holds half of another thread's write.

MXNet's engine orders the reads and writes of an array. Without locks a thread that copies a
parameter while another one sets its values would get some old values and some new ones.

There is one lock for each memory that is being copied or written; it exists while someone uses it.
Whoever holds it enters it in a table, and removes it when done: a lock counts only while it is in
the table. Threads that waited for one look whether it still is, or is again. Four rules prevent
deadlocks:

* Locks are held by ``with`` statements on the lock objects themselves, in which Python delivers no
  signal between acquiring a lock and being bound to release it. An interrupt leaves no lock behind.
* Several locks are acquired in one order.
* A signal handler or finalizer may copy arrays too, while its thread is suspended in the middle of
  another copy. It takes the locks of its thread out of the table while it waits, and enters them
  again before the thread goes on: a thread never waits for a lock while it keeps another from
  someone.
* A signal handler may wait for another thread that copies, as one does that stops a worker and
  joins it. Who waits long for the main thread looks what that does; if it is in foreign code, the
  waiting thread takes its lock out of the table. What the handler interrupted has been copied by
  then, since Python runs handlers after a call into compiled code, not within.

A thread that copies without a pause would win each time, since it comes back before another one
has woken up. So who has waited in vain says so, and the next caller for that memory pauses first.
"""

from __future__ import annotations

import _thread
import os
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from operator import call
from types import FrameType
from typing import Any, Protocol, TypeVar, cast

import numpy as np

__all__ = ["ONE_STEP", "LockTable", "exclusively", "in_turn", "new_table"]

#: Number of elements up to which NumPy copies in one step of the interpreter, without a lock.
ONE_STEP = 256

Result = TypeVar("Result")


class _Lock(Protocol):
    """`threading.RLock`, with the underscored method that `threading.Condition` needs."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
    def release(self) -> None: ...
    def _is_owned(self) -> bool: ...
    def __enter__(self) -> bool: ...
    def __exit__(self, kind: Any, error: Any, traceback: Any, /) -> None: ...


# What threading.RLock() calls, in half of its time. Typeshed lacks the underscored method.
RLock: Callable[[], _Lock] = _thread.RLock  # type: ignore[assignment]

#: Locks by what they are for. Each change is one operation of a dict, since threads, signal
#: handlers and forks may come between any two. An interrupt may leave a lock here that nobody
#: holds; the next call for the same uses and removes it.
LockTable = dict[Any, _Lock]

_tables: list[LockTable] = []


def new_table() -> LockTable:
    """Return an empty table of locks; it lives as long as the process."""
    _tables.append({})
    return _tables[-1]


_locks = new_table()  # by the identity of the array that owns the memory
_new_lock: Callable[[], _Lock] = cast("Any", RLock)
# The memories for which a thread has waited in vain, and how long others pause for it, in seconds:
# long enough for a thread to wake up.
_waited_for: set[Hashable] = set()
_PAUSE = 1e-4
# Seconds until a waiting thread looks again whether a lock still counts: also long enough for
# workers to finish their last pieces of what a handler has interrupted.
_POLL = 0.02


def exclusively(function: Callable[[], Result], *buffers: Any) -> Result:
    """Call a function while no other thread is in such a call for the same memory.

    Parameters
    ----------
    function : callable
        Called without arguments. It must not wait for other threads, nor call code of the user's.
        If a signal handler interrupts it between two steps and copies arrays, or waits for a thread
        that does, other threads may get in between; so it should do its work in one call into NumPy
        or a kernel.
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
    held = _owned(_locks) if _locks else None
    if held:
        return _inside_another_call(_locks, set(map(_owner, buffers)), held, function)
    owner = _owner(buffers[0])
    if len(buffers) > 1:
        owners = {owner, *map(_owner, buffers[1:])}
        if len(owners) > 1:
            return _holding_all(_locks, owners, function)
    return _holding_one(_locks, owner, function)


def in_turn(table: LockTable, keys: set[Any], function: Callable[[], Result]) -> Result:
    """Call a function while no other thread is in such a call for one of the same keys.

    Parameters
    ----------
    table : dict
        What `new_table` returned.
    keys : set
        What is used by the function; all keys of a table can be sorted.
    function : callable
        As for `exclusively`.

    Returns
    -------
    object
        Whatever the function returns.

    Examples
    --------
    >>> from numparam.devices.locks import in_turn, new_table
    >>> printers = new_table()
    >>> in_turn(printers, {"first floor"}, lambda: 42)
    42
    """
    held = _owned(table) if table else None
    if held:
        return _inside_another_call(table, keys, held, function)
    if len(keys) == 1:
        (key,) = keys
        return _holding_one(table, key, function)
    return _holding_all(table, keys, function)


def _let_others_first(owners: Iterable[Hashable]) -> None:
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


def _owned(table: LockTable) -> LockTable:
    """Return the locks of a table that the calling thread holds."""
    return {owner: lock for owner, lock in table.copy().items() if lock._is_owned()}


def _holding_one(table: LockTable, owner: Hashable, function: Callable[[], Result]) -> Result:
    """Call a function while holding the lock of one memory."""
    if _waited_for:
        _let_others_first((owner,))
    while True:
        lock = table.setdefault(owner, made := _new_lock())
        if lock is made or _comes_free(table, owner, lock):
            with lock:
                if table.setdefault(owner, lock) is lock:
                    try:
                        return function()
                    finally:
                        if table.get(owner) is lock:
                            table.pop(owner, None)
        _waited_for.add(owner)


def _holding_all(table: LockTable, owners: Iterable[Any], function: Callable[[], Result]) -> Result:
    """Call a function while holding the locks of several memories."""
    in_order = sorted(owners)
    if _waited_for:
        _let_others_first(in_order)
    if len(in_order) == 2:  # as mostly, and faster
        one, other = in_order
        while True:
            first = table.setdefault(one, made := _new_lock())
            second = table.setdefault(other, also_made := _new_lock())
            if (first is made or _comes_free(table, one, first)) and (
                second is also_made or _comes_free(table, other, second)
            ):
                with first, second:
                    if (
                        table.setdefault(one, first) is first
                        and table.setdefault(other, second) is second
                    ):
                        try:
                            return function()
                        finally:
                            if table.get(one) is first:
                                table.pop(one, None)
                            if table.get(other) is second:
                                table.pop(other, None)
            _waited_for.update(in_order)
    results: list[Result] = []

    def run() -> None:
        if all(table.setdefault(*pair) is pair[1] for pair in pairs):
            try:
                results.append(function())
            finally:
                for owner, lock in pairs:
                    if table.get(owner) is lock:
                        table.pop(owner, None)

    while not results:
        pairs = []
        for owner in in_order:
            lock = table.setdefault(owner, made := _new_lock())
            if lock is not made and not _comes_free(table, owner, lock):
                break
            pairs.append((owner, lock))
        else:
            _holding([lock for _, lock in pairs], run)
        if not results:
            _waited_for.update(in_order)
    return results[0]


def _holding(locks: Sequence[AbstractContextManager[Any]], function: Callable[[], None]) -> None:
    """Call a function while holding some locks, acquired in the order given.

    All of them are released at the end, also if an interrupt comes at any moment: `with` statements
    on locks cannot be interrupted, which those of an ExitStack can.
    """
    if not locks:
        function()
    elif len(locks) < 8:
        with locks[0]:
            _holding(locks[1:], function)
    else:
        with locks[0], locks[1], locks[2], locks[3], locks[4], locks[5], locks[6]:
            _holding(locks[7:], function)


def _comes_free(table: LockTable, owner: Hashable, lock: _Lock) -> bool:
    """Wait until a lock is free or counts no longer; return whether it still counts."""
    while table.get(owner) is lock:
        acquired: list[int] = []
        steps: tuple[Callable[[], object], ...] = (
            partial(lock.acquire, True, _POLL),
            partial(acquired.__iadd__, (1,)),
            lock.release,
        )
        # One call of compiled code, so that no interrupt comes while the lock is held.
        all(map(call, steps))
        if acquired:
            return table.get(owner) is lock
        if _is_held_by_suspended_code(lock):
            table.pop(owner, None)
    return False


def _is_held_by_suspended_code(lock: _Lock) -> bool:
    """Return whether the main thread holds a lock and is in a signal handler or debugger now."""
    main = threading.main_thread().ident
    if main == threading.get_ident() or f" owner={main} " not in repr(lock):
        return False
    frame: FrameType | None = sys._current_frames().get(main or 0)
    while frame is not None and frame.f_globals is not globals():
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package in _WAITING or not (package in _OWN or package in sys.stdlib_module_names):
            return True
        frame = frame.f_back
    return False


_OWN = {__name__.partition(".")[0], "numpy", "numba", "llvmlite"}
# Modules of Python that handlers wait in, and nothing else does that holds a lock.
_WAITING = {"asyncio", "concurrent", "multiprocessing", "queue", "subprocess", "threading"}


def _inside_another_call(
    table: LockTable, wanted: set[Any], held: LockTable, function: Callable[[], Result]
) -> Result:
    """Do it in a signal handler or finalizer, whose thread holds locks of an unfinished call."""
    if wanted <= held.keys():
        return function()
    try:
        for owner, lock in held.items():
            if table.get(owner) is lock:
                table.pop(owner, None)
        return _holding_all(table, wanted | held.keys(), function)
    finally:
        for owner, lock in held.items():
            _enter_again(table, owner, lock)


def _enter_again(table: LockTable, owner: Hashable, lock: _Lock) -> None:
    """Make the lock that an unfinished call holds count again."""
    while (other := table.setdefault(owner, lock)) is not lock:
        if _comes_free(table, owner, other):
            with other:
                if table.get(owner) is other:
                    table[owner] = lock


def _forget_what_vanished_threads_hold() -> None:
    for table in _tables:
        for owner, lock in table.copy().items():
            if not lock._is_owned():
                table.pop(owner, None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_what_vanished_threads_hold)
