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


#: Name, aliases, function, whether integers are computed as float64, whether it is a method.
_TABLE: tuple[tuple[str, tuple[str, ...], Callable[..., Any], bool, bool], ...] = (
    ("abs", (), np.abs, False, True),
    ("sign", (), _sign, False, True),
    ("negative", (), np.negative, False, False),
    ("reciprocal", (), lambda data: 1 / data, True, True),
    ("square", (), np.square, False, True),
    ("sqrt", (), np.sqrt, True, True),
    ("rsqrt", (), _rsqrt, True, True),
    ("cbrt", (), np.cbrt, True, True),
    ("rcbrt", (), _rcbrt, True, True),
    ("exp", (), np.exp, True, True),
    ("expm1", (), np.expm1, True, True),
    ("log", (), np.log, True, True),
    ("log2", (), np.log2, True, True),
    ("log10", (), np.log10, True, True),
    ("log1p", (), np.log1p, True, True),
    ("sin", (), np.sin, True, True),
    ("cos", (), np.cos, True, True),
    ("tan", (), np.tan, True, True),
    ("arcsin", (), np.arcsin, True, True),
    ("arccos", (), np.arccos, True, True),
    ("arctan", (), np.arctan, True, True),
    ("sinh", (), np.sinh, True, True),
    ("cosh", (), np.cosh, True, True),
    ("tanh", (), np.tanh, True, True),
    ("arcsinh", (), np.arcsinh, True, True),
    ("arccosh", (), np.arccosh, True, True),
    ("arctanh", (), np.arctanh, True, True),
    ("degrees", (), np.degrees, True, True),
    ("radians", (), np.radians, True, True),
    ("erf", (), _erf, True, False),
    ("sigmoid", (), _sigmoid, True, True),
    ("relu", (), _relu, False, True),
    ("softsign", (), _softsign, True, False),
    ("floor", (), np.floor, False, True),
    ("ceil", (), np.ceil, False, True),
    ("trunc", (), np.trunc, False, True),
    ("fix", (), np.trunc, False, True),
    ("rint", (), _rint, False, True),
    ("round", (), _round, False, True),
    ("logical_not", (), _logical_not, False, False),
    ("identity", ("_copy",), np.array, False, False),
    ("BlockGrad", ("stop_gradient",), np.array, False, False),
    ("make_loss", ("MakeLoss",), np.array, False, False),
    ("contrib.isnan", ("isnan",), np.isnan, False, False),
    ("contrib.isinf", ("isinf",), np.isinf, False, False),
    ("contrib.isfinite", ("isfinite",), np.isfinite, False, False),
)


def _through_floats(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function compute integers as the same numbers in float64."""

    def of_floats(data: Array) -> Array:
        return function(data.astype(np.float64) if data.dtype.kind in "iub" else data)

    return of_floats


for _name, _aliases, _function, _floats, _method in _TABLE:
    register(
        Operation(
            _name,
            _through_floats(_function) if _floats else _function,
            _aliases,
            ("data",),
            method=_method,
        )
    )


@operation("clip", method=True)
def _clip(data: Array, *, a_min: float, a_max: float) -> Array:
    low, high = (np.asarray(bound, np.float64).astype(data.dtype) for bound in (a_min, a_max))
    # In this order, so that a_min > a_max gives what MXNet gives.
    return np.where(data > high, high, np.where(data < low, low, data))


@operation("smooth_l1")
def _smooth_l1(data: Array, *, scalar: float = 1.0) -> Array:
    square = scalar * scalar
    size = np.abs(data)
    return np.where(size < 1 / square, 0.5 * square * data * data, size - 0.5 / square)


@operation("hard_sigmoid")
def _hard_sigmoid(data: Array, *, alpha: float = 0.2, beta: float = 0.5) -> Array:
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
    if act_type not in _ACTIVATIONS:
        raise ValueError(f"act_type must be one of {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[act_type](data)


@operation("LeakyReLU")
def _leaky_relu(data: Array, *, act_type: str = "leaky", slope: float = 0.25) -> Array:
    slope = data.dtype.type(slope)
    if act_type == "leaky":
        return np.where(data > 0, data, slope * data)
    if act_type == "elu":
        return np.where(data > 0, data, slope * np.expm1(data))
    raise ValueError("act_type must be 'leaky' or 'elu'")
