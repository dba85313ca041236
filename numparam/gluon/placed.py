"""The list of a parameter's arrays, one for each context."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from numparam.context import Context
from numparam.devices import epochs
from numparam.ndarray.ndarray import NDArray

__all__ = ["Placed"]


def _announced(change: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method of a list so that it begins an epoch and clears the cached positions."""

    @wraps(change)
    def changed(self: Placed, *arguments: Any, **keywords: Any) -> Any:
        epochs.bump()
        try:
            return change(self, *arguments, **keywords)
        finally:
            self.positions = {}
            epochs.bump()

    return changed


class Placed(list[NDArray]):
    """A parameter's arrays, one for each context, with cached positions by context.

    Both are one object, so that a thread that looks an array up while another thread moves the
    parameter finds an array of the context it asked for: the old one or the new one. Every change
    of the list begins an epoch of memory, which makes pointer tables stale: at once by the list's
    own methods; when the epoch is asked for, if it was made past them on a list that `handed_out`
    returned.

    Attributes
    ----------
    positions : dict of Context or None to int
        Positions by the contexts that were asked for, and by None where there is one array. There
        is no such attribute before the first look-up.
    """

    __slots__ = ("__weakref__", "noted", "positions")

    positions: dict[Context | None, int]

    #: The arrays when they were last looked at, if the list is watched.
    noted: tuple[NDArray, ...]

    @classmethod
    def of(cls, arrays: Iterable[NDArray] | None) -> Placed | None:
        """Return arrays as a `Placed`: the argument itself if it is one; None for None."""
        if arrays is None or type(arrays) is cls:
            return arrays
        return cls(arrays)

    def handed_out(self) -> Placed:
        """Return the list for code that may change it in any way, and watch it from now on."""
        epochs.watch(self)
        return self

    def note(self) -> None:
        """Note the arrays of this moment."""
        self.noted = tuple(self)

    def look(self) -> None:
        """Begin a new epoch if the arrays are others than those noted, and note them."""
        now, noted = tuple(self), self.noted
        if len(now) != len(noted) or not all(map(operator.is_, now, noted)):
            epochs.bump()  # first: whoever asks before they are noted looks for himself
            self.positions = {}
            self.noted = now

    # Everything that changes a list in place.
    __setitem__ = _announced(list.__setitem__)
    __delitem__ = _announced(list.__delitem__)
    __iadd__ = _announced(list.__iadd__)
    __imul__ = _announced(list.__imul__)
    append = _announced(list.append)
    clear = _announced(list.clear)
    extend = _announced(list.extend)
    insert = _announced(list.insert)
    pop = _announced(list.pop)
    remove = _announced(list.remove)
    reverse = _announced(list.reverse)
    sort = _announced(list.sort)
