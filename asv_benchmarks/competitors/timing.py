"""How a call is timed: a function of the number of calls, which returns seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Makes the given number of calls and returns the seconds they took.
Timed = Callable[[int], float]


def timed(call: Callable[[], object]) -> Timed:
    """Return a function that times calls of `call`."""

    def run(repeats: int) -> float:
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        return time.perf_counter() - start

    return run
