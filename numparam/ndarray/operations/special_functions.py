"""The gamma function and related functions, and the inverse error function."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from numparam.ndarray.operations.operation import operation, vjp_of

__all__ = ["digamma", "error_function", "log_gamma"]

Array = np.ndarray

_SOURCE = "As in MXNet 1.9.1, for float32 with more exact digits."
_RESULT = "Of the shape and dtype of ``data``; integers are computed in float64 and cut off."
_ROOT_OF_PI = math.sqrt(math.pi)


def _each(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """Return an elementwise function of arrays, in float64, from a function of numbers."""
    return np.vectorize(function, otypes=[np.float64])


def _gamma_of(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf
    except ValueError:  # a pole, or -inf
        return math.inf if x == 0 else math.nan


def _log_gamma_of(x: float) -> float:
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return math.inf


#: The logarithm of the absolute value of the gamma function, in float64.
log_gamma = _each(_log_gamma_of)
#: The error function, in float64.
error_function = _each(math.erf)
_gamma_of_each = _each(_gamma_of)
_erfc_of_each = _each(math.erfc)


def digamma(data: Array) -> Array:
    """Compute the derivative of the logarithm of the gamma function, in float64.

    Parameters
    ----------
    data : numpy.ndarray
        Real numbers; at zero and at negative integers the result is NaN.

    Notes
    -----
    The recurrence ``digamma(x) = digamma(x + 1) - 1 / x`` up to 8, where the asymptotic series of
    Abramowitz and Stegun (6.3.18) is exact to double precision; below zero the reflection 6.3.7.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.ndarray.operations.special_functions import digamma
    >>> float(digamma(np.array(1.0)).round(12))  # minus Euler's constant
    -0.577215664902
    """
    values = np.asarray(data, np.float64)
    with np.errstate(all="ignore"):
        below = values <= 0
        x = np.where(below, 1 - values, values)
        total = np.zeros_like(x)
        for _ in range(8):
            small = x < 8
            total = np.where(small, total - 1 / x, total)
            x = np.where(small, x + 1, x)
        w = 1 / (x * x)
        series = w * (
            1 / 12
            - w
            * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (5 / 660 - w * (691 / 32760 - w / 12)))))
        )
        total = total + np.log(x) - 0.5 / x - series
        # Of the distance from the nearest integer, whose tangent is exact near the poles.
        tangent = np.tan(np.pi * (values - np.round(values)))
        total = np.where(below, total - np.pi / tangent, total)
        return np.where(below & (values == np.floor(values)), np.nan, total)


@operation("gamma", result=_RESULT, source=_SOURCE)
def _gamma(data: Array) -> Array:
    """Compute the gamma function of each element."""
    return _gamma_of_each(data)


@vjp_of("gamma")
def _gamma_vjp(cotangent: Array, *, data: Array) -> Array:
    slopes = _gamma_of_each(data) * digamma(data)
    return (cotangent * slopes).astype(cotangent.dtype)


@operation("gammaln", result=_RESULT, source=_SOURCE)
def _gammaln(data: Array) -> Array:
    """Compute the logarithm of the absolute value of the gamma function of each element."""
    return log_gamma(data)


@vjp_of("gammaln")
def _gammaln_vjp(cotangent: Array, *, data: Array) -> Array:
    return (cotangent * digamma(data)).astype(cotangent.dtype)


@operation(
    "digamma",
    result=_RESULT,
    source="Not in MXNet 1.9.1; as in SciPy and in later versions of MXNet.",
)
def _digamma(data: Array) -> Array:
    """Compute the derivative of the logarithm of the gamma function of each element."""
    return digamma(data)


@vjp_of("digamma")
def _digamma_vjp(cotangent: Array, *, data: Array) -> Array:
    return (cotangent * _trigamma(data)).astype(cotangent.dtype)


def _trigamma(data: Array) -> Array:
    """Compute the derivative of `digamma`: Abramowitz and Stegun 6.4.6, 6.4.7 and 6.4.12."""
    values = data.astype(np.float64)
    with np.errstate(all="ignore"):
        below = values <= 0
        x = np.where(below, 1 - values, values)
        total = np.zeros_like(x)
        for _ in range(8):
            small = x < 8
            total = np.where(small, total + 1 / (x * x), total)
            x = np.where(small, x + 1, x)
        w = 1 / (x * x)
        series = w * (
            1 / 6
            - w
            * (1 / 30 - w * (1 / 42 - w * (1 / 30 - w * (5 / 66 - w * (691 / 2730 - w * 7 / 6)))))
        )
        total = total + 1 / x + w / 2 + series / x
        # 1 above zero, where nothing is reflected, so that no infinity is differentiated there.
        sine = np.where(below, np.sin(np.pi * (values - np.round(values))), 1)
        return np.where(below, np.square(np.pi / sine) - total, total)


@operation("erfinv", result=_RESULT, source="As in MXNet 1.9.1; NaN outside of -1 to 1.")
def _erfinv(data: Array) -> Array:
    """Compute the inverse error function of each element."""
    values = data.astype(np.float64)
    with np.errstate(all="ignore"):
        size = np.abs(values)
        # Winitzki's approximation, to three digits or so, and Newton's method from there.
        logarithm = np.log1p(-size) + np.log1p(size)
        middle = 2 / (np.pi * 0.147) + logarithm / 2
        root = np.sqrt(np.sqrt(middle * middle - logarithm / 0.147) - middle)
        for _ in range(4):
            # Of the distance from 1 for large roots, where that is exact.
            far = root > 0.5
            distance = np.where(far, (1 - size) - _erfc_of_each(root), error_function(root) - size)
            slope = np.exp(-root * root) * 2 / _ROOT_OF_PI
            step = distance / slope
            root = root - step / (1 + root * step)  # Halley's correction
        root = np.where(size == 1, np.inf, np.where(size == 0, 0, root))
        return np.where(size > 1, np.nan, np.copysign(root, values))


@vjp_of("erfinv")
def _erfinv_vjp(cotangent: Array, *, output: Array) -> Array:
    return cotangent * (np.exp(np.square(output)) * output.dtype.type(_ROOT_OF_PI / 2))
