"""The write protection of the process's memory."""

from __future__ import annotations

import ctypes
import functools
import mmap
import sys
from collections.abc import Callable

__all__ = ["may_be_written"]

_MAPS = "/proc/self/maps"
_POPULATE_WRITE = 23  # MADV_POPULATE_WRITE: since Linux 5.14; it changes no contents
_WHOLE = 1 << 18  # bytes up to which all pages are tried, not only the first and the last one


def may_be_written(start: int, stop: int) -> bool:
    """Return whether the process may write to a range of its memory.

    Parameters
    ----------
    start, stop : int
        The first address, and the one after the last.

    Returns
    -------
    bool
        False if a page of it is read-only, as those of a file that is mapped for reading. True
        where the system does not list the pages (it is not Linux). Of a long range that lies in
        one mapping, as the memory of arrays does, only the ends are looked at.

    Notes
    -----
    Linux makes pages ready for writing in a microsecond, or fails if they are read-only. The list
    of pages, which takes milliseconds to read, is only asked where that fails.
    """
    ask = _populating()
    if ask is not None:
        page = mmap.PAGESIZE
        first, end = start // page * page, -(-stop // page) * page
        if end - first <= _WHOLE:
            ranges = [(first, end - first)]
        else:
            ranges = [(first, page), (end - page, page)]
        if all(ask(*span) for span in ranges):
            return True
    return _is_listed_as_writable(start, stop)


@functools.cache
def _populating() -> Callable[[int, int], bool] | None:
    """Return what makes pages ready for writing, and says whether it could; None if nothing."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        madvise = ctypes.CDLL(None).madvise
    except (OSError, AttributeError):
        return None
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    madvise.restype = ctypes.c_int
    return lambda address, length: madvise(address, length, _POPULATE_WRITE) == 0


def _is_listed_as_writable(start: int, stop: int) -> bool:
    try:
        with open(_MAPS, "rb") as file:
            regions = file.read().splitlines()
    except OSError:
        return True
    for region in regions:
        bounds, permissions = region.split(maxsplit=2)[:2]
        low, high = (int(bound, 16) for bound in bounds.split(b"-"))
        if low < stop and start < high and permissions[1:2] != b"w":
            return False
    return True
