"""A case that is ready to run: its contenders, the bytes it moves, and its aims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cases.aims import Aim
from competitors.timing import Timed, timed


@dataclass
class Prepared:
    """A case made ready on this machine.

    Attributes
    ----------
    call : callable
        numparam's call.
    nbytes : int
        Bytes that the operation must read and write; 0 if its cost does not depend on bytes.
    aims : tuple of Aim
        What the project aims at; may be empty.
    by_median : bool
        Judge the aims by the medians of the rounds, not by the fastest round.
    contenders : dict of str to Timed
        "numparam", and of "baseline", "numpy", "torch" and "mxnet" those that can do it here.
    """

    call: Callable[[], object]
    nbytes: int = 0
    aims: tuple[Aim, ...] = ()
    by_median: bool = False
    contenders: dict[str, Timed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.contenders["numparam"] = timed(self.call)

    def add(self, name: str, call: Callable[[], object] | None) -> None:
        """Add a contender by its call; None is ignored."""
        if call is not None:
            self.contenders[name] = timed(call)

    def add_timed(self, name: str, run: Timed | None) -> None:
        """Add a contender that times itself; None is ignored."""
        if run is not None:
            self.contenders[name] = run
