"""Imports of kernels at their first use, which no signal handler and no fork meets half way."""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType

from numparam.kernels import _forking, _without_signals
from numparam.kernels._callers import warn_caller

__all__ = ["check_imports_work", "import_kernels", "notify"]

_this_thread = threading.local()


def import_kernels(name: str) -> ModuleType:
    """Import a module of kernels.

    It is imported on a thread that the main thread waits for. A signal handler that runs meanwhile
    may wait for a thread that forks: the main thread holds no lock that a fork needs.

    Raises
    ------
    ImportError
        If the interpreter is ending and imports nothing any more.
    """
    check_imports_work()
    notices: list[str] = []
    module: ModuleType = _without_signals.run(_import, name, notices)
    for message in notices:
        warn_caller(message, RuntimeWarning)
    return module


def check_imports_work() -> None:
    """Raise ImportError, with advice, once the interpreter is ending and imports nothing more."""
    if sys.meta_path is None:
        raise ImportError(
            "the interpreter is ending, and what this needs can no longer be imported. Do it "
            "earlier: in a function registered with atexit, or before the last line. Saving "
            "parameters as .params works even now"
        )


def _import(name: str, notices: list[str]) -> ModuleType:
    outer = getattr(_this_thread, "notices", None)
    _this_thread.notices = notices
    try:
        with _forking.importing:
            return importlib.import_module(name)
    finally:
        _this_thread.notices = outer


def notify(message: str) -> None:
    """Issue a RuntimeWarning about something that an import of kernels found.

    During `import_kernels` it waits until the import is done, and is issued by the thread that
    asked for it, so that it points at the user's line.
    """
    notices = getattr(_this_thread, "notices", None)
    if notices is None:
        warn_caller(message, RuntimeWarning)
    else:
        notices.append(message)
