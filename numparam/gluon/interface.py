"""The part of `Parameter` that its helper modules use, since they cannot import its module."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from numparam.context import Context
from numparam.gluon.placed import Placed
from numparam.gluon.state import Mark, State

__all__ = ["ParameterLike"]


class ParameterLike(Protocol):
    """A `Parameter`, as its collaborators see it."""

    name: str
    init: Any
    _state: State
    _stype: str
    _grad_stype: str
    _allow_deferred_init: bool
    _trainer: Any
    _tables: Sequence[weakref.ref[Any]]
    _deferred_init: Any
    _grad_req: Any

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The declared shape."""

    @property
    def dtype(self) -> Any:
        """The declared dtype."""

    @property
    def grad_req(self) -> str:
        """What happens to incoming gradients."""

    def cast(self, dtype: Any) -> None:
        """Convert data and gradients."""

    def set_data(self, data: Any) -> None:
        """Write values."""

    def _settled_data(self) -> Placed | None: ...

    def _check_and_get(self, arr_list: list[Any] | None, ctx: Any) -> Any: ...

    def _init_impl(self, data: Any, ctx_list: Sequence[Context]) -> None: ...

    def _init_grad(self) -> None: ...

    def _finish_deferred_init(self) -> None: ...

    def _load_init(
        self, data: Any, ctx: Any, cast_dtype: bool = ..., dtype_source: str = ...
    ) -> None: ...

    def _reduce(self) -> Any: ...

    def _update(self, change: Callable[[State], State]) -> None: ...

    def _replace(self, previous: State, state: State, marks: Sequence[Mark] = ...) -> bool: ...
