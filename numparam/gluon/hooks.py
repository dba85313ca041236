"""Steps of `Parameter` that a subclass or an instance may replace.

Gluon-era code replaces steps such as ``_init_impl`` or ``set_data``. Parameters prepare what they
do before anything changes, and a dictionary prepares all of its parameters before it changes one;
where a step was replaced, the replacement is called instead.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar

__all__ = ["initializes_plainly", "is_replaced", "is_replaced_property", "owner_of_steps"]

_Class = TypeVar("_Class", bound=type)

# The steps as `Parameter` defines them, even if the class is patched later.
_steps: dict[str, Callable[..., Any]] = {}
_properties: dict[str, property] = {}

# What initializing consists of, the functions found there, and those of `Parameter`.
_INITIALIZING = ("initialize", "_finish_deferred_init", "_init_impl", "_init_grad")
_initializing = attrgetter(*(f"{step}.__func__" for step in _INITIALIZING))
_plain_steps: list[tuple[Callable[..., Any], ...]] = []


def owner_of_steps(cls: _Class) -> _Class:
    """Mark the class whose methods are the steps; a decorator."""
    for name, member in vars(cls).items():
        if callable(member):
            _steps[name] = member
        elif isinstance(member, property):
            _properties[name] = member
    _plain_steps[:] = [tuple(_steps[name] for name in _INITIALIZING)]
    return cls


def is_replaced(parameter: Any, step: str) -> bool:
    """Return whether a parameter, or its class, replaces a method of `Parameter`.

    Parameters
    ----------
    parameter : Parameter
        The parameter.
    step : str
        The method's name.
    """
    return getattr(getattr(parameter, step), "__func__", None) is not _steps[step]


def is_replaced_property(parameter: Any, name: str) -> bool:
    """Return whether the class of a parameter replaces a property of `Parameter`.

    Parameters
    ----------
    parameter : Parameter
        The parameter.
    name : str
        The property's name.
    """
    return getattr(type(parameter), name) is not _properties[name]


def initializes_plainly(parameter: Any) -> bool:
    """Return whether no step of the initialization is replaced.

    The same as asking `is_replaced` for ``initialize`` and the steps that it consists of, and
    faster: it is asked of thousands of parameters at a time.
    """
    try:
        return bool(_initializing(parameter) == _plain_steps[0])
    except AttributeError:  # a plain function was assigned to the parameter
        return False
