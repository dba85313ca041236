"""Runs one kernel on several threads, each claiming pieces of the work until none is left.

Numba's own ``parallel=True`` is no choice for a library: its workqueue layer aborts the process
when two Python threads enter it, and its OpenMP layer kills a child forked after first use.

A participant makes a single call into compiled code, which takes piece after piece from an atomic
counter. The caller is a participant too. It never waits for a worker that has not started: when no
piece is left it withdraws the unclaimed tickets, so a busy or slow pool costs nothing but help.

It always waits for a worker that has started, also when an interrupt (Ctrl-C) or an error ends its
own share: the worker writes to memory that is freed once the caller has gone. Python handles
signals between instructions, and at the ends of calls, but not between the end of a ``try`` block
and the first call of its ``finally``. So that first call is all of the waiting: one call of
compiled code, which no signal ends.
"""

from __future__ import annotations

import _thread
import functools
import operator
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from numparam.kernels import _forking, _threads  # noqa: F401 (the compiler's lock, too)
from numparam.kernels._without_signals import Always
from numparam.kernels.cpu._jit import kernel

# A handoff costs about 30 microseconds, the time one thread needs for a few hundred kilobytes.
PARALLEL_BYTES = 1 << 20

ALL_CLAIMED = 1 << 40  # more than any task has pieces
_CLOSED = 1 << 32  # added to the number of helpers at work once nobody may join them
YIELDS = 64  # how often a waiting caller lets others run before it sleeps


@intrinsic
def changed(typing_context, cells, amount):
    """Add to the second of two shared int64 numbers atomically, and return its old value."""

    def codegen(context, builder, signature, arguments):
        array = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [ir.Constant(ir.IntType(64), 1)])
        return builder.atomic_rmw("add", place, arguments[1], "acq_rel")

    return types.int64(cells, types.int64), codegen


@intrinsic
def rest(typing_context, long):
    """Yield to other threads; if `long`, for a tenth of a millisecond."""
    yielding = next((x for x in ("sched_yield", "SwitchToThread") if _exists(x)), None)

    def codegen(context, builder, signature, arguments):
        i32 = ir.IntType(32)

        def call(name, *numbers):
            kind = ir.FunctionType(i32, [i32] * len(numbers))
            function = cgutils.get_or_insert_function(builder.module, kind, name)
            builder.call(function, [ir.Constant(i32, number) for number in numbers])

        with builder.if_else(arguments[0]) as (longer, shorter):
            with longer:
                if _exists("usleep"):
                    call("usleep", 100)
                elif yielding:
                    call(yielding)
            with shorter:
                if yielding:
                    call(yielding)
        return context.get_dummy_value()

    return types.void(types.boolean), codegen


def _exists(name: str) -> bool:
    return llvm.address_of_symbol(name) is not None


@kernel
def _join(cells):
    """Return whether a worker may help; if so it must `_leave` later."""
    if changed(cells, 1) < _CLOSED:
        return True
    changed(cells, -1)
    return False


@kernel
def _leave(cells):
    changed(cells, -1)


@kernel
def _close(cells):
    """Prevent further helpers from joining, and wait until those at work have left."""
    if changed(cells, 0) < _CLOSED:  # once
        changed(cells, _CLOSED)
    rests = 0
    while changed(cells, 0) != _CLOSED:
        rest(rests >= YIELDS)
        rests += 1


@functools.cache
def _compile_all() -> None:
    cells = np.zeros(2, np.int64)
    _join(cells)
    _leave(cells)
    _close(cells)


class _Task:
    """One call of `run`, as its helpers see it."""

    __slots__ = ("arguments", "call", "cells", "failures")

    def __init__(self, call: Callable, arguments: tuple, cells: np.ndarray) -> None:
        self.call = call
        self.arguments = arguments
        self.cells = cells
        self.failures: list[BaseException] = []

    def help(self) -> None:
        if not _join(self.cells):
            return
        try:
            self.call(*self.arguments, self.cells)
        except BaseException as failure:  # the caller raises it
            self.failures.append(failure)
        finally:
            _leave(self.cells)


class _Pool:
    """Daemon threads that wait for tasks; grows to the number that is asked for.

    Without a lock, which a thread may hold that never runs again: two callers that make it grow at
    once may start a thread more than they need.
    """

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        self.put = self._tasks.put
        self._started: list[None] = []

    def invite(self, task: _Task, helpers: int) -> None:
        self.grow(helpers)
        for _ in range(helpers):
            self.put(task)

    def grow(self, helpers: int) -> None:
        """Start threads until there are as many as are asked for, or no more can be started."""
        while len(self._started) < helpers and not sys.is_finalizing():
            self._started.append(None)
            try:
                # `threading.Thread.start` would wait until the thread runs, which may be never.
                _thread.start_new_thread(self._work, ())
            except (RuntimeError, MemoryError):
                self._started.pop()
                break  # less help

    def _work(self) -> None:
        _inside.worker = True
        while True:
            task = self._tasks.get()
            task.help()
            del task  # it holds the arrays of its caller


_inside = threading.local()
_pool = _Pool()


def run(call: Any, *arguments: object, nbytes: int, pieces: int) -> None:
    """Run ``call(*arguments, counter)`` on as many threads as the amount of work justifies.

    Parameters
    ----------
    call : callable
        A jitted function that claims pieces from `counter` (an int64 array whose first element is
        zero at the start) until it gets `pieces` or more. Its result must not depend on who does
        what.
    *arguments
        Its other arguments.
    nbytes : int
        Bytes that the whole task moves; a small task stays on the caller's thread.
    pieces : int
        Number of pieces that can be claimed.
    """
    # The next piece, and how many helpers are at work.
    cells = np.zeros(2, np.int64)
    helpers = 0 if nbytes < PARALLEL_BYTES else _helpers(pieces)  # no call for small work
    # What is not compiled yet, this thread compiles: workers would only queue for the compiler.
    if helpers <= 0 or not call.signatures:
        enter(call, *arguments, cells)
        return
    _compile_all()
    task = _Task(call, arguments, cells)
    try:
        _pool.invite(task, helpers)
        enter(call, *arguments, cells)
    finally:
        _close(cells)  # nothing may come before it; see the top of this file
    if task.failures:
        raise task.failures[0]


def calls(call: Any, *arguments: object, nbytes: int, pieces: int) -> list[tuple[Any, ...]]:
    """Return what `run` does as calls for `_without_signals.at_once`.

    Parameters
    ----------
    call, *arguments, nbytes, pieces
        As for `run`.

    Returns
    -------
    list of tuple
        Calls of compiled code, to be made once. Until then nothing is changed.
    """
    if not call.signatures:
        # Compile it: Python's code runs for that. There is nothing left to claim.
        enter(call, *arguments, np.array([ALL_CLAIMED, 0], np.int64))
    cells = np.zeros(2, np.int64)
    helpers = 0 if nbytes < PARALLEL_BYTES else _helpers(pieces)
    if helpers <= 0:
        return [(enter, call, *arguments, cells)]
    _compile_all()
    _pool.grow(helpers)
    task = _Task(call, arguments, cells)
    return [
        *[(_pool.put, task)] * helpers,
        (enter, call, *arguments, cells),
        Always((_close, cells)),
    ]


def _helpers(pieces: int) -> int:
    """Return how many threads help with a task that is large enough for several."""
    if pieces <= 1 or getattr(_inside, "worker", False):
        return 0
    return min(_threads.num_threads(), pieces) - 1


#: Calls compiled code on the caller's thread. All calls pass here, so that tests can count.
enter: Callable[..., Any] = operator.call


def _after_fork_in_child() -> None:
    global _pool
    _pool = _Pool()
    _inside.worker = False
    _threads.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
