"""Initializers by name, and from their JSON form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numparam.class_registry import Registry, RegistryErrors
from numparam.initializer.errors import (
    InitializerTextError,
    InvalidInitializerError,
    UnknownInitializerError,
)

__all__ = ["alias", "create", "register", "registry"]

Class = TypeVar("Class", bound=type)

#: The classes that `create` knows.
registry = Registry(
    "initializer",
    "numparam.initializer.Initializer",
    "xavier",
    RegistryErrors(InvalidInitializerError, UnknownInitializerError, InitializerTextError),
)


def register(klass: Class, name: str | None = None) -> Class:
    """Register a class, so that it can be created by its name, in any case; also a decorator.

    Parameters
    ----------
    klass : type
        A subclass of `Initializer`.
    name : str, optional
        The name; that of the class if not given.

    Returns
    -------
    type
        The class.

    Raises
    ------
    InvalidInitializerError
        If it is not such a class; also an AssertionError and a TypeError.

    Warns
    -----
    UserWarning
        If another class has the name; it is replaced.

    Examples
    --------
    >>> import numparam as mx
    >>> @mx.init.register
    ... class Sevens(mx.init.Initializer):
    ...     def _init_weight(self, name, array):
    ...         array[:] = 7
    >>> type(mx.init.create("sevens")).__name__
    'Sevens'
    """
    return registry.register(klass, name, stacklevel=3)


def alias(*aliases: str) -> Callable[[Class], Class]:
    """Return a decorator that registers a class under more names.

    Parameters
    ----------
    *aliases : str
        The names.

    Returns
    -------
    callable
        It takes a class, and returns it.

    Examples
    --------
    >>> import numparam as mx
    >>> @mx.init.alias("threes", "drei")
    ... class Three(mx.init.Constant):
    ...     def __init__(self):
    ...         super().__init__(3)
    >>> isinstance(mx.init.create("drei"), Three)
    True
    """
    return registry.alias(*aliases)


def create(*args: Any, **kwargs: Any) -> Any:
    """Return an initializer.

    Parameters
    ----------
    *args : object
        First an `Initializer`, which is returned; or a registered name, in any case, whose
        arguments may follow; or a JSON text, ``'["uniform", {"scale": 0.5}]'`` or
        ``'{"initializer": "uniform", "scale": 0.5}'``; or such a dict.
    **kwargs : object
        Arguments for a registered name; the name itself may be given as ``initializer``.

    Returns
    -------
    Initializer
        A new one, unless one was given.

    Raises
    ------
    UnknownInitializerError
        If the name is not registered: an AssertionError and a ValueError.
    InvalidInitializerError
        If the first argument is none of these: an AssertionError and a TypeError.
    InitializerTextError
        If the JSON text is broken: an AssertionError and a ValueError.
    TypeError
        If the arguments are not those of the initializer.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.init.create("xavier", magnitude=2)
    Xavier(rnd_type='uniform', factor_type='avg', magnitude=2)
    >>> mx.init.create('["constant", {"value": 3.5}]')
    Constant(value=3.5)
    """
    return registry.create(*args, **kwargs)
