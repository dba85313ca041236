"""Pages of files that are mapped into memory."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from functools import cache

import numpy as np

__all__ = ["release_pages"]


def release_pages(array: np.ndarray) -> None:
    """Let the system take back the memory of a mapped file's pages; it is read again when needed.

    Without this, the memory of a process seems to grow by all of a file that it passes through.

    Parameters
    ----------
    array : numpy.ndarray
        A contiguous part of the mapping of a file: of one that others see too, or of a private one
        that was not written to. Never other memory, which would lose its contents.

    Notes
    -----
    Only pages that lie within the array as a whole are released. Does nothing where the system has
    no ``madvise``.
    """
    address = array.ctypes.data
    begin = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE
    length = (address + array.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE - begin
    if length > 0:
        _advise()(begin, length)


@cache
def _advise() -> Callable[[int, int], object]:
    try:
        madvise, not_needed = ctypes.CDLL(None).madvise, mmap.MADV_DONTNEED
    except (AttributeError, OSError, TypeError):  # Windows has none
        return lambda address, length: None
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    madvise.restype = ctypes.c_int
    return lambda address, length: madvise(address, length, not_needed)
