"""Update counts of the parameters on one device."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np

__all__ = ["UpdateCounts"]

_NONE = -1


class UpdateCounts(MutableMapping[Hashable, int]):
    """A mapping from a parameter's index to its number of updates, in one NumPy array.

    A step of thousands of parameters adds to all their counts at once.

    Parameters
    ----------
    counts : mapping, optional
        First counts.

    Examples
    --------
    >>> counts = UpdateCounts({"weight": 3})
    >>> places = counts.places(["weight", "bias"])
    >>> counts.store(places, counts.following(places, begin=0))
    >>> dict(counts)
    {'weight': 4, 'bias': 1}
    """

    def __init__(self, counts: Mapping[Any, int] | None = None) -> None:
        self._places: dict[Hashable, int] = {}
        self._values = np.empty(0, np.int64)
        for index, count in (counts or {}).items():
            self[index] = count

    def places(self, indices: Iterable[Hashable]) -> np.ndarray:
        """Return the permanent positions of some parameters' counts."""
        known = self._places
        indices = list(indices)
        new = [index for index in dict.fromkeys(indices) if index not in known]
        if new:
            # The values first: an interrupt in between leaves none without a place.
            missing = len(known) + len(new) - len(self._values)
            self._values = np.concatenate([self._values, np.full(max(missing, 0), _NONE, np.int64)])
            known.update(zip(new, range(len(known), len(known) + len(new)), strict=True))
        return np.array([known[index] for index in indices], np.int64)

    def following(
        self, places: np.ndarray, begin: int, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the counts after one more update; parameters without a count start at `begin`."""
        counts = np.take(self._values, places, out=out, mode="clip")
        if counts.min(initial=0) == _NONE:
            counts[counts == _NONE] = begin
        counts += 1
        return counts

    def store(self, places: np.ndarray, counts: np.ndarray) -> None:
        """Set the counts at some positions."""
        self._values[places] = counts

    def storing(self, places: np.ndarray, counts: np.ndarray) -> tuple[Any, ...]:
        """Return what `store` does as a call of compiled code: a function and its arguments."""
        return operator.setitem, self._values, places, counts

    def __getitem__(self, index: Hashable) -> int:
        place = self._places.get(index)
        if place is None or self._values[place] == _NONE:
            raise KeyError(index)
        return int(self._values[place])

    def __setitem__(self, index: Hashable, count: int) -> None:
        places = self.places([index])
        self._values[places] = count

    def __delitem__(self, index: Hashable) -> None:
        if index not in self:
            raise KeyError(index)
        self._values[self._places[index]] = _NONE

    def __iter__(self) -> Iterator[Hashable]:
        return (index for index, place in self._places.items() if self._values[place] != _NONE)

    def __len__(self) -> int:
        return int((self._values != _NONE).sum())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)})"
