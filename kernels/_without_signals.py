"""Work that no signal handler may interrupt: importing Numba, and compiling.

Python runs the handlers of signals on the main thread, in the middle of whatever it does there.
An import of Numba that Ctrl-C breaks off cannot be repeated in the same process, and LLVM does not
survive a handler that compiles while it is itself at work. So the main thread has such work done by
another thread, and waits.

Changes that belong together need no other thread where each is one call of compiled code: Python
runs no handler between calls that are all made inside another one; see `at_once`.
"""

from __future__ import annotations

import _thread
import atexit
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import starmap
from operator import call
from typing import Any

_ending = False


class Always(tuple[Any, ...]):
    """A call for `at_once` that is made even if an earlier one fails; repeating it is harmless."""

    __slots__ = ()


def at_once(calls: Sequence[tuple[Any, ...]]) -> None:
    """Make calls with no interrupt, handler or other thread of Python's between them.

    Parameters
    ----------
    calls : sequence of tuple
        Functions that run no code of Python's, each followed by its arguments.
    """
    try:
        deque(starmap(call, calls), maxlen=0)
    except BaseException:
        for one in calls:
            if type(one) is Always:
                call(*one)
        raise


def run(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function on a thread on which no signal handler runs, and return its result.

    Handlers run while the main thread waits, and may use kernels. What they raise, such as
    KeyboardInterrupt, is raised once the function has returned.
    """
    if threading.get_ident() != threading.main_thread().ident:
        if _ending:
            raise RuntimeError("the interpreter is ending; kernels are no longer compiled")
        return function(*arguments)
    if _ending or sys.is_finalizing():
        return function(*arguments)  # a thread that starts now may never run
    outcome: list[tuple[Any, BaseException | None]] = []
    finished = _thread.allocate_lock()
    finished.acquire()

    def work() -> None:
        try:
            outcome.append((function(*arguments), None))
        except BaseException as failure:  # the main thread raises it
            outcome.append((None, failure))
        finally:
            finished.release()

    interrupt: BaseException | None = None
    started: list[bool] = []
    try:
        # One call: an interrupt comes before the thread is started, or while it is waited for.
        at_once([(_thread.start_new_thread, work, ()), (started.append, True), (finished.acquire,)])
    except BaseException as reason:
        if not started and isinstance(reason, (RuntimeError, MemoryError)):
            return function(*arguments)
        if not started:
            raise
        interrupt = reason
    while not outcome:
        try:
            finished.acquire()
        except BaseException as reason:
            interrupt = reason
    if interrupt is not None:
        raise interrupt
    result, failure = outcome[0]
    if failure is not None:
        raise failure
    return result


@atexit.register
def _finish() -> None:
    """Wait for the compiling thread and prevent further ones: LLVM is about to be torn down."""
    global _ending
    _ending = True
    module = sys.modules.get("numba.core.compiler_lock")
    lock = getattr(module, "global_compiler_lock", None)
    if lock is not None:
        lock.acquire()  # never released; the main thread may still compile
