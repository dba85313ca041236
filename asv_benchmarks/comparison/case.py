"""What is compared: a row of the table, its contenders, and the aim."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comparison.bench import Bench

#: Takes a number of calls, makes them, and returns the seconds they took.
Timed = Callable[[int], float]

MEBI = 1 << 20


@dataclass(frozen=True)
class Aim:
    """numparam's time is at most ``factor x the time of against + extra`` seconds."""

    against: str | None
    factor: float = 1.0
    extra: float = 0.0

    def met(self, seconds: dict[str, float]) -> bool | None:
        """Whether it is met; None where `against` did not take part."""
        if self.against is None:
            return seconds["numparam"] <= self.extra
        if self.against not in seconds:
            return None
        return seconds["numparam"] <= self.factor * seconds[self.against] + self.extra

    def __str__(self) -> str:
        if self.against is None:
            return f"≤ {in_words(self.extra)}"
        if self.extra:
            return f"≤ {self.against} + {in_words(self.extra)}"
        if self.factor < 1:
            return f"≥ {1 / self.factor:g} x {self.against}"
        return f"≤ {self.factor:g} x {self.against}"


def within_limit(factor: float) -> Aim:
    """No slower than `factor` times the limit."""
    return Aim("limit", factor)


def as_fast_as(contender: str, times: float) -> Aim:
    """At least `times` as fast as a contender."""
    return Aim(contender, 1 / times)


def at_most(seconds: float) -> Aim:
    """No slower than a fixed time."""
    return Aim(None, extra=seconds)


@dataclass
class Case:
    """A row made ready to run on this machine.

    Attributes
    ----------
    nbytes : int
        Bytes that the operation must read and write; 0 where bytes are not its cost.
    aims : tuple of Aim
        What the project has set out to reach; may be empty.
    contenders : dict of str to Timed
        "numparam", and of "limit", "numpy", "torch" and "mxnet" those that can do it here.
    by_median : bool
        Judge the aim by medians, not by the fastest of the rounds.
    """

    nbytes: int
    aims: tuple[Aim, ...] = ()
    contenders: dict[str, Timed] = field(default_factory=dict)
    by_median: bool = False

    def add(self, name: str, call: Callable[[], object] | None) -> None:
        """Let a contender take part by a plain call; None takes no part."""
        if call is not None:
            self.contenders[name] = timed(call)

    def add_timed(self, name: str, call: Timed | None) -> None:
        """Let a contender take part that times itself; None takes no part."""
        if call is not None:
            self.contenders[name] = call


@dataclass(frozen=True)
class Row:
    """One row of the table; `prepare` makes it ready and is called when its turn comes."""

    name: str
    prepare: Callable[[Bench], Case]


def timed(call: Callable[[], object]) -> Timed:
    """Time a plain call from outside."""

    def run(repeats: int) -> float:
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        return time.perf_counter() - start

    return run


def in_words(seconds: float) -> str:
    """Format a time with its unit."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds * 1e6:.3g} µs"
