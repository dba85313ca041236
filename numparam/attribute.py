"""Attribute scopes: attributes of all symbols that are made inside a ``with`` block."""

from __future__ import annotations

import warnings
from typing import ClassVar

from numparam._missing import show_public_names
from numparam.modes.scope import Scope
from numparam.modes.thread_state import ThreadState

__all__ = ["AttrScope"]

_DEPRECATED_CURRENT = (
    "AttrScope.current is deprecated. Enter an AttrScope with a `with` statement instead."
)


class _AttrScopeType(type):
    """Metaclass that gives :class:`AttrScope` its deprecated class property ``current``."""

    @property
    def current(cls) -> AttrScope:
        warnings.warn(_DEPRECATED_CURRENT, DeprecationWarning, stacklevel=2)
        return AttrScope._current.value

    @current.setter
    def current(cls, scope: AttrScope) -> None:
        warnings.warn(_DEPRECATED_CURRENT, DeprecationWarning, stacklevel=2)
        AttrScope._current.value = scope


class AttrScope(Scope, metaclass=_AttrScopeType):
    """Attributes for every symbol that is made in a ``with`` block.

    Scopes nest: an inner one adds to the outer ones and wins where both name an attribute. The
    same object may be entered again inside itself, and by several threads at once.

    Parameters
    ----------
    **kwargs : str
        The attributes.

    Raises
    ------
    ValueError
        If a value is not a string.

    Notes
    -----
    In MXNet 1.9.1 a scope that was once entered keeps the attributes of the scopes around it for
    ever, and :meth:`get` returns the caller's own dictionary, which is then modified. Both are
    fixed here.

    Examples
    --------
    >>> import numparam as mx
    >>> from numparam.symbol import var
    >>> with mx.AttrScope(__layout__="NCHW"), mx.AttrScope(ctx_group="stage1"):
    ...     sorted(var("weight").list_attr())
    ['__ctx_group__', '__layout__', 'ctx_group']
    """

    _current: ClassVar[ThreadState[AttrScope]]

    def __init__(self, **kwargs: str) -> None:
        for name, value in kwargs.items():
            if not isinstance(value, str):
                raise ValueError(
                    f"Attributes are strings; got {name!r:.200}={value!r:.200} of type "
                    f"{type(value).__name__}."
                )
        self._attr = kwargs

    def get(self, attr: dict[str, str] | None) -> dict[str, str]:
        """Add the scope's attributes to those of one symbol.

        Parameters
        ----------
        attr : dict of str to str, or None
            The symbol's own, which win. The dictionary is not modified.

        Returns
        -------
        dict of str to str
            A new dictionary.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.AttrScope(a="1", b="2").get({"b": "3"})
        {'a': '1', 'b': '3'}
        """
        merged: dict[str, str] = {}
        for scope in self._with_outer_scopes():
            merged.update(scope._attr)
        merged.update(attr or {})
        return merged

    def _with_outer_scopes(self) -> list[AttrScope]:
        entries = AttrScope._current.entries
        for position in range(len(entries) - 1, -1, -1):
            if entries[position][0] is self:
                return [found for _, found in entries[: position + 1]] + [self]
        return [self]


AttrScope._scopes = AttrScope._current = ThreadState(AttrScope)


show_public_names(__name__)
