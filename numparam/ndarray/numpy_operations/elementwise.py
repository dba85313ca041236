"""Functions of one array, element by element."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.ndarray.numpy_operations.promotion import is_floating, with_fractions
from numparam.ndarray.operations.operation import OPERATIONS, Operation, operation, register, vjp_of

__all__ = ["UNARY"]

Array = np.ndarray

#: Functions with results of the dtype that NumPy gives them, but for float32 in place of float64:
#: name, aliases, function, the classic operation with the same derivative, and what it gives.
_OF_NUMPY: tuple[tuple[str, tuple[str, ...], Callable[..., Any], str | None, str], ...] = (
    ("abs", ("absolute",), np.abs, "abs", "the absolute value"),
    ("fabs", (), np.fabs, "abs", "the absolute value, as a fraction"),
    ("negative", (), np.negative, "negative", "the number with the other sign"),
    ("positive", (), np.positive, "identity", "the number itself"),
    ("square", (), np.square, "square", "the square"),
    ("rint", (), np.rint, None, "the nearest integer, of two the even one"),
    ("floor", (), np.floor, None, "the largest integer that is not larger"),
    ("ceil", (), np.ceil, None, "the smallest integer that is not smaller"),
    ("trunc", ("fix",), np.trunc, None, "the number without its fraction"),
    ("logical_not", (), np.logical_not, None, "whether it is 0"),
    ("invert", ("bitwise_not",), np.invert, None, "the number with all bits flipped"),
    ("isnan", (), np.isnan, None, "whether it is not a number"),
    ("isinf", (), np.isinf, None, "whether it is infinite"),
    ("isfinite", (), np.isfinite, None, "whether it is a finite number"),
)

#: Functions that give float32 for integers, and what they give.
_WITH_FRACTIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("reciprocal", (), "1 divided by it"),
    ("sqrt", (), "the square root"),
    ("cbrt", (), "the cube root"),
    ("exp", (), "e to its power"),
    ("expm1", (), "e to its power, minus 1"),
    ("log", (), "the natural logarithm"),
    ("log2", (), "the logarithm to base 2"),
    ("log10", (), "the logarithm to base 10"),
    ("log1p", (), "the natural logarithm of 1 plus it"),
    ("sin", (), "the sine"),
    ("cos", (), "the cosine"),
    ("tan", (), "the tangent"),
    ("arcsin", (), "the angle with this sine, in radians"),
    ("arccos", (), "the angle with this cosine, in radians"),
    ("arctan", (), "the angle with this tangent, in radians"),
    ("sinh", (), "the hyperbolic sine"),
    ("cosh", (), "the hyperbolic cosine"),
    ("tanh", (), "the hyperbolic tangent"),
    ("arcsinh", (), "the inverse of the hyperbolic sine"),
    ("arccosh", (), "the inverse of the hyperbolic cosine"),
    ("arctanh", (), "the inverse of the hyperbolic tangent"),
    ("degrees", ("rad2deg",), "the angle in degrees"),
    ("radians", ("deg2rad",), "the angle in radians"),
)

#: What each function of one operand gives, by its name.
UNARY: dict[str, str] = {}


_SAME = "Of the shape and dtype of ``x``."
_FLOATS = "Of the shape and dtype of ``x``; of float32 for integers and booleans."
_TRUTH = "Of the shape of ``x`` and the dtype bool."


def _register(
    name: str,
    aliases: tuple[str, ...],
    forward: Callable[..., Any],
    derivative: str | None,
    gives: str,
    result: str,
) -> None:
    names = tuple(f"_np_{alias}" for alias in aliases)
    summary = f"Return {gives}, for each element."
    register(
        Operation(
            f"_np_{name}",
            forward,
            names,
            ("x",),
            dtype="computed",
            differentiable=derivative is not None,
            vjp=None if derivative is None else OPERATIONS[derivative].vjp,
            summary=summary,
            result=result,
        )
    )
    UNARY.update(dict.fromkeys((name, *aliases), gives))


def _as_array(function: Callable[..., Any], x: Array) -> Array:
    result = np.asarray(function(x))
    if is_floating(result.dtype) and not is_floating(x.dtype):
        return result.astype(with_fractions(x.dtype))
    return result


def _with_fractions(function: Callable[..., Any], x: Array) -> Array:
    """Convert integers to float64, as the classic operations do."""
    return np.asarray(function(x)).astype(with_fractions(x.dtype), copy=False)


for _name, _aliases, _function, _derivative, _gives in _OF_NUMPY:
    if _function(np.int32(0)).dtype.kind == "f":
        _result = _FLOATS
    else:
        _result = _TRUTH if _gives.startswith("whether") else _SAME
    _register(
        _name, _aliases, functools.partial(_as_array, _function), _derivative, _gives, _result
    )
for _name, _aliases, _gives in _WITH_FRACTIONS:
    _forward = functools.partial(_with_fractions, OPERATIONS[_name].forward)
    _register(_name, _aliases, _forward, _name, _gives, _FLOATS)
_register(
    "sign",
    (),
    OPERATIONS["sign"].forward,
    None,
    "-1, 0 or 1, as the number is below, at or above 0",
    _SAME,
)


@operation(
    "_np_around",
    "_np_round",
    "_np_round_",
    dtype="computed",
    differentiable=False,
    result="Of the dtype of ``a``.",
)
def _around(a: Array, *, decimals: int = 0) -> Array:
    """Round to a number of decimals, halves to the even neighbour."""
    return np.asarray(np.around(a, decimals))


@operation("_np_clip", dtype="computed", result="Of the dtype of ``a``.")
def _clip(a: Array, *, a_min: float | None, a_max: float | None) -> Array:
    """Limit the elements to a range; None leaves a side open."""
    if a_min is None and a_max is None:
        raise ValueError("at least one of a_min and a_max must be a number")
    low, high = (
        None if bound is None else np.asarray(bound, np.float64).astype(a.dtype)
        for bound in (a_min, a_max)
    )
    return np.asarray(np.clip(a, low, high))


@vjp_of("_np_clip")
def _clip_vjp(cotangent: Array, *, a: Array, a_min: float | None, a_max: float | None) -> Array:
    if a_min is not None:
        cotangent = cotangent * (a >= a_min)
    return cotangent if a_max is None else cotangent * (a <= a_max)
