"""Decorators that run functions, and all members of a class, with the NumPy modes on."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from numparam.modes.np_mode import np_array, np_shape

__all__ = ["use_np", "use_np_array", "use_np_shape"]

Decorated = TypeVar("Decorated")
_Scope = Callable[[], AbstractContextManager[Any]]


def use_np_shape(func: Decorated) -> Decorated:
    """Run a function, or everything that a class defines or inherits, with NumPy shapes on.

    Parameters
    ----------
    func : callable or class
        What to decorate. A class is changed in place: its methods, static and class methods and
        properties. A generator's body runs when it is iterated, and so outside.

    Returns
    -------
    callable or class
        The wrapped function, or the class itself.

    Raises
    ------
    TypeError
        If it is neither.

    Examples
    --------
    >>> import numparam as mx
    >>> from numparam.modes.np_mode import is_np_shape
    >>> mx.use_np_shape(is_np_shape)()
    True
    """
    return _decorate(func, np_shape, "use_np_shape")


def use_np_array(func: Decorated) -> Decorated:
    """Run a function, or everything that a class defines or inherits, with NumPy arrays on.

    The argument, the result and the errors are those of :func:`use_np_shape`.

    Examples
    --------
    >>> import numparam as mx
    >>> from numparam.modes.np_mode import is_np_array
    >>> mx.use_np_array(is_np_array)()
    True
    """
    return _decorate(func, np_array, "use_np_array")


def use_np(func: Decorated) -> Decorated:
    """Run a function, or everything that a class defines or inherits, with both NumPy modes on.

    The argument, the result and the errors are those of :func:`use_np_shape`.

    Examples
    --------
    >>> import numparam as mx
    >>> from numparam.modes.np_mode import is_np_array, is_np_shape
    >>> mx.use_np(lambda: (is_np_shape(), is_np_array()))()
    (True, True)
    """
    return use_np_shape(use_np_array(func))


def _decorate(func: Any, scope: _Scope, name: str) -> Any:
    if inspect.isclass(func):
        return _decorate_class(func, scope)
    if callable(func):
        return _decorate_function(func, scope)
    raise TypeError(
        f"{name} decorates functions and classes; got {func!r} of type {type(func).__name__}."
    )


def _decorate_function(func: Callable[..., Any], scope: _Scope) -> Callable[..., Any]:
    @functools.wraps(func)
    def inside(*args: Any, **kwargs: Any) -> Any:
        with scope():
            return func(*args, **kwargs)

    return inside


def _decorate_class(decorated: type, scope: _Scope) -> type:
    # Inherited members too, so that a base class's __call__ that runs this class's forward is
    # inside. They become members of this class; the base class stays as it is. Each kind is
    # wrapped as its own kind: MXNet turns static methods into methods, binds class methods to
    # this class for good and loses the deleters of properties.
    members: dict[str, Any] = {}
    for base in decorated.__mro__[:-1]:
        for name, member in vars(base).items():
            members.setdefault(name, member)
    for name, member in members.items():
        wrapped: Any
        if inspect.isfunction(member):
            wrapped = _decorate_function(member, scope)
        elif isinstance(member, (staticmethod, classmethod)) and inspect.isfunction(
            member.__func__
        ):
            wrapped = type(member)(_decorate_function(member.__func__, scope))
        elif type(member) is property:
            wrapped = property(
                member.fget and _decorate_function(member.fget, scope),
                member.fset and _decorate_function(member.fset, scope),
                member.fdel and _decorate_function(member.fdel, scope),
                member.__doc__,
            )
        else:
            continue
        setattr(decorated, name, wrapped)
    return decorated
