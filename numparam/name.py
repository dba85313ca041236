"""Name managers, which name symbols and blocks that have no name."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import count
from typing import ClassVar

from numparam._missing import show_public_names
from numparam.modes.scope import Scope
from numparam.modes.thread_state import ThreadState

__all__ = ["NameManager", "Prefix"]

_DEPRECATED_CURRENT = (
    "NameManager.current is deprecated. Enter a NameManager with a `with` statement instead."
)


class _NameManagerType(type):
    """Metaclass that gives :class:`NameManager` its deprecated class property ``current``."""

    @property
    def current(cls) -> NameManager:
        warnings.warn(_DEPRECATED_CURRENT, DeprecationWarning, stacklevel=2)
        return NameManager._current.value

    @current.setter
    def current(cls, manager: NameManager) -> None:
        NameManager._current.value = manager


class NameManager(Scope, metaclass=_NameManagerType):
    """Makes names by counting: ``dense0``, ``dense1``, ...

    Used in a ``with`` statement it becomes the calling thread's manager. Subclasses override
    :meth:`get`. One manager may serve several threads; no name is given twice.

    Examples
    --------
    >>> import numparam as mx
    >>> manager = mx.name.NameManager()
    >>> manager.get(None, "dense"), manager.get(None, "dense"), manager.get("mine", "dense")
    ('dense0', 'dense1', 'mine')
    """

    _current: ClassVar[ThreadState[NameManager]]

    def __init__(self) -> None:
        self._counter: dict[str, Iterator[int]] = {}

    def get(self, name: str | None, hint: str) -> str:
        """Return a given name, or make one.

        Parameters
        ----------
        name : str or None
            What the user called it.
        hint : str
            What it is, for a made name.

        Returns
        -------
        str
            ``name`` if there is one, else ``hint`` with the next number.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.name.NameManager().get(None, "conv")
        'conv0'
        """
        if name:
            return name
        # Two steps that nothing comes between, without a lock: a signal handler may make names too.
        return f"{hint}{next(self._counter.setdefault(hint, count()))}"


class Prefix(NameManager):
    """A name manager that adds a prefix to every name, given or made.

    Parameters
    ----------
    prefix : str
        The prefix, with its separator.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.name.Prefix("encoder_") as manager:
    ...     manager.get("weight", "dense"), manager.get(None, "dense")
    ('encoder_weight', 'encoder_dense0')
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def get(self, name: str | None, hint: str) -> str:
        """Return a name with the prefix; see :meth:`NameManager.get`.

        Parameters
        ----------
        name : str or None
            What the user called it.
        hint : str
            What it is, for a made name.

        Returns
        -------
        str
            The name with the prefix.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.name.Prefix("net_").get(None, "conv")
        'net_conv0'
        """
        return self._prefix + super().get(name, hint)


NameManager._scopes = NameManager._current = ThreadState(NameManager)


show_public_names(__name__)
