"""Delays `fork` while this package is being imported or a kernel is being compiled.

A child forked in the middle of either inherits locks that nobody in it will ever release: those of
half-imported modules, and the compiler's.
"""

from __future__ import annotations

import contextlib
import importlib
import logging  # noqa: F401
import os
import sys
import threading
from typing import Any

__all__ = ["importing"]

#: Held by a thread that imports kernels at their first use.
importing = threading.RLock()

_compiler_locks: list[Any] = []


def _wait_for_imports() -> None:
    # Most modules are imported at their first use, by the first thread that uses them.
    package = __name__.partition(".")[0]
    # Python's own table: a module is in it before it is in sys.modules.
    locked = getattr(sys.modules.get("_frozen_importlib"), "_module_locks", ())
    for name in list(locked):
        if name.partition(".")[0] == package:
            with contextlib.suppress(Exception):  # The importing thread raises it.
                importlib.import_module(name)


def _before_fork() -> None:
    _wait_for_imports()  # While no lock is held: an import may need any of the locks below.
    # The order in which an import takes them. Numba may have been imported while we waited.
    importing.acquire()
    module = sys.modules.get("numba.core.compiler_lock")
    compiler_lock = getattr(module, "global_compiler_lock", None)
    if compiler_lock is not None:
        compiler_lock.acquire()
        _compiler_locks.append(compiler_lock)


def _after_fork() -> None:
    if _compiler_locks:
        _compiler_locks.pop().release()
    importing.release()


# Importing Numba also takes the lock of `logging`, and so does a fork. Handlers run latest first:
# that module has registered its own by now, so that the two locks are taken in one order.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
