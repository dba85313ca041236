"""What asking again for a parameter that exists does to it: nothing, a refinement, or a refusal."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from numparam.gluon import shape_rules
from numparam.gluon.declaration import (
    Declaration,
    check_described,
    check_grad_req,
    checked_dtype,
)
from numparam.gluon.errors import ParameterConflictError
from numparam.types.dtypes import as_dtype

__all__ = ["check_keywords", "merge"]

# What `get` may ask for: the arguments of the constructor after the name.
_KEYWORDS = tuple(inspect.signature(Declaration.__init__).parameters)[2:]
_KNOWN = frozenset(_KEYWORDS)


class UnexpectedKeywordError(TypeError):
    """Parameters have no such attribute."""


def merge(parameter: Any, wishes: dict[str, Any]) -> None:
    """Bring wishes into an existing parameter, where they do not contradict what it has.

    Parameters
    ----------
    parameter : Parameter
        The parameter.
    wishes : dict
        Arguments of its constructor. None asks for nothing. Unknown sizes of the shape are filled
        in from either side; a dtype or an initializer that the parameter lacks is taken; whether
        initialization may be deferred is granted when asked for. Everything else must be equal.

    Raises
    ------
    ParameterConflictError
        If something is not: an AssertionError and a ValueError. Nothing is changed.
    UnexpectedKeywordError
        If a name is none of the constructor's: a TypeError.
    """
    check_keywords(wishes, parameter.name)
    changes = [
        change
        for name, wanted in wishes.items()
        if wanted is not None and (change := _change(parameter, name, wanted)) is not None
    ]
    for change in changes:
        change()


def check_keywords(wishes: dict[str, Any], name: str) -> None:
    """Refuse keywords that the constructor of parameters does not have.

    Raises
    ------
    UnexpectedKeywordError
        A TypeError.
    """
    if not _KNOWN.issuperset(wishes):
        unknown = [keyword for keyword in wishes if keyword not in _KNOWN]
        raise UnexpectedKeywordError(
            f"Parameter '{name}' was asked for with unknown keywords "
            f"{', '.join(map(repr, unknown))}. There are: {', '.join(_KEYWORDS)}."
        )


def _change(parameter: Any, name: str, wanted: Any) -> Callable[[], None] | None:
    """Check one wish; give what fulfils it if that needs a change."""
    if name == "shape":
        return _shape_change(parameter, wanted)
    if name == "allow_deferred_init":
        if wanted and not parameter._allow_deferred_init:
            return lambda: setattr(parameter, "_allow_deferred_init", True)
        return None
    private = name in ("stype", "grad_stype", "differentiable")
    stored = getattr(parameter, f"_{name}" if private else name)
    if name == "dtype":
        wanted_dtype = checked_dtype(wanted, parameter.name)
        if stored is None:
            return lambda: parameter.cast(wanted)
        same = wanted_dtype == as_dtype(stored)
    else:
        if name == "grad_req":
            check_grad_req(wanted, parameter.name)
        elif name == "init":
            check_described(wanted, parameter.name)
        if stored is None:
            return lambda: setattr(parameter, name, wanted)
        same = stored is wanted or _equal(stored, wanted)
    if not same:
        raise _conflict(parameter, name, wanted, stored)
    return None


def _equal(stored: Any, wanted: Any) -> bool:
    try:
        return bool(stored == wanted)
    except (TypeError, ValueError):  # arrays, which compare element by element
        return False


def _shape_change(parameter: Any, wanted: Any) -> Callable[[], None] | None:
    shape = shape_rules.as_shape(wanted, parameter.name)
    stored = parameter._shape
    if shape is None or shape == stored:
        return None
    if stored is None:
        return lambda: parameter._take_shape(shape)
    merged = shape_rules.merged(stored, shape)
    if merged is None:
        raise _conflict(parameter, "shape", shape, stored)
    return lambda: parameter._take_shape(merged)


def _conflict(parameter: Any, name: str, wanted: Any, stored: Any) -> ParameterConflictError:
    return ParameterConflictError(
        f"Cannot retrieve Parameter '{parameter.name}' because {name} was asked for as {wanted!r}, "
        f"and it has {stored!r}. Ask for it without {name}, or use another name."
    )
