"""How busy the machine is with other work."""

from __future__ import annotations

import hashlib
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

#: From this slowdown on, the machine counts as busy, and aims are not judged as missed.
BUSY = 1.3

_BLOCK = bytes(2 << 20)
_SAMPLES = 3


class Load:
    """Times a fixed job on all threads again and again.

    The job hashes two megabytes on each thread, in a few milliseconds. Other processes slow it in
    two ways: threads wait for a core, so that the job takes longer than the processor time that
    it uses; and threads run more slowly, so that it takes longer than at its fastest. The first
    shows even if the machine has never been quiet, and the second even if it is another virtual
    machine that uses the cores.

    Parameters
    ----------
    threads : int
        Number of threads that the contenders use.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)
        self._fastest = float("inf")
        self.begin()
        for _ in range(10):
            self.sample()

    def begin(self) -> None:
        """Forget the samples so far, though not the fastest time."""
        self._times: list[float] = []
        self._waits: list[float] = []

    def sample(self) -> None:
        """Take a few samples."""
        time.sleep(0.002)  # lets spinning threads of a contender go to sleep
        for _ in range(_SAMPLES):
            start = time.perf_counter()
            used = max(self._pool.map(_hash, range(self._threads)))
            taken = time.perf_counter() - start
            self._times.append(taken)
            self._waits.append(taken / used)
            self._fastest = min(self._fastest, taken)

    def slowdown(self) -> float:
        """Return how many times as long as on a quiet machine the samples since `begin` took."""
        if not self._times:
            return 1.0
        waiting = statistics.median(self._waits)
        return max(1.0, waiting, statistics.median(self._times) / self._fastest)


def _hash(_: int) -> float:
    """Do one thread's share; return the processor time used."""
    start = time.thread_time()
    hashlib.sha256(_BLOCK).digest()
    return max(time.thread_time() - start, 1e-6)
