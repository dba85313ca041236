"""Times the contenders of a case in turns, so that a busy machine slows all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from comparison.load import Load
from competitors.timing import Timed

_SHORT = 1e-3  # seconds: shorter calls are repeated until a measurement takes about as long
_TURNS = 10  # short measurements in a round; the fastest counts, since others are interrupted
_LARGE = 16 << 20  # bytes: calls that move fewer stay in the caches, as they would in use


@dataclass(frozen=True)
class Times:
    """The times of one case.

    Attributes
    ----------
    seconds : dict of str to list of float
        Seconds of a call, one number per round, by contender.
    slowdown : float
        How many times slower than at its best the machine was meanwhile; see `Load`.
    took : float
        Seconds that all rounds took.
    """

    seconds: dict[str, list[float]]
    slowdown: float
    took: float

    def summary(self, by_median: bool) -> dict[str, float]:
        """Return one time for each contender: that of the fastest round, or the median."""
        choose = statistics.median if by_median else min
        return {name: choose(values) for name, values in self.seconds.items()}

    def speedup(self, over: str) -> tuple[float, float, float]:
        """Return how many times as fast as another contender numparam is.

        The ratio is taken within each round. Returned are its quartiles: the median, the lower and
        the upper one.
        """
        pairs = zip(self.seconds[over], self.seconds["numparam"], strict=True)
        ratios = [other / own for other, own in pairs]
        if len(ratios) < 2:
            return ratios[0], ratios[0], ratios[0]
        lower, middle, upper = statistics.quantiles(ratios, method="inclusive")
        return middle, lower, upper


class Rounds:
    """Measures cases.

    Parameters
    ----------
    rounds : int
        How often each contender's turn comes.
    load : Load
        Watches how busy the machine is.
    seconds : float
        After this time a case is cut short, though not before three rounds.
    """

    def __init__(self, rounds: int, load: Load, seconds: float = 20.0) -> None:
        self.rounds = rounds
        self.seconds = seconds
        self._load = load
        self._other = np.ones(64 << 20, np.uint8)

    def measure(self, contenders: Mapping[str, Timed], nbytes: int) -> Times:
        """Time calls that move `nbytes` bytes each."""
        start = time.perf_counter()
        large = nbytes >= _LARGE
        repeats = {name: 1 if large else _repeats(run) for name, run in contenders.items()}
        if large:
            for run in contenders.values():
                run(1)  # compiles
        if "before" in repeats:  # the first calls of a turn are slower, so both need equal numbers
            repeats["numparam"] = repeats["before"] = max(repeats["numparam"], repeats["before"])
        turns = 1 if large or max(repeats.values()) == 1 else _TURNS
        taken: dict[str, list[float]] = {name: [] for name in contenders}
        names = list(contenders)
        self._load.begin()
        for done in range(self.rounds):
            if done >= 3 and time.perf_counter() - start > self.seconds:
                break
            self._load.sample()
            fastest = dict.fromkeys(names, float("inf"))
            for turn in range(turns):
                first = (done + turn) % len(names)
                for name in names[first:] + names[:first]:
                    if large:
                        self._settle()
                    seconds = contenders[name](repeats[name]) / repeats[name]
                    fastest[name] = min(fastest[name], seconds)
            for name, seconds in fastest.items():
                taken[name].append(seconds)
        self._load.sample()
        return Times(taken, self._load.slowdown(), time.perf_counter() - start)

    def _settle(self) -> None:
        """Give each contender the same start: idle threads, and caches full of other, clean data.

        Modified cache lines of the previous contender would be written back during the next one's
        turn, and OpenMP's threads spin for some milliseconds after their work.
        """
        time.sleep(0.004)
        self._other.max()


def _repeats(run: Timed) -> int:
    """Return how many calls take about as long as a short measurement."""
    run(1)  # compiles
    repeats = 1
    while repeats < 10_000 and (seconds := run(repeats)) < _SHORT / 2:
        repeats = max(2 * repeats, min(10 * repeats, int(repeats * _SHORT / max(seconds, 1e-7))))
    return min(repeats, 10_000)
