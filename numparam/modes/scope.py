"""The base of scopes that are themselves the value inside their ``with`` block."""

from __future__ import annotations

from types import TracebackType
from typing import Any, ClassVar, Self

from numparam.modes.thread_state import ThreadState

__all__ = ["Scope"]


class Scope:
    """An object that a ``with`` statement makes current in its thread.

    It may be entered again inside itself, and by several threads at once.

    Attributes
    ----------
    _scopes : ThreadState
        What is current in each thread; one for each kind of scope.
    """

    _scopes: ClassVar[ThreadState[Any]]

    def __enter__(self) -> Self:
        self._scopes.enter(self, self)
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._scopes.leave(self)
