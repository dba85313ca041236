"""The write protection of the process's memory."""

from __future__ import annotations

__all__ = ["may_be_written"]

_MAPS = "/proc/self/maps"


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
        where the system does not list the pages (it is not Linux).
    """
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
