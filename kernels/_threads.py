"""How many threads the CPU kernels may use: a process-wide, locked setting."""

from __future__ import annotations

import os
import threading

_lock = threading.RLock()  # re-entrant: a signal handler may ask while its thread holds the lock
_chosen: int | None = None


def _available() -> int:
    """Return the number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def num_threads() -> int:
    """Return the number of threads that one CPU kernel call may use, the caller's included.

    Returns
    -------
    int
        The number set by `set_num_threads`; without one, the environment variable
        ``NUMPARAM_NUM_THREADS``; without that, the number of processors that this process may run
        on.

    Examples
    --------
    >>> from numparam import kernels
    >>> kernels.num_threads() >= 1
    True
    """
    global _chosen
    chosen = _chosen
    if chosen is None:
        with _lock:
            if _chosen is None:
                _chosen = _from_environment()
            chosen = _chosen
    return chosen


def _from_environment() -> int:
    text = os.environ.get("NUMPARAM_NUM_THREADS")
    if not text:
        return _available()
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(
            f"the environment variable NUMPARAM_NUM_THREADS is {text!r}; "
            "set it to a whole number of threads, at least 1, or unset it"
        )
    return int(text)


def set_num_threads(count: int) -> int:
    """Set how many threads one CPU kernel call may use; results do not depend on it.

    Parameters
    ----------
    count : int
        At least 1; the calling thread is one of them.

    Returns
    -------
    int
        The previous number.

    Raises
    ------
    ValueError
        If `count` is not a positive whole number.

    Examples
    --------
    >>> from numparam import kernels
    >>> before = kernels.set_num_threads(2)
    >>> kernels.num_threads()
    2
    >>> kernels.set_num_threads(before)
    2
    """
    global _chosen
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"the number of threads must be a whole number, at least 1, not {count!r}")
    previous = num_threads()
    with _lock:
        _chosen = count
    return previous


def renew_lock() -> None:
    """Replace the lock in a forked child: a thread of the parent may have held it."""
    global _lock
    _lock = threading.RLock()
