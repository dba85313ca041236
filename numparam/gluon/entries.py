"""The mapping inside a dictionary of parameters."""

from __future__ import annotations

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

    Every change begins an epoch of memory, which makes tables of all gradients stale.
    """

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
