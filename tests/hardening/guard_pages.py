"""Run tests with a page that nobody may touch right behind, or before, every array's memory.

A kernel that reads or writes one element outside an array ends the process, and the traceback names
the test. Memory that was freed is unmapped, so that its use is seen, too::

    python tests/hardening/guard_pages.py                    # the kernels' tests, pages behind
    python tests/hardening/guard_pages.py --before tests/kernels/test_cast.py -k float16

What is not an option of this command is passed to pytest. The arrays are those that NumPy allocates
in the main thread: sources, targets and results. It needs `mmap`, as on Linux and macOS.
"""

from __future__ import annotations

import argparse
import ctypes
import mmap
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

_ROOT = Path(__file__).parents[2]
_PAGE = mmap.PAGESIZE
_FAILED = ctypes.c_void_p(-1).value
_SET_HANDLER = 304  # PyDataMem_SetHandler in the table of NumPy's functions, since 1.22

_ALLOCATE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_CLEARED = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)
_RESIZE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_FREE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


class _Handler(ctypes.Structure):
    """NumPy's ``PyDataMem_Handler``."""

    _fields_ = (
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        ("malloc", _ALLOCATE),
        ("calloc", _CLEARED),
        ("realloc", _RESIZE),
        ("free", _FREE),
    )


class GuardedMemory:
    """An allocator whose memory ends, or begins, at a page that nobody may touch.

    Parameters
    ----------
    before : bool
        Whether the page is before the memory.
    """

    def __init__(self, before: bool) -> None:
        self._before = before
        self._system = ctypes.CDLL(None, use_errno=True)
        self._system.mmap.restype = ctypes.c_void_p
        self._system.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3]
        self._system.mmap.argtypes += [ctypes.c_long]
        self._system.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self._system.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        # For each address that was handed out: where its pages begin, their bytes, and its own.
        self.held: dict[int, tuple[int, int, int]] = {}

    def allocate(self, nbytes: int) -> int | None:
        """Return the address of memory of so many bytes, which are zero."""
        pages = max(1, -(-nbytes // _PAGE)) + 1
        anywhere = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        both = mmap.PROT_READ | mmap.PROT_WRITE
        base = self._system.mmap(None, pages * _PAGE, both, anywhere, -1, 0)
        if base in (None, _FAILED):
            return None
        if self._before:
            guard, address = base, base + _PAGE
        else:
            guard = base + (pages - 1) * _PAGE
            address = guard - nbytes  # as aligned as elements of which nbytes is a multiple
        self._system.mprotect(guard, _PAGE, 0)
        self.held[address] = base, pages * _PAGE, nbytes
        return address

    def resize(self, address: int | None, nbytes: int) -> int | None:
        """Move memory into as many bytes."""
        moved = self.allocate(nbytes)
        if address and moved:
            ctypes.memmove(moved, address, min(nbytes, self.held[address][2]))
            self.free(address)
        return moved

    def free(self, address: int | None) -> None:
        """Unmap memory."""
        if address:
            base, nbytes, _ = self.held.pop(address)
            self._system.munmap(base, nbytes)

    def install(self) -> None:
        """Let NumPy allocate arrays of this thread here, for the rest of the process."""
        self._handler = _Handler(
            b"guard pages", 1, None,
            _ALLOCATE(lambda _, nbytes: self.allocate(nbytes)),
            _CLEARED(lambda _, count, nbytes: self.allocate(count * nbytes)),
            _RESIZE(lambda _, address, nbytes: self.resize(address, nbytes)),
            _FREE(lambda _, address, nbytes: self.free(address)),
        )  # fmt: skip
        api = ctypes.pythonapi
        api.PyCapsule_New.restype = ctypes.py_object
        api.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        api.PyCapsule_GetPointer.restype = ctypes.c_void_p
        api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
        self._name = b"mem_handler"
        capsule = api.PyCapsule_New(ctypes.addressof(self._handler), self._name, None)
        table = api.PyCapsule_GetPointer(_numpy_functions(), None)
        entry = ctypes.c_void_p.from_address(table + _SET_HANDLER * ctypes.sizeof(ctypes.c_void_p))
        install = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(entry.value)
        install(capsule)
        _kept.append(self)  # arrays may outlive all else


_kept: list[GuardedMemory] = []  # never freed: arrays that still live are freed by it


def _numpy_functions() -> object:
    module: ModuleType = np._core._multiarray_umath  # type: ignore[attr-defined]
    return module._ARRAY_API


def main(arguments: list[str]) -> int:
    """Run pytest on guarded memory and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument("--before", action="store_true", help="pages before the memory, not behind")
    options, rest = parser.parse_known_args(arguments)
    GuardedMemory(options.before).install()
    if not any(not argument.startswith("-") and Path(argument.split("::")[0]).exists()
               for argument in rest):  # fmt: skip
        rest.append(str(_ROOT / "tests" / "kernels"))
    return int(pytest.main(["-q", "-n", "0", f"--rootdir={_ROOT}", *rest]))


if __name__ == "__main__":
    sys.path.insert(0, str(_ROOT))
    sys.exit(main(sys.argv[1:]))
