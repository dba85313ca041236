"""Runs one kernel on several threads, each claiming pieces of the work until none is left.

Numba's own ``parallel=True`` is no choice for a library: its workqueue layer aborts the process
when two Python threads enter it, and its OpenMP layer kills a child forked after first use.

A participant makes a single call into compiled code, which takes piece after piece from an atomic
counter. The caller is a participant too. It never waits for a worker that has not started: when no
piece is left it withdraws the unclaimed tickets, so a busy or slow pool costs nothing but help.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable

import numpy as np
from numba.core.compiler_lock import global_compiler_lock

from numparam.kernels import _threads

# A handoff costs about 30 microseconds, the time one thread needs for a few hundred kilobytes.
PARALLEL_BYTES = 1 << 20


class _Ticket:
    """One worker's invitation to a task."""

    __slots__ = ("_claimed", "arguments", "call", "done", "failure")

    def __init__(self, call: Callable, arguments: tuple) -> None:
        self.call = call
        self.arguments = arguments
        self.failure: BaseException | None = None
        self._claimed = threading.Lock()
        self.done = threading.Lock()
        self.done.acquire()

    def claim(self) -> bool:
        """Whether the caller of this method is the first: then it owns the ticket."""
        return self._claimed.acquire(blocking=False)

    def run(self) -> None:
        try:
            self.call(*self.arguments)
        except BaseException as failure:  # the waiting thread raises it
            self.failure = failure
        finally:
            self.done.release()


class _Pool:
    """Daemon threads that wait for tickets; grows to the number that is asked for."""

    def __init__(self) -> None:
        self._tickets: queue.SimpleQueue[_Ticket] = queue.SimpleQueue()
        self._growth = threading.Lock()
        self._size = 0

    def invite(self, tickets: list[_Ticket]) -> None:
        if self._size < len(tickets):
            with self._growth:
                while self._size < len(tickets):
                    threading.Thread(
                        target=self._work, name=f"numparam-{self._size}", daemon=True
                    ).start()
                    self._size += 1
        for ticket in tickets:
            self._tickets.put(ticket)

    def _work(self) -> None:
        _inside.worker = True
        while True:
            ticket = self._tickets.get()
            if ticket.claim():
                ticket.run()
            del ticket  # it holds the arrays of its task


_inside = threading.local()
_pool = _Pool()


def run(call: Callable, *arguments: object, nbytes: int, pieces: int) -> None:
    """Run ``call(*arguments, counter)`` on as many threads as the work deserves.

    Parameters
    ----------
    call : callable
        A jitted function that claims pieces from `counter` (an int64 array of one element, zero at
        the start) until it gets `pieces` or more. Its result must not depend on who does what.
    *arguments
        Its other arguments.
    nbytes : int
        Bytes that the whole task moves; a small task stays on the caller's thread.
    pieces : int
        Number of pieces that can be claimed.
    """
    counter = np.zeros(1, np.int64)
    helpers = 0
    if nbytes >= PARALLEL_BYTES and pieces > 1 and not getattr(_inside, "worker", False):
        helpers = min(_threads.num_threads(), pieces) - 1
    if helpers <= 0:
        enter(call, *arguments, counter)
        return
    # Compile on this thread first: workers that meet the compiler's lock would only queue there.
    tickets = [_Ticket(call, (*arguments, counter)) for _ in range(helpers)]
    if call.signatures:
        _pool.invite(tickets)
    else:
        tickets = []
    try:
        enter(call, *arguments, counter)
    finally:
        started = [ticket for ticket in tickets if not ticket.claim()]
        for ticket in started:
            ticket.done.acquire()
    for ticket in started:
        if ticket.failure is not None:
            raise ticket.failure


def enter(call: Callable, *arguments: object) -> object:
    """Call compiled code from the caller's thread: the one door, so that tests can count."""
    return call(*arguments)


def _before_fork() -> None:
    # A child forked while another thread compiles would inherit the compiler's lock, held for ever.
    global_compiler_lock.acquire()


def _after_fork_in_parent() -> None:
    global_compiler_lock.release()


def _after_fork_in_child() -> None:
    global _pool
    _pool = _Pool()
    _inside.worker = False
    _threads.renew_lock()
    global_compiler_lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
