"""Comparison of `ParameterDict.get`'s keywords with a parameter that exists."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from numparam.formats.quoting import quoted
from numparam.gluon import shape_rules
from numparam.gluon.checks import check_described, check_grad_req, checked_dtype
from numparam.gluon.errors import ParameterConflictError, UnexpectedKeywordError
from numparam.gluon.parameter import Parameter
from numparam.types.dtypes import as_dtype

__all__ = ["check_keywords", "merge"]

# What `get` may ask for: the arguments of the constructor after the name.
_KEYWORDS = tuple(inspect.signature(Parameter).parameters)[1:]
_KNOWN = frozenset(_KEYWORDS)


def merge(parameter: Parameter, keywords: dict[str, Any]) -> None:
    """Refine a parameter by keywords that do not contradict it.

    Parameters
    ----------
    parameter : Parameter
        The parameter.
    keywords : dict
        Arguments of its constructor; None is ignored. Unknown sizes of the shape are filled in
        from either side; a dtype or an initializer is taken if the parameter has none; deferred
        initialization is allowed if a keyword allows it. Everything else must be equal.

    Raises
    ------
    ParameterConflictError
        If something else is not equal: an AssertionError and a ValueError. Nothing is changed.
    UnexpectedKeywordError
        If the constructor has no such argument: a TypeError.
    """
    check_keywords(keywords, parameter.name)
    changes = [
        change
        for name, wanted in keywords.items()
        if wanted is not None and (change := _change(parameter, name, wanted)) is not None
    ]
    for change in changes:
        change()


def check_keywords(keywords: dict[str, Any], name: str) -> None:
    """Check that the constructor of parameters has arguments with these names.

    Raises
    ------
    UnexpectedKeywordError
        A TypeError.
    """
    if not _KNOWN.issuperset(keywords):
        unknown = [keyword for keyword in keywords if keyword not in _KNOWN]
        raise UnexpectedKeywordError(
            f"Parameter {quoted(name)} was requested with unknown keywords "
            f"{', '.join(map(repr, unknown))}. There are: {', '.join(_KEYWORDS)}."
        )


def _change(parameter: Parameter, name: str, wanted: Any) -> Callable[[], None] | None:
    """Check one keyword; return the change that satisfies it, or None."""
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


def _shape_change(parameter: Parameter, wanted: Any) -> Callable[[], None] | None:
    shape = shape_rules.as_shape(wanted, parameter.name)
    stored = parameter._state.shape
    if shape is None or shape == stored:
        return None
    if stored is None:
        return lambda: _take_shape(parameter, shape)
    merged = shape_rules.merged(stored, shape)
    if merged is None:
        raise _conflict(parameter, "shape", shape, stored)
    return lambda: _take_shape(parameter, merged)


def _take_shape(parameter: Parameter, shape: shape_rules.Shape) -> None:
    parameter._update(lambda now: now.but(shape=shape))


def _conflict(parameter: Parameter, name: str, wanted: Any, stored: Any) -> ParameterConflictError:
    return ParameterConflictError(
        f"Cannot retrieve Parameter {quoted(parameter.name)} because {name} was requested as "
        f"{wanted!r}, and it has {stored!r}. Call get without {name}, or use another name."
    )
