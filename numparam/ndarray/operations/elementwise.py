"""Operations on one array, element by element."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.ndarray.operations.operation import Operation, operation, register

__all__: list[str] = []

Array = np.ndarray


def _sign(data: Array) -> Array:
    return (data > 0).astype(data.dtype) - (data < 0).astype(data.dtype)


def _round(data: Array) -> Array:
    """Round to the nearest integer, halves away from zero."""
    whole = np.trunc(data)
    return np.where(np.abs(data - whole) >= 0.5, whole + _sign(data), whole)


def _rint(data: Array) -> Array:
    """Round to the nearest integer, halves down, as MXNet does."""
    below, above = np.floor(data), np.ceil(data)
    return np.where(data - below <= above - data, below, above)


def _sigmoid(data: Array) -> Array:
    return 1 / (1 + np.exp(-data))


def _rsqrt(data: Array) -> Array:
    return 1 / np.sqrt(data)


def _rcbrt(data: Array) -> Array:
    return 1 / np.cbrt(data)


def _relu(data: Array) -> Array:
    return np.maximum(data, data.dtype.type(0))


def _softsign(data: Array) -> Array:
    return data / (1 + np.abs(data))


def _softrelu(data: Array) -> Array:
    return np.logaddexp(data, data.dtype.type(0))


def _logical_not(data: Array) -> Array:
    return data == 0


def _erf(data: Array) -> Array:
    return np.vectorize(math.erf, otypes=[np.float64])(data)


#: Name, aliases, function, whether integers are computed as float64, and
#: what it returns for each element.
_TABLE: tuple[tuple[str, tuple[str, ...], Callable[..., Any], bool, str], ...] = (
    ("abs", (), np.abs, False, "the absolute value"),
    ("sign", (), _sign, False, "-1, 0 or 1, as the element is below, at or above 0"),
    ("negative", (), np.negative, False, "the number with the other sign"),
    ("reciprocal", (), lambda data: 1 / data, True, "1 divided by the element"),
    ("square", (), np.square, False, "the square"),
    ("sqrt", (), np.sqrt, True, "the square root"),
    ("rsqrt", (), _rsqrt, True, "1 divided by the square root"),
    ("cbrt", (), np.cbrt, True, "the cube root"),
    ("rcbrt", (), _rcbrt, True, "1 divided by the cube root"),
    ("exp", (), np.exp, True, "e to the power of the element"),
    ("expm1", (), np.expm1, True, "e to the power of the element, minus 1"),
    ("log", (), np.log, True, "the natural logarithm"),
    ("log2", (), np.log2, True, "the logarithm to base 2"),
    ("log10", (), np.log10, True, "the logarithm to base 10"),
    ("log1p", (), np.log1p, True, "the natural logarithm of 1 plus the element"),
    ("sin", (), np.sin, True, "the sine of an angle in radians"),
    ("cos", (), np.cos, True, "the cosine of an angle in radians"),
    ("tan", (), np.tan, True, "the tangent of an angle in radians"),
    ("arcsin", (), np.arcsin, True, "the angle with this sine, in radians"),
    ("arccos", (), np.arccos, True, "the angle with this cosine, in radians"),
    ("arctan", (), np.arctan, True, "the angle with this tangent, in radians"),
    ("sinh", (), np.sinh, True, "the hyperbolic sine"),
    ("cosh", (), np.cosh, True, "the hyperbolic cosine"),
    ("tanh", (), np.tanh, True, "the hyperbolic tangent"),
    ("arcsinh", (), np.arcsinh, True, "the inverse of the hyperbolic sine"),
    ("arccosh", (), np.arccosh, True, "the inverse of the hyperbolic cosine"),
    ("arctanh", (), np.arctanh, True, "the inverse of the hyperbolic tangent"),
    ("degrees", (), np.degrees, True, "the angle in degrees, of one in radians"),
    ("radians", (), np.radians, True, "the angle in radians, of one in degrees"),
    ("erf", (), _erf, True, "the error function"),
    ("sigmoid", (), _sigmoid, True, "``1 / (1 + exp(-x))``"),
    ("relu", (), _relu, False, "the larger one of the element and 0"),
    ("softsign", (), _softsign, True, "``x / (1 + abs(x))``"),
    ("floor", (), np.floor, False, "the largest integer that is not larger"),
    ("ceil", (), np.ceil, False, "the smallest integer that is not smaller"),
    ("trunc", (), np.trunc, False, "the number without its fraction"),
    ("fix", (), np.trunc, False, "the number without its fraction"),
    ("rint", (), _rint, False, "the nearest integer, of two the lower one"),
    ("round", (), _round, False, "the nearest integer, of two the one farther from 0"),
    ("logical_not", (), _logical_not, False, "1 where the element is 0, else 0"),
    ("identity", ("_copy",), np.array, False, "the number itself, in a copy"),
    (
        "BlockGrad",
        ("stop_gradient",),
        np.array,
        False,
        "the number itself, through which no gradient flows",
    ),
    ("make_loss", ("MakeLoss",), np.array, False, "the number itself, as a loss"),
    ("contrib.isnan", ("isnan",), np.isnan, False, "1 where the element is NaN, else 0"),
    (
        "contrib.isinf",
        ("isinf",),
        np.isinf,
        False,
        "1 where the element is infinite, else 0",
    ),
    (
        "contrib.isfinite",
        ("isfinite",),
        np.isfinite,
        False,
        "1 where the element is finite, else 0",
    ),
)


def _through_floats(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function compute integers as the same numbers in float64."""

    def of_floats(data: Array) -> Array:
        return function(data.astype(np.float64) if data.dtype.kind in "iub" else data)

    return of_floats


_RESULT = "Of the shape and dtype of ``data``"

for _name, _aliases, _function, _floats, _gives in _TABLE:
    register(
        Operation(
            _name,
            _through_floats(_function) if _floats else _function,
            _aliases,
            ("data",),
            summary=f"Return {_gives}, for each element.",
            result=f"{_RESULT}; integers are computed in float64 and cut off."
            if _floats
            else f"{_RESULT}.",
        )
    )


@operation("clip")
def _clip(data: Array, *, a_min: float, a_max: float) -> Array:
    """Replace elements below ``a_min`` or above ``a_max`` by that bound."""
    low, high = (np.asarray(bound, np.float64).astype(data.dtype) for bound in (a_min, a_max))
    # In this order, so that a_min > a_max gives what MXNet gives.
    return np.where(data > high, high, np.where(data < low, low, data))


@operation("smooth_l1")
def _smooth_l1(data: Array, *, scalar: float = 1.0) -> Array:
    """Compute the smooth L1 loss: quadratic within ``1 / scalar**2`` of 0, linear outside."""
    square = scalar * scalar
    size = np.abs(data)
    return np.where(size < 1 / square, 0.5 * square * data * data, size - 0.5 / square)


@operation("hard_sigmoid")
def _hard_sigmoid(data: Array, *, alpha: float = 0.2, beta: float = 0.5) -> Array:
    """Compute ``alpha * x + beta``, clipped to the range from 0 to 1."""
    return np.clip(data.dtype.type(alpha) * data + data.dtype.type(beta), 0, 1)


_ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "relu": _relu,
    "sigmoid": _sigmoid,
    "softrelu": _softrelu,
    "softsign": _softsign,
    "tanh": np.tanh,
}


@operation("Activation")
def _activation(data: Array, *, act_type: str) -> Array:
    """Apply the activation function that ``act_type`` names."""
    if act_type not in _ACTIVATIONS:
        raise ValueError(f"act_type must be one of {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[act_type](data)


@operation("LeakyReLU")
def _leaky_relu(data: Array, *, act_type: str = "leaky", slope: float = 0.25) -> Array:
    """Keep positive elements; scale the others ('leaky') or bend them exponentially ('elu')."""
    slope = data.dtype.type(slope)
    if act_type == "leaky":
        return np.where(data > 0, data, slope * data)
    if act_type == "elu":
        return np.where(data > 0, data, slope * np.expm1(data))
    raise ValueError("act_type must be 'leaky' or 'elu'")
