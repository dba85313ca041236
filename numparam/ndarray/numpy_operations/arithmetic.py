"""Functions of two arrays, or of an array and a number, with NumPy's broadcasting."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.ndarray.numpy_operations.operands import array_beside, is_numpy_array
from numparam.ndarray.numpy_operations.promotion import (
    PROMOTED,
    is_floating,
    promoted,
    with_fractions,
)
from numparam.ndarray.operations.arithmetic import ARITHMETIC, Partials
from numparam.ndarray.operations.binary import BinaryFunction
from numparam.ndarray.operations.operation import OPERATIONS, REQUIRED, Operation, register
from numparam.ndarray.values import as_host_array

__all__ = ["BINARY"]

Array = np.ndarray
Function = Callable[[Any, Any], Any]


def _floor_divide(left: Array, right: Array) -> Array:
    return np.floor_divide(left, right)


def _arctan2_by_first(cotangent: Any, left: Any, right: Any) -> Any:
    return cotangent * right / (left * left + right * right)


def _arctan2_by_second(cotangent: Any, left: Any, right: Any) -> Any:
    return -cotangent * left / (left * left + right * right)


#: The derivatives of the functions that are not constant almost everywhere.
_PARTIALS = {
    name: ARITHMETIC[classic].partials
    for name, classic in {
        "add": "add",
        "subtract": "subtract",
        "multiply": "multiply",
        "divide": "true_divide",
        "remainder": "modulo",
        "power": "power",
        "maximum": "maximum",
        "minimum": "minimum",
        "hypot": "hypot",
    }.items()
}
_PARTIALS["arctan2"] = Partials(_arctan2_by_first, _arctan2_by_second)

#: Name, aliases, function of two arrays of one dtype, kind, and what it returns. Kinds: "number";
#: "quotient", of integers as float32; "truth", a bool that compares an array with a number as it
#: is; "bits", of integers and booleans.
_TABLE: tuple[tuple[str, tuple[str, ...], Function, str, str], ...] = (
    ("add", (), np.add, "number", "the sum"),
    ("subtract", (), np.subtract, "number", "the difference"),
    ("multiply", (), np.multiply, "number", "the product"),
    ("divide", ("true_divide",), np.divide, "quotient", "the quotient, of integers as float32"),
    ("floor_divide", (), _floor_divide, "number", "the quotient, rounded down"),
    (
        "remainder",
        ("mod",),
        ARITHMETIC["modulo"].function,
        "number",
        "the remainder with the sign of the divisor; 0 for divisor 0",
    ),
    ("power", (), ARITHMETIC["power"].function, "number", "the power"),
    ("maximum", (), np.maximum, "number", "the larger one"),
    ("minimum", (), np.minimum, "number", "the smaller one"),
    ("hypot", (), np.hypot, "quotient", "the length of the hypotenuse"),
    ("arctan2", (), np.arctan2, "quotient", "the angle of the point (x2, x1), in radians"),
    ("equal", (), np.equal, "truth", "whether they are equal"),
    ("not_equal", (), np.not_equal, "truth", "whether they differ"),
    ("greater", (), np.greater, "truth", "whether the first is greater"),
    ("greater_equal", (), np.greater_equal, "truth", "whether the first is greater or equal"),
    ("less", (), np.less, "truth", "whether the first is smaller"),
    ("less_equal", (), np.less_equal, "truth", "whether the first is smaller or equal"),
    ("logical_and", (), ARITHMETIC["logical_and"].function, "truth", "whether both are nonzero"),
    ("logical_or", (), ARITHMETIC["logical_or"].function, "truth", "whether one is nonzero"),
    (
        "logical_xor",
        (),
        ARITHMETIC["logical_xor"].function,
        "truth",
        "whether exactly one is nonzero",
    ),
    ("bitwise_and", (), np.bitwise_and, "bits", "the bits that are set in both"),
    ("bitwise_or", (), np.bitwise_or, "bits", "the bits that are set in one"),
    ("bitwise_xor", (), np.bitwise_xor, "bits", "the bits that are set in exactly one"),
)

#: What the documentation says of results, by kind.
_RESULTS = {
    "number": PROMOTED,
    "quotient": f"{PROMOTED} Integers give float32.",
    "truth": "Of the dtype bool.",
    "bits": PROMOTED,
}
_NOT_IN_MXNET = frozenset(("floor_divide", "logical_and", "logical_or", "logical_xor"))

#: Each function of two operands, by its name and its aliases. A list takes the dtype of the other
#: operand; a NumPy array keeps its own.
BINARY: dict[str, BinaryFunction] = {}


def _of_arrays(function: Function, kind: str, x1: Array, x2: Array) -> Array:
    dtype = promoted(x1.dtype, x2.dtype)
    if kind == "quotient":
        dtype = with_fractions(dtype)
    return np.asarray(function(x1.astype(dtype, copy=False), x2.astype(dtype, copy=False)))


def _of_number(function: Function, kind: str, swapped: bool, data: Array, *, scalar: Any) -> Array:
    number: Any
    if isinstance(scalar, np.generic):
        scalar = scalar.item()
    if kind == "quotient":
        dtype = with_fractions(data.dtype)
        data, number = data.astype(dtype, copy=False), np.asarray(scalar).astype(dtype)
    elif kind == "truth" and function in _COMPARISONS:
        # Not in the array's dtype: 2.5 is not 2.
        number = np.asarray(scalar).astype(data.dtype) if is_floating(data.dtype) else scalar
    else:
        if data.dtype == np.bool_ and not (kind == "bits" and isinstance(scalar, bool)):
            data = data.astype(np.int64)
        number = as_host_array(scalar, data.dtype).astype(data.dtype)
    return np.asarray(function(number, data) if swapped else function(data, number))


_COMPARISONS = frozenset(
    (np.equal, np.not_equal, np.greater, np.greater_equal, np.less, np.less_equal)
)


def _register(
    name: str, aliases: tuple[str, ...], function: Function, kind: str, summary: str
) -> None:
    partials = _PARTIALS.get(name)
    texts: dict[str, Any] = {"result": _RESULTS[kind], "differentiable": partials is not None}
    if name in _NOT_IN_MXNET:
        texts["source"] = "As in NumPy; MXNet 1.9.1 does not have it."
    register(
        Operation(
            f"_np_{name}",
            functools.partial(_of_arrays, function, kind),
            tuple(f"_np_{alias}" for alias in aliases),
            ("x1", "x2"),
            dtype="computed",
            agree=False,
            vjp=partials and partials.of_arrays(),
            summary=f"Return {summary}, element by element, with NumPy's broadcasting.",
            **texts,
        )
    )
    for suffix, swapped in (("scalar", False), ("reflected", True)):
        register(
            Operation(
                f"_np_{name}_{suffix}",
                functools.partial(_of_number, function, kind, swapped),
                tuple(f"_np_{alias}_{suffix}" for alias in aliases),
                ("data",),
                attributes={"scalar": REQUIRED},
                dtype="computed",
                vjp=partials and partials.of_number(swapped),
                summary=f"Return {summary}, for "
                + ("a number and each element." if swapped else "each element and a number."),
                **texts,
            )
        )
    for known in (name, *aliases):
        BINARY[known] = BinaryFunction(
            known,
            OPERATIONS[f"_np_{name}"],
            OPERATIONS[f"_np_{name}_scalar"],
            OPERATIONS[f"_np_{name}_reflected"],
            is_numpy_array,
            array_beside,
        )


for _row in _TABLE:
    _register(*_row)
