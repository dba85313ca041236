"""The mapping inside a dictionary of parameters."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from numparam.devices import epochs

__all__ = ["Entries", "items_now"]


def items_now(mapping: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the items of a mapping, also if other threads change it meanwhile.

    Listing takes one step of the interpreter, but a collection of garbage that falls into it can
    run a finalizer, and with it other threads; then the list is made again.
    """
    while True:
        try:
            return list(mapping.items())
        except RuntimeError:  # the mapping was changed during iteration
            continue


def _announced(change: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method of a mapping so that it begins an epoch."""

    @wraps(change)
    def changed(self: Entries, *arguments: Any, **keywords: Any) -> Any:
        epochs.bump()
        try:
            return change(self, *arguments, **keywords)
        finally:
            epochs.bump()

    return changed


class Entries(OrderedDict[str, Any]):
    """Parameters by name.

    Every change begins an epoch of memory, which makes tables of all gradients stale: at once by
    the methods here; when the epoch is asked for, if it was made past them on entries that
    `handed_out` returned.
    """

    #: The parameters when they were last looked at, if the entries are watched.
    _noted: list[Any]

    def handed_out(self) -> Entries:
        """Return the entries for code that may change them in any way, and watch them."""
        epochs.watch(self)
        return self

    def note(self) -> None:
        """Note the parameters of this moment."""
        self._noted = self._values()

    def look(self) -> None:
        """Begin a new epoch if the parameters are others than those noted, and note them."""
        now, noted = self._values(), self._noted
        if len(now) != len(noted) or not all(map(operator.is_, now, noted)):
            epochs.bump()  # first: whoever asks before they are noted looks for himself
            self._noted = now

    def _values(self) -> list[Any]:
        # The dictionary's order, in which listing takes a fifth of the time.
        while True:
            try:
                return list(dict.values(self))
            except RuntimeError:  # as in `items_now`
                continue

    def __setitem__(self, name: str, member: Any) -> None:
        epochs.bump()
        OrderedDict.__setitem__(self, name, member)  # faster than by super()
        epochs.bump()

    def setdefault(self, name: str, member: Any = None) -> Any:
        """Add a parameter unless the name has one, in one step; return the one that it has."""
        epochs.bump()
        found = OrderedDict.setdefault(self, name, member)
        epochs.bump()
        return found

    # Everything else that changes a mapping in place; `update` and `|=` set items.
    __delitem__ = _announced(OrderedDict.__delitem__)
    clear = _announced(OrderedDict.clear)
    move_to_end = _announced(OrderedDict.move_to_end)
    pop = _announced(OrderedDict.pop)
    popitem = _announced(OrderedDict.popitem)
