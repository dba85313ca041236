"""The functions of ``mx.np``, made of the rows that are named ``_np_`` in the table of operations.

Those that are methods of arrays as well become methods here, and what classic arrays have and
NumPy has not is taken away from ``mx.np`` arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from numparam.ndarray.functions import ArgumentTypeError, bind
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, Operation, invoke
from numparam.ndarray.operations.documentation import documentation
from numparam.numpy.multiarray import ndarray
from numparam.numpy.operations.arithmetic import BINARY
from numparam.numpy.operations.elementwise import UNARY
from numparam.numpy.operators import NUMBERS, binary, kind_error

__all__ = ["FUNCTIONS", "METHODS", "array_function", "of_ufunc"]

Function = Callable[..., Any]


class WrongArrayError(ArgumentTypeError):
    """An input is no ``mx.np`` array: a TypeError, and an AssertionError, as in MXNet."""


def array_function(name: str, row: Operation, module: str, summary: str) -> Function:
    """Make a function of ``mx.np`` arrays out of an operation.

    Parameters
    ----------
    name : str
        The function's name.
    row : Operation
        What it computes.
    module : str
        Where it shows itself.
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

    return _named(function, name, module, _documentation(row, summary))


def _check_class(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, ndarray):
        raise WrongArrayError(str(kind_error(name, value)))


def _unary_function(name: str, row: Operation) -> Function:
    def function(x: Any, out: Any = None) -> Any:
        if isinstance(x, NUMBERS):
            return _of_numbers(name, x)
        _check_class(name, x)
        return invoke(row, (x,), {}, out)

    return _named(function, name, "numparam.numpy", _documentation(row, row.summary))


def _binary_function(name: str, row: Operation) -> Function:
    def function(x1: Any, x2: Any, out: Any = None) -> Any:
        if isinstance(x1, NUMBERS) and isinstance(x2, NUMBERS):
            return _of_numbers(name, x1, x2)
        if not isinstance(x1, ndarray) and not isinstance(x2, ndarray):
            raise WrongArrayError(str(kind_error(name, x2 if isinstance(x1, NUMBERS) else x1)))
        result = binary(name, x1, x2, out)
        if result is NotImplemented:
            wrong = x2 if isinstance(x1, ndarray) else x1
            raise WrongArrayError(str(kind_error(name, wrong)))
        return result

    return _named(function, name, "numparam.numpy", _documentation(row, row.summary))


def _of_numbers(name: str, *numbers: Any) -> Any:
    """Let NumPy compute a function of numbers alone, which has no dtype or context to keep."""
    with np.errstate(all="ignore"):
        return getattr(np, "trunc" if name == "fix" else name)(*numbers).item()


def _named(function: Any, name: str, module: str, documentation: str) -> Function:
    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    function.__doc__ = documentation
    return function


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


# Written out in `numparam.numpy.shaping` and `numparam.numpy.selection`.
_BY_HAND = frozenset(
    {"allclose", "array_equal", "concatenate", "flatten", "hstack", "nonzero", "stack", "take"}
    | {"vstack", "where"}
)

#: The functions that come straight from the table, by name.
FUNCTIONS: dict[str, Function] = _made()

#: The functions that are methods of arrays, too.
METHODS = (
    *("all", "any", "argmax", "argmin", "argsort", "clip", "cumsum", "dot", "max", "mean", "min"),
    *("prod", "repeat", "round", "std", "sum", "swapaxes", "var", "broadcast_to"),
)

for _name in METHODS:
    setattr(ndarray, _name, FUNCTIONS[_name])

_UFUNCS = {
    "absolute": "abs",
    "fabs": "abs",
    "degrees": "degrees",
    "rad2deg": "degrees",
    "radians": "radians",
    "deg2rad": "radians",
}


def of_ufunc(ufunc: np.ufunc) -> Function | None:
    """Find the function of ``mx.np`` that a NumPy ufunc stands for; None if there is none."""
    name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
    if name not in BINARY and name not in UNARY and name != "matmul":
        return None
    return FUNCTIONS[name]


class _Unavailable:
    """A method of classic arrays that ``mx.np`` arrays do not have."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, array: Any, array_class: type) -> NoReturn:
        from numparam import numpy

        if self._name in numpy.__all__:
            instead = f"mx.np.{self._name}(array)"
        else:
            instead = f"array.as_nd_ndarray().{self._name}(...) or mx.npx, which has the layers"
        raise AttributeError(f"an mx.np array has no method {self._name!r}; use {instead}")


def _take_classic_methods_away() -> None:
    own: set[str] = set()
    for part in ndarray.__mro__[: ndarray.__mro__.index(NDArray)]:
        own.update(vars(part))
    classic = {name for name, row in OPERATIONS.items() if row.method}
    for name in classic | {"reshape_like", "slice_assign", "slice_assign_scalar", "split_v2"}:
        if name not in own and hasattr(NDArray, name):
            setattr(ndarray, name, _Unavailable(name))
    for name in ("flip", "tostype"):
        setattr(ndarray, name, _Unavailable(name))


_take_classic_methods_away()
