"""How busy the machine is with other work."""

from __future__ import annotations

import hashlib
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

#: A slowdown from which the machine counts as busy, and missed aims are not reported.
BUSY = 1.3

_BLOCK = bytes(1 << 20)
_SAMPLES = 3


class Load:
    """Times a fixed job on all threads again and again, and compares with its fastest time.

    The job hashes a megabyte on each thread, in about a millisecond. On a quiet machine the times
    differ by a few percent. Other processes, or other virtual machines on the same host, slow some
    of them, whatever the operating system reports as its load.

    Parameters
    ----------
    threads : int
        Number of threads that the contenders use.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)
        self._times: list[float] = []
        self._fastest = min(self._job() for _ in range(50))

    def begin(self) -> None:
        """Forget the samples so far, though not the fastest time."""
        self._times = []

    def sample(self) -> None:
        """Take a few samples."""
        time.sleep(0.002)  # lets spinning threads of a contender go to sleep
        self._times += [self._job() for _ in range(_SAMPLES)]
        self._fastest = min(self._fastest, *self._times)

    def slowdown(self) -> float:
        """Return the median of the samples since `begin` over the fastest time of all."""
        return statistics.median(self._times) / self._fastest if self._times else 1.0

    def _job(self) -> float:
        start = time.perf_counter()
        list(self._pool.map(_hash, range(self._threads)))
        return time.perf_counter() - start


def _hash(_: int) -> None:
    hashlib.sha256(_BLOCK).digest()
