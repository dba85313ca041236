"""The speeds that the project aims at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Aim:
    """numparam takes at most ``factor x the time of against + extra`` seconds.

    Attributes
    ----------
    against : str or None
        A contender; None for a fixed time of `extra` seconds.
    factor, extra : float
        See above.
    """

    against: str | None
    factor: float = 1.0
    extra: float = 0.0

    def met(self, seconds: Mapping[str, float]) -> bool | None:
        """Return whether these times meet the aim; None if `against` did not take part."""
        if self.against is None:
            return seconds["numparam"] <= self.extra
        if self.against not in seconds:
            return None
        return seconds["numparam"] <= self.factor * seconds[self.against] + self.extra

    def __str__(self) -> str:
        if self.against is None:
            return f"≤ {with_unit(self.extra)}"
        if self.extra:
            return f"≤ {self.against} + {with_unit(self.extra)}"
        if self.factor < 1:
            return f"≥ {1 / self.factor:g} x as fast as {self.against}"
        return f"≤ {self.factor:g} x {self.against}"


def at_most_times_baseline(factor: float) -> Aim:
    """Return the aim to take at most `factor` times as long as the baseline."""
    return Aim("baseline", factor)


def as_fast_as(contender: str, times: float) -> Aim:
    """Return the aim to be at least `times` as fast as a contender."""
    return Aim(contender, 1 / times)


def at_most(seconds: float) -> Aim:
    """Return the aim to take at most a fixed time."""
    return Aim(None, extra=seconds)


def with_unit(seconds: float) -> str:
    """Format a time with its unit."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds * 1e6:.3g} µs"
