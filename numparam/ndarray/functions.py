"""Functions and methods out of the table of operations."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from numparam._missing import missing
from numparam.base import MXNetError
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, Operation, invoke
from numparam.ndarray.operations.arithmetic import ARITHMETIC, Arithmetic, binary
from numparam.ndarray.operations.documentation import documentation
from numparam.ndarray.operations.operation import REQUIRED

__all__ = [
    "ArgumentTypeError",
    "UnexpectedArgumentError",
    "add_methods",
    "functions",
    "late_function",
    "unknown_operation",
]


class ArgumentTypeError(TypeError, AssertionError):
    """An argument that must be an array is something else; also an AssertionError, as in MXNet."""


class UnexpectedArgumentError(MXNetError, TypeError):
    """An operation has no such argument, or misses one; also a TypeError."""


def functions(prefix: str = "") -> dict[str, Callable[..., Any]]:
    """Make a function of each operation.

    Parameters
    ----------
    prefix : str, default ''
        ``''`` for the public operations, ``'_'`` for the internal ones, ``'contrib.'`` for those
        of that namespace, whose functions lose the prefix.

    Returns
    -------
    dict
        The functions by name.
    """
    made = {}
    for name, row in OPERATIONS.items():
        internal = name.startswith("_")
        if prefix == "_":
            if internal:
                made[name] = _function(name, row)
        elif prefix:
            if name.startswith(prefix):
                made[name.removeprefix(prefix)] = _function(name.removeprefix(prefix), row)
        elif not internal and "." not in name:
            made[name] = _function(name, row)
    if not prefix:
        made.update({name: _binary_function(row) for name, row in ARITHMETIC.items()})
    return made


def _function(name: str, row: Operation) -> Callable[..., Any]:
    def function(*arguments: Any, out: Any = None, name: str | None = None, **keywords: Any) -> Any:
        inputs, attributes, positional_out = bind(row, arguments, keywords)
        return invoke(row, inputs, attributes, out if positional_out is None else positional_out)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "numparam.ndarray"
    function.__doc__ = documentation(row)
    return function


def _binary_function(row: Arithmetic) -> Callable[..., Any]:
    def function(lhs: Any, rhs: Any) -> Any:
        if not hasattr(lhs, "_buffer") and not hasattr(rhs, "_buffer"):
            numbers = (int, float, np.generic)
            if isinstance(lhs, numbers) and isinstance(rhs, numbers):
                return row.function(np.asarray(lhs), np.asarray(rhs)).item()
            raise _not_operands(row, lhs, rhs)
        result = binary(row.name, lhs, rhs)
        if result is NotImplemented:
            raise _not_operands(row, lhs, rhs)
        return result

    function.__name__ = function.__qualname__ = row.name
    function.__module__ = "numparam.ndarray"
    function.__doc__ = f"""Give {row.summary}, element by element, stretching axes of length 1.

    Parameters
    ----------
    lhs, rhs : NDArray or number
        The operands. Arrays have one dtype; a number is converted to the array's.

    Returns
    -------
    NDArray or number
        Of the dtype of the arrays; a number for two numbers.

    Raises
    ------
    MXNetError
        If shapes, dtypes or contexts do not fit. It is a ValueError, too.
    TypeError
        If an operand is neither an array nor a number.

    Notes
    -----
    {row.source}
    """
    return function


def _not_operands(row: Arithmetic, lhs: Any, rhs: Any) -> TypeError:
    return TypeError(
        f"{row.name} takes arrays and numbers, not {type(lhs).__name__} and {type(rhs).__name__}"
    )


def bind(
    row: Operation, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[list[NDArray], dict[str, Any], Any]:
    """Sort the arguments of a call into inputs, attributes and ``out``.

    Raises
    ------
    ArgumentTypeError
        If an input is no array.
    UnexpectedArgumentError
        If an argument is unknown, missing or given twice.
    """
    if row.variadic:
        inputs = list(arguments)
        attributes = dict(keywords)
        out = None
        if not inputs:
            raise UnexpectedArgumentError(f"{row.name} needs at least one array")
    else:
        names = (*row.inputs, *row.attributes, "out", "name")
        if len(arguments) > len(names):
            raise UnexpectedArgumentError(
                f"{row.name} takes at most {len(names)} arguments and got {len(arguments)}"
            )
        attributes = dict(zip(names, arguments, strict=False))
        for name, value in keywords.items():
            if name in attributes:
                raise TypeError(f"{row.name} got {name} twice, by position and by name")
            attributes[name] = value
        out = attributes.pop("out", None)
        attributes.pop("name", None)
        inputs = []
        for name in row.inputs:
            value = attributes.pop(name, None)
            if value is None and name in row.optional:
                continue
            if value is None:
                raise UnexpectedArgumentError(f"{row.name} needs the array {name!r}")
            inputs.append(value)
    for position, value in enumerate(inputs):
        if not isinstance(value, NDArray):
            label = row.inputs[min(position, len(row.inputs) - 1)].lstrip("*")
            raise ArgumentTypeError(
                f"{label} of {row.name} must be an NDArray, not {type(value).__name__}; make one "
                "with nd.array(values)"
            )
    for name in attributes:
        if name not in row.attributes:
            known = ", ".join(row.attributes) or "none"
            raise UnexpectedArgumentError(f"{row.name} has no attribute {name!r}; it has {known}")
    for name, default in row.attributes.items():
        if default is REQUIRED and name not in attributes:
            raise UnexpectedArgumentError(f"{row.name} needs the attribute {name!r}")
    return inputs, attributes, out


def add_methods(array_class: type) -> None:
    """Give arrays a method of each operation that has one."""
    for name, row in OPERATIONS.items():
        public = not name.startswith("_") and "." not in name
        if row.method and public and not hasattr(array_class, name):
            setattr(array_class, name, _function(name, row))


def late_function(name: str, prefix: str = "") -> Callable[..., Any]:
    """Make the function of an operation that joined the table after `functions` was called.

    Parameters
    ----------
    name : str
        The function's name.
    prefix : str, default ''
        As for `functions`.

    Raises
    ------
    AttributeError
        If there is no such operation.
    """
    row = OPERATIONS.get(prefix + name if prefix.endswith(".") else name)
    if row is None or name.startswith("_") != (prefix == "_"):
        unknown_operation(name)
    return _function(name, row)


def unknown_operation(name: str) -> NoReturn:
    """Refuse a name that ``numparam.nd`` does not have.

    Raises
    ------
    AttributeError
        It says what numparam is, and which names are near.
    """
    raise missing(
        "numparam.nd",
        name,
        [known for known in dir(sys.modules[__package__]) if not known.startswith("_")],
        "numparam is Gluon's parameter layer, with the array operations that parameter code needs; "
        "it has no neural network layers",
    )
