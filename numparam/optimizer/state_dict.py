"""`StateDict`: optimizer states by index, whose changes invalidate plans of steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from numparam.devices import epochs

__all__ = ["StateDict"]


def _announced(change: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method of a mapping so that it begins an epoch of memory."""

    @wraps(change)
    def changed(self: StateDict, *arguments: Any, **keywords: Any) -> Any:
        try:
            return change(self, *arguments, **keywords)
        finally:
            epochs.bump()

    return changed


class StateDict(dict[Any, Any]):
    """Optimizer states by index.

    Every change begins an epoch of memory, so that a step of thousands of parameters need not look
    up all states to know that they are those of the last step.
    """

    # Everything that changes a mapping in place.
    __setitem__ = _announced(dict.__setitem__)
    __delitem__ = _announced(dict.__delitem__)
    __ior__ = _announced(dict.__ior__)
    clear = _announced(dict.clear)
    pop = _announced(dict.pop)
    popitem = _announced(dict.popitem)
    setdefault = _announced(dict.setdefault)
    update = _announced(dict.update)
