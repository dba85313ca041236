"""The functions of ``mx.np``, generated from the rows of the table named ``_np_…``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.ndarray.arguments import ArgumentTypeError
from numparam.ndarray.functions import bind, named, signature
from numparam.ndarray.numpy_operations.arithmetic import BINARY
from numparam.ndarray.numpy_operations.elementwise import UNARY
from numparam.ndarray.numpy_operations.operands import is_numpy_array, kind_error
from numparam.ndarray.operations import OPERATIONS, Operation, invoke
from numparam.ndarray.operations.documentation import documentation
from numparam.ndarray.values import NUMBERS

__all__ = ["FUNCTIONS", "array_function", "of_ufunc"]

Function = Callable[..., Any]


class WrongArrayError(ArgumentTypeError):
    """An input is not an ``mx.np`` array: a TypeError, and an AssertionError, as in MXNet."""


def array_function(name: str, row: Operation, module: str, summary: str) -> Function:
    """Return the function of ``mx.np`` arrays for an operation.

    Parameters
    ----------
    name : str
        The function's name.
    row : Operation
        What it computes.
    module : str
        The module that it belongs to.
    summary : str
        The first line of its documentation.

    Returns
    -------
    callable
        ``function(*inputs, *attributes, out=None)``.
    """
    count = len(row.inputs)

    def function(*arguments: Any, out: Any = None, **keywords: Any) -> Any:
        for value in arguments[:count]:
            _check_class(name, value)
        for label in row.inputs:
            if label in keywords:
                _check_class(name, keywords[label])
        inputs, attributes, positional_out = bind(row, arguments, keywords)
        return invoke(row, inputs, attributes, out if positional_out is None else positional_out)

    return named(function, name, module, _documentation(row, summary), signature(row))


def _check_class(name: str, value: Any) -> None:
    if value is not None and not is_numpy_array(value):
        raise WrongArrayError(str(kind_error(name, value)))


def _unary_function(name: str, row: Operation) -> Function:
    def function(x: Any, out: Any = None) -> Any:
        if isinstance(x, NUMBERS):
            return _of_numbers(name, x)
        _check_class(name, x)
        return invoke(row, (x,), {}, out)

    text = _documentation(row, row.summary)
    return named(function, name, "numparam.numpy", text, inspect.signature(function))


def _binary_function(name: str, row: Operation) -> Function:
    compute = BINARY[name]

    def function(x1: Any, x2: Any, out: Any = None) -> Any:
        if isinstance(x1, NUMBERS) and isinstance(x2, NUMBERS):
            return _of_numbers(name, x1, x2)
        if not is_numpy_array(x1) and not is_numpy_array(x2):
            raise WrongArrayError(str(kind_error(name, x2 if isinstance(x1, NUMBERS) else x1)))
        result = compute(x1, x2, out)
        if result is NotImplemented:
            wrong = x2 if is_numpy_array(x1) else x1
            raise WrongArrayError(str(kind_error(name, wrong)))
        return result

    text = _documentation(row, row.summary)
    return named(function, name, "numparam.numpy", text, inspect.signature(function))


def _of_numbers(name: str, *numbers: Any) -> Any:
    """Compute a function of plain numbers by NumPy."""
    with np.errstate(all="ignore"):
        return getattr(np, "trunc" if name == "fix" else name)(*numbers).item()


def _documentation(row: Operation, summary: str) -> str:
    takes_numbers = row.name.removeprefix("_np_") in {*BINARY, *UNARY}
    inputs = "ndarray or number" if takes_numbers else "ndarray"
    return documentation(row, summary=summary, inputs=inputs, array="ndarray")


def _made() -> dict[str, Function]:
    functions: dict[str, Function] = {}
    for key, row in OPERATIONS.items():
        name = key.removeprefix("_np_")
        if name == key or name in _BY_HAND or name.endswith(("_scalar", "_reflected")):
            continue
        if name in BINARY:
            functions[name] = _binary_function(name, row)
        elif name in UNARY:
            functions[name] = _unary_function(name, row)
        else:
            functions[name] = array_function(name, row, "numparam.numpy", row.summary)
    return functions


# Written out in `numparam.numpy`: `shaping`, `selection` and `linalg`.
_BY_HAND = frozenset(
    {
        "allclose",
        "array_equal",
        "concatenate",
        "flatten",
        "hstack",
        "linalg_norm",
        "nonzero",
        "stack",
    }
    | {"take", "vstack", "where"}
)

#: The functions that come straight from the table, by name.
FUNCTIONS: dict[str, Function] = _made()

_UFUNCS = {
    "absolute": "abs",
    "fabs": "abs",
    "degrees": "degrees",
    "rad2deg": "degrees",
    "radians": "radians",
    "deg2rad": "radians",
}


def of_ufunc(ufunc: np.ufunc) -> Function | None:
    """Return the function of ``mx.np`` that corresponds to a NumPy ufunc, or None."""
    name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
    if name not in BINARY and name not in UNARY and name != "matmul":
        return None
    return FUNCTIONS[name]
