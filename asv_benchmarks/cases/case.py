"""A case: one operation on inputs of one size, for numparam and its competitors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cases.prepared import Prepared
from competitors.competitors import Competitors


@dataclass(frozen=True)
class Case:
    """One operation to time.

    Attributes
    ----------
    name : str
        Unique among all cases.
    prepare : callable
        Makes the inputs and returns the contenders, among the given competitors.
    seconds : float
        About how long the comparison takes for this case on a quiet machine, with 15 rounds.
    """

    name: str
    prepare: Callable[[Competitors], Prepared]
    seconds: float = 1.2
