"""Access to the backward pass for arrays, whose module cannot import `autograd`.

`numparam.autograd` is built on arrays, and has the pass; so that no import runs in a circle, it
enters the pass here when it is loaded. Whoever recorded something has loaded it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numparam.recording.errors import NoGraphError

__all__ = ["NOT_RECORDED", "backward", "enter"]

_F = TypeVar("_F", bound=Callable[..., Any])

_entered: list[Callable[..., Any]] = []

#: What to do about an array that is not on the tape.
NOT_RECORDED = (
    "was not computed from variables while operations were recorded. Mark the variables with "
    "attach_grad(), and compute inside `with autograd.record():`"
)


def enter(function: _F) -> _F:
    """Register ``autograd.backward``."""
    _entered[:] = [function]
    return function


def backward(heads: Any, head_grads: Any, retain_graph: bool, train_mode: bool) -> None:
    """Compute gradients; see `numparam.autograd.backward`.

    Raises
    ------
    NoGraphError
        If nothing was recorded.
    """
    if not _entered:
        raise NoGraphError(f"the array {NOT_RECORDED}")
    _entered[0](heads, head_grads, retain_graph, train_mode)
