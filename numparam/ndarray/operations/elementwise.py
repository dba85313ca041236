"""Elementwise operations on one array."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.generator import host_generator
from numparam.ndarray.operations.operation import Operation, operation, register, vjp_of
from numparam.ndarray.operations.special_functions import error_function
from numparam.recording.scopes import is_training

__all__: list[str] = []

Array = np.ndarray


def _exp(data: Array) -> Array:
    """Compute e to the power of each element; of float32 in float64, to round to nearest."""
    return np.exp(data, dtype=np.float64) if data.dtype == np.float32 else np.exp(data)


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


def _sigmoid_vjp(cotangent: Array, *, output: Array) -> Array:
    return cotangent * output * (1 - output)


def _rsqrt(data: Array) -> Array:
    return 1 / np.sqrt(data)


def _rsqrt_vjp(cotangent: Array, *, output: Array) -> Array:
    return -0.5 * cotangent * output * output * output


def _rcbrt(data: Array) -> Array:
    return 1 / np.cbrt(data)


def _rcbrt_vjp(cotangent: Array, *, data: Array, output: Array) -> Array:
    return -cotangent * output / (3 * data)


def _relu(data: Array) -> Array:
    return np.maximum(data, data.dtype.type(0))


def _relu_vjp(cotangent: Array, *, output: Array) -> Array:
    return cotangent * np.sign(output)  # 0 or 1; faster than a comparison


def _softsign(data: Array) -> Array:
    return data / (1 + np.abs(data))


def _softsign_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / np.square(1 + np.abs(data))


def _softrelu(data: Array) -> Array:
    return np.logaddexp(data, data.dtype.type(0))


def _softrelu_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / (1 + np.exp(-data))


def _logical_not(data: Array) -> Array:
    return data == 0


def _erf(data: Array) -> Array:
    return np.vectorize(math.erf, otypes=[np.float64])(data)


def _erf_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent * np.exp(-np.square(data)) * (2 / math.sqrt(math.pi))


# The functions of NumPy that are operations as they are.


def _abs_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent * np.sign(data)


def _negative_vjp(cotangent: Array) -> Array:
    return -cotangent


def _reciprocal_vjp(cotangent: Array, *, output: Array) -> Array:
    return -cotangent * np.square(output)


def _square_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent * (2 * data)


def _sqrt_vjp(cotangent: Array, *, output: Array) -> Array:
    return cotangent * 0.5 / output


def _cbrt_vjp(cotangent: Array, *, output: Array) -> Array:
    return cotangent / (3 * np.square(output))


def _exp_vjp(cotangent: Array, *, output: Array) -> Array:
    return cotangent * output


def _expm1_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent * np.exp(data)  # output + 1 would lose digits


def _log_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / data


def _log2_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / (data * math.log(2))


def _log10_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / (data * math.log(10))


def _log1p_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / (1 + data)


def _sin_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent * np.cos(data)


def _cos_vjp(cotangent: Array, *, data: Array) -> Array:
    return -cotangent * np.sin(data)


def _tan_vjp(cotangent: Array, *, output: Array) -> Array:
    return cotangent * (1 + np.square(output))


def _arcsin_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / np.sqrt(1 - np.square(data))


def _arccos_vjp(cotangent: Array, *, data: Array) -> Array:
    return -cotangent / np.sqrt(1 - np.square(data))


def _arctan_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / (1 + np.square(data))


def _sinh_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent * np.cosh(data)


def _cosh_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent * np.sinh(data)


def _tanh_vjp(cotangent: Array, *, output: Array) -> Array:
    return cotangent * (1 - np.square(output))


def _arcsinh_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / np.sqrt(np.square(data) + 1)


def _arccosh_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / np.sqrt(np.square(data) - 1)


def _arctanh_vjp(cotangent: Array, *, data: Array) -> Array:
    return cotangent / (1 - np.square(data))


def _degrees_vjp(cotangent: Array) -> Array:
    return cotangent * (180 / math.pi)


def _radians_vjp(cotangent: Array) -> Array:
    return cotangent * (math.pi / 180)


def _identity_vjp(cotangent: Array) -> Array:
    return cotangent


def _loss_vjp(cotangent: Array) -> Array:
    """Return ones: a loss starts the backward pass, whatever was computed from it."""
    return np.ones(cotangent.shape, cotangent.dtype)


#: Name, aliases, function, its vector-Jacobian product (None for those that are constant almost
#: everywhere), whether integers are computed as float64, and what it returns for each element.
_TABLE: tuple[
    tuple[str, tuple[str, ...], Callable[..., Any], Callable[..., Any] | None, bool, str], ...
] = (
    ("abs", (), np.abs, _abs_vjp, False, "the absolute value"),
    ("sign", (), _sign, None, False, "-1, 0 or 1, as the element is below, at or above 0"),
    ("negative", (), np.negative, _negative_vjp, False, "the number with the other sign"),
    ("reciprocal", (), lambda data: 1 / data, _reciprocal_vjp, True, "1 divided by the element"),
    ("square", (), np.square, _square_vjp, False, "the square"),
    ("sqrt", (), np.sqrt, _sqrt_vjp, True, "the square root"),
    ("rsqrt", (), _rsqrt, _rsqrt_vjp, True, "1 divided by the square root"),
    ("cbrt", (), np.cbrt, _cbrt_vjp, True, "the cube root"),
    ("rcbrt", (), _rcbrt, _rcbrt_vjp, True, "1 divided by the cube root"),
    ("exp", (), _exp, _exp_vjp, True, "e to the power of the element"),
    ("expm1", (), np.expm1, _expm1_vjp, True, "e to the power of the element, minus 1"),
    ("log", (), np.log, _log_vjp, True, "the natural logarithm"),
    ("log2", (), np.log2, _log2_vjp, True, "the logarithm to base 2"),
    ("log10", (), np.log10, _log10_vjp, True, "the logarithm to base 10"),
    ("log1p", (), np.log1p, _log1p_vjp, True, "the natural logarithm of 1 plus the element"),
    ("sin", (), np.sin, _sin_vjp, True, "the sine of an angle in radians"),
    ("cos", (), np.cos, _cos_vjp, True, "the cosine of an angle in radians"),
    ("tan", (), np.tan, _tan_vjp, True, "the tangent of an angle in radians"),
    ("arcsin", (), np.arcsin, _arcsin_vjp, True, "the angle with this sine, in radians"),
    ("arccos", (), np.arccos, _arccos_vjp, True, "the angle with this cosine, in radians"),
    ("arctan", (), np.arctan, _arctan_vjp, True, "the angle with this tangent, in radians"),
    ("sinh", (), np.sinh, _sinh_vjp, True, "the hyperbolic sine"),
    ("cosh", (), np.cosh, _cosh_vjp, True, "the hyperbolic cosine"),
    ("tanh", (), np.tanh, _tanh_vjp, True, "the hyperbolic tangent"),
    ("arcsinh", (), np.arcsinh, _arcsinh_vjp, True, "the inverse of the hyperbolic sine"),
    ("arccosh", (), np.arccosh, _arccosh_vjp, True, "the inverse of the hyperbolic cosine"),
    ("arctanh", (), np.arctanh, _arctanh_vjp, True, "the inverse of the hyperbolic tangent"),
    ("degrees", (), np.degrees, _degrees_vjp, True, "the angle in degrees, of one in radians"),
    ("radians", (), np.radians, _radians_vjp, True, "the angle in radians, of one in degrees"),
    ("erf", (), _erf, _erf_vjp, True, "the error function"),
    ("sigmoid", (), _sigmoid, _sigmoid_vjp, True, "``1 / (1 + exp(-x))``"),
    ("relu", (), _relu, _relu_vjp, False, "the larger one of the element and 0"),
    ("softsign", (), _softsign, _softsign_vjp, True, "``x / (1 + abs(x))``"),
    ("floor", (), np.floor, None, False, "the largest integer that is not larger"),
    ("ceil", (), np.ceil, None, False, "the smallest integer that is not smaller"),
    ("trunc", (), np.trunc, None, False, "the number without its fraction"),
    ("fix", (), np.trunc, None, False, "the number without its fraction"),
    ("rint", (), _rint, None, False, "the nearest integer, of two the lower one"),
    ("round", (), _round, None, False, "the nearest integer, of two the one farther from 0"),
    ("logical_not", (), _logical_not, None, False, "1 where the element is 0, else 0"),
    ("identity", ("_copy",), np.array, _identity_vjp, False, "the number itself, in a copy"),
    (
        "BlockGrad",
        ("stop_gradient",),
        np.array,
        None,
        False,
        "the number itself, through which no gradient flows",
    ),
    ("make_loss", (), np.array, _loss_vjp, False, "the number itself, as a loss"),
    ("contrib.isnan", ("isnan",), np.isnan, None, False, "1 where the element is NaN, else 0"),
    (
        "contrib.isinf",
        ("isinf",),
        np.isinf,
        None,
        False,
        "1 where the element is infinite, else 0",
    ),
    (
        "contrib.isfinite",
        ("isfinite",),
        np.isfinite,
        None,
        False,
        "1 where the element is finite, else 0",
    ),
)


def _through_floats(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that it converts integers to float64."""

    def of_floats(data: Array) -> Array:
        return function(data.astype(np.float64) if data.dtype.kind in "iub" else data)

    return of_floats


_RESULT = "Of the shape and dtype of ``data``"

for _name, _aliases, _function, _vjp, _floats, _gives in _TABLE:
    register(
        Operation(
            _name,
            _through_floats(_function) if _floats else _function,
            _aliases,
            ("data",),
            differentiable=_vjp is not None,
            vjp=_vjp,
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


@vjp_of("clip")
def _clip_vjp(cotangent: Array, *, data: Array, a_min: float, a_max: float) -> Array:
    return cotangent * ((data >= a_min) & (data <= a_max))


@operation("smooth_l1")
def _smooth_l1(data: Array, *, scalar: float = 1.0) -> Array:
    """Compute the smooth L1 loss: quadratic within ``1 / scalar**2`` of 0, linear outside."""
    square = scalar * scalar
    size = np.abs(data)
    return np.where(size < 1 / square, 0.5 * square * data * data, size - 0.5 / square)


@vjp_of("smooth_l1")
def _smooth_l1_vjp(cotangent: Array, *, data: Array, scalar: float) -> Array:
    square = scalar * scalar
    return cotangent * np.where(np.abs(data) < 1 / square, square * data, np.sign(data))


@operation("hard_sigmoid")
def _hard_sigmoid(data: Array, *, alpha: float = 0.2, beta: float = 0.5) -> Array:
    """Compute ``alpha * x + beta``, clipped to the range from 0 to 1."""
    return np.clip(data.dtype.type(alpha) * data + data.dtype.type(beta), 0, 1)


@vjp_of("hard_sigmoid")
def _hard_sigmoid_vjp(cotangent: Array, *, output: Array, alpha: float) -> Array:
    return cotangent * alpha * ((output > 0) & (output < 1))


#: The function of each activation, and its derivative by the result, times a cotangent.
_ACTIVATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "relu": (_relu, _relu_vjp),
    "sigmoid": (_sigmoid, _sigmoid_vjp),
    "softrelu": (_softrelu, lambda cotangent, *, output: -cotangent * np.expm1(-output)),
    "softsign": (
        _softsign,
        lambda cotangent, *, output: cotangent * np.square(1 - np.abs(output)),
    ),
    "tanh": (np.tanh, _tanh_vjp),
}


@operation("Activation")
def _activation(data: Array, *, act_type: str) -> Array:
    """Apply the activation function that ``act_type`` names."""
    if act_type not in _ACTIVATIONS:
        raise ValueError(f"act_type must be one of {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[act_type][0](data)


@vjp_of("Activation")
def _activation_vjp(cotangent: Array, *, output: Array, act_type: str) -> Array:
    return _ACTIVATIONS[act_type][1](cotangent, output=output)


# Klambauer and others, "Self-normalizing neural networks", 2017.
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717
_LEAKY = ("leaky", "elu", "selu", "gelu", "prelu", "rrelu")


def _check_leaky(data: Array, gamma: Array | None, act_type: str) -> None:
    if act_type not in _LEAKY:
        raise ValueError(f"act_type must be one of {', '.join(_LEAKY)}, not {act_type!r}")
    if data.dtype.kind in "iub":
        raise ValueError(f"LeakyReLU takes floating-point numbers, not {data.dtype}")
    if (gamma is None) is (act_type == "prelu"):
        raise ValueError("act_type='prelu' takes gamma, its slopes, and the others take none")


def _slopes(data: Array, gamma: Array) -> Array:
    """Return gamma in a shape that broadcasts against data: along axis 1, or all its axes."""
    if gamma.ndim != 1:
        return np.broadcast_to(gamma, data.shape)
    for axis in (1, 0):
        if axis < data.ndim and gamma.size in (1, data.shape[axis]):
            shape = [1] * data.ndim
            shape[axis] = gamma.size
            return np.broadcast_to(gamma.reshape(shape), data.shape)
    raise ValueError(f"gamma has {gamma.size} slopes, which do not fit data of shape {data.shape}")


def _gelu(data: Array) -> tuple[Array, Array]:
    """Return the Gaussian error linear unit, and its derivative."""
    x = data.astype(np.float64)
    chance = 0.5 * (1 + error_function(x / math.sqrt(2)))
    return x * chance, chance + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


@operation(
    "LeakyReLU",
    source="As in MXNet 1.9.1, but for 'rrelu', which returns no second array, and for gradients "
    "with a negative slope, which have its sign.",
)
def _leaky_relu(
    data: Array,
    gamma: Array | None = None,
    *,
    act_type: str = "leaky",
    slope: float = 0.25,
    lower_bound: float = 0.125,
    upper_bound: float = 0.334,
) -> Array:
    """Keep x > 0; map others to ``slope * x`` ('leaky') or as another ``act_type`` says.

    ``slope * (exp(x) - 1)`` ('elu'), the same with constants, which scale x > 0, too ('selu');
    ``gamma * x``, with a slope for each index of axis 1 ('prelu'); the mean of both bounds times x,
    while training random slopes between them ('rrelu'). All x times the chance that a standard
    normal number is below x ('gelu').
    """
    _check_leaky(data, gamma, act_type)
    if act_type == "gelu":
        return _gelu(data)[0]
    if act_type == "selu":
        negative = _SELU_ALPHA * np.expm1(np.minimum(data, 0))
        return data.dtype.type(_SELU_SCALE) * np.where(data > 0, data, negative)
    if act_type == "elu":
        return np.where(data > 0, data, data.dtype.type(slope) * np.expm1(np.minimum(data, 0)))
    if gamma is not None:
        return np.where(data > 0, data, _slopes(data, gamma) * data)
    below: Any = slope
    if act_type == "rrelu":
        below = (lower_bound + upper_bound) / 2
        if is_training():
            below = host_generator().uniform(lower_bound, upper_bound, data.shape)
    return np.where(data > 0, data, np.asarray(below).astype(data.dtype) * data)


@vjp_of("LeakyReLU")
def _leaky_relu_vjp(
    cotangent: Array,
    *,
    data: Array,
    output: Array,
    act_type: str,
    slope: float,
    lower_bound: float,
    upper_bound: float,
    gamma: Array | None = None,
) -> tuple[Any, ...]:
    if act_type == "gelu":
        return ((cotangent * _gelu(data)[1]).astype(cotangent.dtype),)
    if gamma is not None:
        slopes = _slopes(data, gamma)
        of_slopes = cotangent * np.where(data > 0, 0, data)
        return cotangent * np.where(data > 0, 1, slopes), _as_gamma(of_slopes, gamma)
    above = 1.0
    below: Any = slope
    if act_type == "selu":
        above, below = _SELU_SCALE, output + _SELU_SCALE * _SELU_ALPHA
    elif act_type == "elu":
        below = output + slope
    elif act_type == "rrelu":  # the slopes that were drawn, but for zeros
        zero = data == 0
        below = np.where(zero, (lower_bound + upper_bound) / 2, output / np.where(zero, 1, data))
    return (cotangent * np.where(data > 0, above, below),)


def _as_gamma(cotangent: Array, gamma: Array) -> Array:
    """Sum the cotangent of slopes that were broadcast by `_slopes`."""
    shape = gamma.shape
    if gamma.ndim == 1:
        axis = 1 if cotangent.ndim > 1 and gamma.size in (1, cotangent.shape[1]) else 0
        shape = tuple(gamma.size if here == axis else 1 for here in range(cotangent.ndim))
    axes = tuple(axis for axis, length in enumerate(shape) if length != cotangent.shape[axis])
    return cotangent.sum(axes).reshape(gamma.shape)
