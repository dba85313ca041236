"""Work that no signal handler may interrupt: importing Numba, and compiling.

Python runs the handlers of signals on the main thread, in the middle of whatever it does there.
An import of Numba that Ctrl-C breaks off cannot be repeated in the same process, and LLVM does not
survive a handler that compiles while it is itself at work. So the main thread has such work done by
another thread, and waits.
"""

from __future__ import annotations

import _thread
import atexit
import sys
import threading
from collections.abc import Callable
from typing import Any

_ending = False


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

    try:
        _thread.start_new_thread(work, ())
    except (RuntimeError, MemoryError):
        return function(*arguments)
    interrupt: BaseException | None = None
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
