"""Functions and methods generated from the table of operations."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from numparam._missing import missing
from numparam.ndarray.arguments import ArgumentTypeError, UnexpectedArgumentError
from numparam.ndarray.operations import OPERATIONS, Operation, invoke
from numparam.ndarray.operations.arithmetic import ARITHMETIC, BINARY, Arithmetic
from numparam.ndarray.operations.documentation import documentation
from numparam.ndarray.operations.operation import REQUIRED
from numparam.ndarray.values import is_array

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["bind", "function_of", "method", "named", "names_of", "signature", "unknown_operation"]


# Methods that NumPy's functions of the same names call with a dtype, in which they compute.
_CALLED_WITH_DTYPE = frozenset({"mean", "prod", "sum"})


def names_of(prefix: str = "") -> list[str]:
    """Return the names of the functions of a namespace that are operations.

    Parameters
    ----------
    prefix : str, default ''
        ``''`` for the public operations, ``'_'`` for the internal ones, ``'contrib.'`` and
        ``'linalg.'`` for those of these namespaces.

    Returns
    -------
    list of str
        Sorted, and without ``'contrib.'`` or ``'linalg.'``.
    """
    if prefix == "_":
        return sorted(name for name in OPERATIONS if name.startswith("_"))
    if prefix:
        return sorted(name[len(prefix) :] for name in OPERATIONS if name.startswith(prefix))
    public = {name for name in OPERATIONS if not name.startswith("_") and "." not in name}
    return sorted(public | set(ARITHMETIC))


def function_of(name: str, prefix: str = "") -> Callable[..., Any]:
    """Return the function of an operation.

    Parameters
    ----------
    name : str
        The function's name.
    prefix : str, default ''
        As for `names_of`.

    Returns
    -------
    callable
        The same one at every call.

    Raises
    ------
    AttributeError
        If there is no such operation.
    """
    if name.startswith("__"):  # asked for by Python itself, often
        raise AttributeError(name)
    if not prefix and name in ARITHMETIC:
        return _binary_function(ARITHMETIC[name])
    row = OPERATIONS.get(prefix + name if prefix.endswith(".") else name)
    if row is None or name.startswith("_") != (prefix == "_"):
        unknown_operation(name, prefix)
    return _function(name, row)


@functools.cache
def _function(name: str, row: Operation) -> Callable[..., Any]:
    count, known, required = _plain_call(row)
    complete = not required  # without keywords

    def function(*arguments: Any, out: Any = None, name: str | None = None, **keywords: Any) -> Any:
        if len(arguments) == count and (
            required <= keywords.keys() <= known if keywords else complete
        ):
            for value in arguments:
                if not is_array(value):
                    break
            else:  # nothing to sort
                return invoke(row, arguments, keywords, out)
        inputs, attributes, positional_out = bind(row, arguments, keywords)
        return invoke(row, inputs, attributes, out if positional_out is None else positional_out)

    return named(function, name, "numparam.ndarray", documentation(row), signature(row))


def method(name: str) -> Callable[..., NDArray]:
    """Return the method of an operation; its first input is the array itself."""
    row = OPERATIONS[name]
    takes_dtype = name in _CALLED_WITH_DTYPE

    count, known, required = _plain_call(row)
    complete = not required  # without keywords

    def function(*arguments: Any, out: Any = None, name: str | None = None, **keywords: Any) -> Any:
        if takes_dtype and "dtype" in keywords:
            dtype = keywords.pop("dtype")
            if dtype is not None:
                arguments = (arguments[0].astype(dtype), *arguments[1:])
        if len(arguments) == count and (
            required <= keywords.keys() <= known if keywords else complete
        ):
            for value in arguments:
                if not is_array(value):
                    break
            else:  # nothing to sort
                return invoke(row, arguments, keywords, out)
        inputs, attributes, positional_out = bind(row, arguments, keywords)
        return invoke(row, inputs, attributes, out if positional_out is None else positional_out)

    return named(function, name, "numparam.ndarray", documentation(row), signature(row, "self"))


def _plain_call(row: Operation) -> tuple[int, frozenset[str], frozenset[str]]:
    """Return the number of an operation's arrays, its attributes, and those without a default.

    The number is -1 if it varies.
    """
    attributes = row.attributes.items()
    required = frozenset(name for name, default in attributes if default is REQUIRED)
    return -1 if row.variadic else len(row.inputs), frozenset(row.attributes), required


def named(
    function: Any, name: str, module: str, text: str, parameters: inspect.Signature
) -> Callable[..., Any]:
    """Set name, documentation and signature of a function that was made of a row."""
    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    function.__doc__ = text
    function.__signature__ = parameters
    return function


def signature(row: Operation, first: str = "") -> inspect.Signature:
    """Return the signature of an operation's function.

    Parameters
    ----------
    row : Operation
        The operation.
    first : str, default ''
        The name of the first parameter, if it is not that of the first input.
    """
    either, only = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    parameters = []
    kind: Any = either
    for name in row.inputs:
        if name.startswith("*"):
            parameters.append(inspect.Parameter(name[1:], inspect.Parameter.VAR_POSITIONAL))
            kind = only
        else:
            default = None if name in row.optional else REQUIRED
            parameters.append(inspect.Parameter(name, kind, default=default))
    if first:
        parameters[0] = inspect.Parameter(first, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    optional = bool(row.optional)
    for name, default in row.attributes.items():
        if default is REQUIRED and optional and kind is either:
            kind = only  # it follows an input that may be left out
        optional = optional or default is not REQUIRED
        parameters.append(inspect.Parameter(name, kind, default=default))
    for name in ("out", "name"):
        if name not in row.attributes:
            parameters.append(inspect.Parameter(name, kind, default=None))
    return inspect.Signature(parameters, __validate_parameters__=False)


@functools.cache
def _binary_function(row: Arithmetic) -> Callable[..., Any]:
    compute = BINARY[row.name]

    def function(lhs: Any, rhs: Any) -> Any:
        if not is_array(lhs) and not is_array(rhs):
            numbers = (int, float, np.generic)
            if isinstance(lhs, numbers) and isinstance(rhs, numbers):
                return row.function(np.asarray(lhs), np.asarray(rhs)).item()
            raise _not_operands(row, lhs, rhs)
        result = compute(lhs, rhs)
        if result is NotImplemented:
            raise _not_operands(row, lhs, rhs)
        return result

    function.__name__ = function.__qualname__ = row.name
    function.__module__ = "numparam.ndarray"
    function.__doc__ = f"""Return {row.summary}, element by element, with broadcasting.

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
        If an input is not an array.
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
        if not is_array(value):
            label = row.inputs[min(position, len(row.inputs) - 1)].lstrip("*")
            raise ArgumentTypeError(
                f"{label} of {row.name} must be an NDArray, not {type(value).__name__}; make one "
                "with nd.array(values)"
            )
    for name in attributes:
        if name not in row.attributes:
            known = ", ".join(row.attributes) or "none"
            raise UnexpectedArgumentError(
                f"{row.name} has no attribute {name!r:.200}; it has {known}"
            )
    for name, default in row.attributes.items():
        if default is REQUIRED and name not in attributes:
            raise UnexpectedArgumentError(f"{row.name} needs the attribute {name!r}")
    return inputs, attributes, out


def unknown_operation(name: str, prefix: str = "") -> NoReturn:
    """Raise the error for a name that ``numparam.nd``, or a module in it, does not have.

    Raises
    ------
    AttributeError
        With what numparam is, and which names are near.
    """
    if prefix:
        face = "_internal" if prefix == "_" else prefix.rstrip(".")
        module, names = f"numparam.nd.{face}", names_of(prefix)
    else:
        module, names = "numparam.nd", dir(sys.modules[__package__])
    raise missing(
        module,
        name,
        names,
        "numparam is Gluon's parameter layer, with the array operations that parameter code needs; "
        "it has no neural network layers",
    )
