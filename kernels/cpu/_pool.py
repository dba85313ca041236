"""Runs one kernel on several threads, each claiming pieces of the work until none is left.

Numba's own ``parallel=True`` is no choice for a library: its workqueue layer aborts the process
when two Python threads enter it, and its OpenMP layer kills a child forked after first use.

A participant makes a single call into compiled code, which takes piece after piece from an atomic
counter. The caller is a participant too. It never waits for a worker that has not started: when no
piece is left it withdraws the unclaimed tickets, so a busy or slow pool costs nothing but help.

It always waits for a worker that has started, also when an interrupt (Ctrl-C) or an error ends its
own share: the worker writes to memory that is freed once the caller has gone.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable

import numpy as np

from numparam.kernels import _forking, _threads  # noqa: F401 (the compiler's lock, too)

# A handoff costs about 30 microseconds, the time one thread needs for a few hundred kilobytes.
PARALLEL_BYTES = 1 << 20


class _Ticket:
    """One worker's invitation to a task.

    What the caller does with it may be broken off by an interrupt and done again.
    """

    __slots__ = ("_claims", "_finished", "arguments", "call", "done", "failure")

    def __init__(self, call: Callable, arguments: tuple) -> None:
        self.call = call
        self.arguments = arguments
        self.failure: BaseException | None = None
        self.done = False
        self._claims: list[str] = []
        self._finished = threading.Lock()
        self._finished.acquire()

    def claim(self, who: str) -> bool:
        """Whether `who` was the first to claim the ticket: then it is theirs."""
        self._claims.append(who)
        return self._claims[0] == who

    def run(self) -> None:
        try:
            self.call(*self.arguments)
        except BaseException as failure:  # the waiting thread raises it
            self.failure = failure
        finally:
            self.done = True
            self._finished.release()

    def settle(self) -> None:
        """Withdraw the ticket, or else wait until the worker that has it is done."""
        if not self.claim("caller"):
            while not self.done:
                self._finished.acquire()


class _Pool:
    """Daemon threads that wait for tickets; grows to the number that is asked for."""

    def __init__(self) -> None:
        self._tickets: queue.SimpleQueue[_Ticket] = queue.SimpleQueue()
        # Re-entrant: a signal's handler may run a kernel while its thread holds it.
        self._growth = threading.RLock()
        self._size = 0

    def invite(self, tickets: list[_Ticket]) -> None:
        if self._size < len(tickets):
            with self._growth:
                while self._size < len(tickets):
                    worker = threading.Thread(
                        target=self._work, name=f"numparam-{self._size}", daemon=True
                    )
                    try:
                        worker.start()
                    except RuntimeError:
                        break  # no more threads, or the interpreter is ending: less help
                    self._size += 1
        for ticket in tickets:
            self._tickets.put(ticket)

    def _work(self) -> None:
        _inside.worker = True
        while True:
            ticket = self._tickets.get()
            if ticket.claim("worker"):
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
    tickets = []
    # Compile on this thread first: workers that meet the compiler's lock would only queue there.
    if call.signatures:
        tickets = [_Ticket(call, (*arguments, counter)) for _ in range(helpers)]
    interrupt: BaseException | None = None
    try:
        _pool.invite(tickets)
        enter(call, *arguments, counter)
    finally:
        while True:
            try:
                for ticket in tickets:
                    ticket.settle()
                break
            except BaseException as reason:
                interrupt = reason
        if interrupt is not None:
            raise interrupt  # now that no worker is left
    for ticket in tickets:
        if ticket.failure is not None:
            raise ticket.failure


def enter(call: Callable, *arguments: object) -> object:
    """Call compiled code from the caller's thread: the one door, so that tests can count."""
    return call(*arguments)


def _after_fork_in_child() -> None:
    global _pool
    _pool = _Pool()
    _inside.worker = False
    _threads.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
