"""Runs the contenders of a row in turns, so that a busy machine is busy for all of them."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from comparison.case import MEBI, Case, Timed
from comparison.limits import Limits
from comparison.mxnet_client import MXNet

_SHORT = 1e-3  # seconds: a shorter call is repeated until a measurement is as long
_LARGE = 16 * MEBI  # bytes: what a call of fewer moves stays in caches, as it would in use


@dataclass
class Bench:
    """The contenders present, and how to time them.

    Attributes
    ----------
    threads : int
        That each contender may use.
    limits : Limits
        The C loops.
    torch : module or None
        PyTorch, if it can be imported.
    mxnet : MXNet or None
        MXNet, in another process.
    rounds : int
        How often each contender's turn comes.
    seconds : float
        After how long a row is cut short, though not before three rounds.
    """

    threads: int
    limits: Limits
    torch: ModuleType | None
    mxnet: MXNet | None
    rounds: int = 15
    seconds: float = 20.0

    def __post_init__(self) -> None:
        self._other = np.ones(64 * MEBI, np.uint8)

    def in_mxnet(self, function: str, /, **arguments: Any) -> Timed | None:
        """Prepare a function of ``mxnet_worker.py``, if MXNet is there."""
        return None if self.mxnet is None else self.mxnet.prepare(function, arguments)

    def measure(self, case: Case) -> dict[str, list[float]]:
        """Return the seconds of a call, for every contender one number for each round."""
        large = case.nbytes >= _LARGE
        repeats = {}
        for name, run in case.contenders.items():
            run(1)  # compiles
            seconds = run(1)
            repeats[name] = 1 if large else max(1, min(10_000, int(_SHORT / max(seconds, 1e-7))))
        taken: dict[str, list[float]] = {name: [] for name in case.contenders}
        names = list(case.contenders)
        start = time.perf_counter()
        for done in range(self.rounds):
            if done >= 3 and time.perf_counter() - start > self.seconds:
                break
            for name in names[done % len(names) :] + names[: done % len(names)]:
                if large:
                    self._settle()
                taken[name].append(case.contenders[name](repeats[name]) / repeats[name])
        return taken

    def _settle(self) -> None:
        """Give each contender the same start: caches of other, clean data, and idle threads.

        Written lines that wait in the cache are a debt which the next call would pay, and OpenMP's
        threads spin for some milliseconds after their work.
        """
        time.sleep(0.004)
        self._other.max()


def summary(taken: dict[str, list[float]], by_median: bool) -> dict[str, float]:
    """One number for each contender: the fastest round, or the median."""
    choose = statistics.median if by_median else min
    return {name: choose(seconds) for name, seconds in taken.items()}
