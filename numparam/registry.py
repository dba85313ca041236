"""Initializers by name, and from their JSON form."""

from __future__ import annotations

import difflib
import json
import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from numparam.initializer.errors import (
    InitializerTextError,
    InvalidInitializerError,
    UnknownInitializerError,
)

__all__ = ["alias", "create", "register"]

Class = TypeVar("Class", bound=type)

_lock = threading.Lock()
_classes: dict[str, type] = {}


def register(klass: Class, name: str | None = None) -> Class:
    """Let a class be created by its name, in any case; also a decorator.

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
        If it is no such class; also an AssertionError and a TypeError.

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
    _register(klass, klass.__name__ if name is None and isinstance(klass, type) else name)
    return klass


def alias(*aliases: str) -> Callable[[Class], Class]:
    """Make a decorator that registers a class under more names.

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

    def decorate(klass: Class) -> Class:
        for name in aliases:
            _register(klass, name)
        return klass

    return decorate


def _register(klass: Any, name: Any) -> None:
    from numparam.initializer.initializer import Initializer

    if not isinstance(klass, type) or not issubclass(klass, Initializer):
        raise InvalidInitializerError(
            f"only subclasses of numparam.initializer.Initializer can be registered, not {klass!r}"
        )
    key = str(name).lower()
    with _lock:
        previous = _classes.get(key)
        _classes[key] = klass
    if previous is not None and previous is not klass:
        warnings.warn(
            f"the initializer name {key!r} meant {previous.__module__}.{previous.__qualname__}; "
            f"from now on it means {klass.__module__}.{klass.__qualname__}",
            UserWarning,
            stacklevel=3,
        )


def create(*args: Any, **kwargs: Any) -> Any:
    """Make an initializer.

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
        If the first argument is nothing of these: an AssertionError and a TypeError.
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
    from numparam.initializer.initializer import Initializer

    if args:
        described, *rest = args
    elif "initializer" in kwargs:
        described, rest = kwargs.pop("initializer"), []
    else:
        raise InvalidInitializerError(
            "an initializer's name, JSON text or dict is needed, such as create('xavier')"
        )
    if isinstance(described, Initializer):
        _refuse_more(described, rest, kwargs)
        return described
    if isinstance(described, dict):
        _refuse_more(described, rest, kwargs)
        return create(**described)
    if not isinstance(described, str):
        hint = " (make an object of it)" if isinstance(described, type) else ""
        raise InvalidInitializerError(
            "an initializer is an Initializer, a registered name such as 'xavier', its JSON text "
            f"or a dict, not {type(described).__name__} {described!r}{hint}"
        )
    if described.startswith(("[", "{")):
        _refuse_more(described, rest, kwargs)
        name, arguments = _parsed(described)
        return create(name, **arguments)
    klass = _classes.get(described.lower())
    if klass is None:
        raise _unknown(described)
    return klass(*rest, **kwargs)


def _refuse_more(described: Any, rest: list[Any], kwargs: dict[str, Any]) -> None:
    if rest or kwargs:
        given = ", ".join([*map(repr, rest), *kwargs])
        raise InvalidInitializerError(
            f"{described!r} has its arguments already; leave out {given}, or give a name"
        )


def _parsed(text: str) -> tuple[Any, dict[str, Any]]:
    """Name and arguments in a JSON text."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InitializerTextError(f"the initializer {text!r} is broken JSON: {error}") from error
    if isinstance(value, dict) and isinstance(value.get("initializer"), str):
        return value.pop("initializer"), value
    if (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], dict)
    ):
        return value[0], value[1]
    raise InitializerTextError(
        f"the initializer {text!r} is neither a JSON list of a name and a dict of arguments, such "
        'as ["uniform", {"scale": 0.5}], nor a JSON dict with "initializer"'
    )


def _unknown(name: str) -> UnknownInitializerError:
    known = sorted(_classes)
    near = difflib.get_close_matches(name.lower(), known, 3)
    hint = f"Near names: {', '.join(near)}" if near else f"There are: {', '.join(known)}"
    return UnknownInitializerError(
        f"no initializer is registered as {name!r}. {hint}. numparam.initializer.register adds one"
    )
