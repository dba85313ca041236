"""Sums, means, extremes and norms along axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.ndarray.operations.axes import axes_of, axis_of, integers
from numparam.ndarray.operations.operation import Operation, operation, register, vjp_of
from numparam.types.dtypes import as_dtype

__all__ = ["cumsum_vjp", "of_others", "stretched", "wide"]

Array = np.ndarray


def wide(data: Array) -> np.dtype[Any]:
    """Return the dtype in which sums of `data` are computed before they are rounded once."""
    if data.dtype.kind in "iub":
        return _INT64
    return _FLOAT32 if data.dtype.itemsize == 2 else _FLOAT64


_INT64, _FLOAT32, _FLOAT64 = np.dtype(np.int64), np.dtype(np.float32), np.dtype(np.float64)


def _reduced(
    function: Callable[..., Array], data: Array, axis: Any, keepdims: bool, exclude: bool
) -> Array:
    axes = axes_of(axis, data.ndim)
    if exclude and integers(axis):  # without axes there is nothing to exclude
        axes = tuple(number for number in range(data.ndim) if number not in axes)
    result = function(data, axes, bool(keepdims))
    # A sum over everything has shape (1,), whatever the shapes' mode.
    return result if result.ndim or data.ndim == 0 else np.asarray(result).reshape(1)


# NumPy's `sum` without what it does before it calls this.
_ADD: Callable[..., Any] = np.add.reduce


def _sum(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return _ADD(data, axis, wide(data), None, keepdims)


def _square_sum(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return _sum(np.square(data, dtype=wide(data)), axis, keepdims)


def _prod(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.prod(data, axis=axis, keepdims=keepdims, dtype=wide(data))


def _mean(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    total = _sum(data, axis, keepdims)
    count = math.prod([data.shape[number] for number in axis])
    if data.dtype.kind in "iub":
        return np.trunc(total / max(count, 1)) if count else np.zeros_like(total)
    return total / total.dtype.type(count)


def _max(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.max(data, axis=axis, keepdims=keepdims)


def _min(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.min(data, axis=axis, keepdims=keepdims)


def _spread(values: Array, shape: tuple[int, ...], axis: Any, exclude: bool = False) -> Array:
    """Return the result of a reduction with the reduced axes restored as axes of length 1.

    Parameters
    ----------
    values : numpy.ndarray
        A result, or its cotangent.
    shape : tuple of int
        The shape of the input.
    axis, exclude
        As for the operation.
    """
    if values.ndim == len(shape):  # it has them, and length 1 where there is one alone
        return values
    if axis is None:
        return values.reshape((1,) * len(shape))
    axes = axes_of(axis, len(shape))
    if exclude and integers(axis):
        axes = tuple(number for number in range(len(shape)) if number not in axes)
    return values.reshape(
        tuple([1 if number in axes else length for number, length in enumerate(shape)])
    )


def stretched(values: Array, shape: tuple[int, ...]) -> Array:
    """Broadcast to a shape; small arrays are copied, which is faster."""
    if not isinstance(values, np.ndarray):  # of a backward pass that is recorded
        return values * np.ones(shape, values.dtype)
    if math.prod(shape) > 1 << 14:
        return np.broadcast_to(values, shape)
    result = np.empty(shape, values.dtype)
    result[...] = values
    return result


def _sum_vjp(cotangent: Array, *, data_shape: tuple[int, ...], axis: Any, exclude: bool) -> Array:
    return stretched(_spread(cotangent, data_shape, axis, exclude), data_shape)


def _square_sum_vjp(cotangent: Array, *, data: Array, axis: Any, exclude: bool) -> Array:
    return _spread(cotangent, data.shape, axis, exclude) * (2 * data)


def _mean_vjp(cotangent: Array, *, data_shape: tuple[int, ...], axis: Any, exclude: bool) -> Array:
    count = math.prod(data_shape) // max(cotangent.size, 1)
    return stretched(_spread(cotangent, data_shape, axis, exclude) / max(count, 1), data_shape)


def _prod_vjp(cotangent: Array, *, data: Array, output: Array, axis: Any, exclude: bool) -> Array:
    return of_others(
        data,
        _spread(cotangent, data.shape, axis, exclude),
        _spread(output, data.shape, axis, exclude),
    )


def of_others(data: Array, cotangent: Array, product: Array) -> Array:
    """Multiply a cotangent by the product of all other elements, for each element."""
    zero = data == 0
    if not zero.any():
        return cotangent * product / data
    axes = tuple(
        number for number, length in enumerate(product.shape) if length != data.shape[number]
    )
    zeros = zero.sum(axis=axes, keepdims=True)
    of_nonzero = np.where(zero, 1, data).prod(axis=axes, keepdims=True)
    others = np.where(zero, zeros == 1, zeros == 0) * of_nonzero
    return cotangent * others / np.where(zero, 1, data)


def _extreme_vjp(
    cotangent: Array, *, data: Array, output: Array, axis: Any, exclude: bool
) -> Array:
    """Pass the whole gradient to each of several equal extremes, as MXNet does."""
    shape = data.shape
    chosen = data == _spread(output, shape, axis, exclude)
    return _spread(cotangent, shape, axis, exclude) * chosen


def _nansum_vjp(cotangent: Array, *, data: Array, axis: Any, exclude: bool) -> Array:
    return _spread(cotangent, data.shape, axis, exclude) * (data == data)


def _nanprod_vjp(
    cotangent: Array, *, data: Array, output: Array, axis: Any, exclude: bool
) -> Array:
    number = data == data
    known = np.where(number, data, 1)
    return number * _prod_vjp(cotangent, data=known, output=output, axis=axis, exclude=exclude)


def _without_nan(function: Callable[..., Array], neutral: int) -> Callable[..., Array]:
    def of_the_rest(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
        return function(np.where(data != data, data.dtype.type(neutral), data), axis, keepdims)

    return of_the_rest


def _forward(function: Callable[..., Array]) -> Callable[..., Array]:
    def forward(
        data: Array, *, axis: Any = None, keepdims: bool = False, exclude: bool = False
    ) -> Array:
        return _reduced(function, data, axis, keepdims, exclude).astype(data.dtype, copy=False)

    return forward


_ATTRIBUTES = {"axis": None, "keepdims": False, "exclude": False}

for _name, _aliases, _function, _vjp, _summary in (
    ("sum", ("sum_axis",), _sum, _sum_vjp, "Add the elements along axes."),
    ("_square_sum", (), _square_sum, _square_sum_vjp, "Add the squares of the elements."),
    (
        "mean",
        (),
        _mean,
        _mean_vjp,
        "Average the elements along axes; of integers, cut off toward zero.",
    ),
    ("prod", (), _prod, _prod_vjp, "Multiply the elements along axes."),
    (
        "nansum",
        (),
        _without_nan(_sum, 0),
        _nansum_vjp,
        "Add the elements along axes, taking NaN for 0.",
    ),
    (
        "nanprod",
        (),
        _without_nan(_prod, 1),
        _nanprod_vjp,
        "Multiply the elements along axes, taking NaN for 1.",
    ),
    ("max", ("max_axis",), _max, _extreme_vjp, "Find the largest element along axes."),
    ("min", ("min_axis",), _min, _extreme_vjp, "Find the smallest element along axes."),
):
    register(
        Operation(
            _name,
            _forward(_function),
            _aliases,
            ("data",),
            attributes=_ATTRIBUTES,
            vjp=_vjp,
            summary=_summary,
        )
    )


def _position(function: Callable[..., Array], data: Array, axis: Any, keepdims: bool) -> Array:
    if axis is None:
        return np.asarray(function(data)).reshape((1,) * (data.ndim if keepdims else 1))
    return np.asarray(function(data, axis=axis_of(axis, data.ndim), keepdims=bool(keepdims)))


@operation("argmax", differentiable=False)
def _argmax(data: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Find the position of the largest element, along an axis or of all."""
    return _at_least_1d(_position(np.argmax, data, axis, keepdims))


@operation("argmin", differentiable=False)
def _argmin(data: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Find the position of the smallest element, along an axis or of all."""
    return _at_least_1d(_position(np.argmin, data, axis, keepdims))


@operation("argmax_channel", differentiable=False)
def _argmax_channel(data: Array) -> Array:
    """Find the position of the largest element along axis 1."""
    return np.argmax(data, axis=1)


def _at_least_1d(result: Array) -> Array:
    return result if result.ndim else result.reshape(1)


@operation(
    "norm",
    dtype="computed",
    source="As in MXNet 1.9.1, which is inexact for integers; here they are cut off once.",
)
def _norm(
    data: Array, *, ord: int = 2, axis: Any = None, out_dtype: Any = None, keepdims: bool = False
) -> Array:
    """Compute the L1 or L2 norm along axes."""
    if ord not in (1, 2):
        raise ValueError("ord must be 1 or 2")

    def function(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
        values = np.abs(data.astype(np.float64))
        if ord == 1:
            return values.sum(axis=axis, keepdims=keepdims)
        return np.sqrt(np.square(values).sum(axis=axis, keepdims=keepdims))

    result = _reduced(function, data, axis, keepdims, False)
    return result.astype(as_dtype(out_dtype, data.dtype))


@vjp_of("norm")
def _norm_vjp(cotangent: Array, *, data: Array, output: Array, ord: int, axis: Any) -> Array:
    cotangent = _spread(cotangent, data.shape, axis)
    if ord == 1:
        return cotangent * np.sign(data)
    output = _spread(output, data.shape, axis)
    # Where all is zero the norm has a corner; 0 is one of its slopes.
    return cotangent * data / np.where(output == 0, 1, output)


@operation("cumsum", dtype="computed")
def _cumsum(a: Array, *, axis: int | None = None, dtype: Any = None) -> Array:
    """Compute the cumulative sum along an axis, or of the flattened array."""
    wanted = as_dtype(dtype, a.dtype)
    if axis is not None:
        axis = axis_of(axis, a.ndim)
    return np.cumsum(a, axis=axis, dtype=wide(a)).astype(wanted)


@vjp_of("cumsum")
def cumsum_vjp(cotangent: Array, *, a_shape: tuple[int, ...], axis: int | None) -> Array:
    """Sum the cotangents from each element on."""
    if axis is None:
        return np.cumsum(cotangent[::-1])[::-1].reshape(a_shape)
    return np.flip(np.cumsum(np.flip(cotangent, axis), axis=axis), axis)


@operation("moments", outputs=2)
def _moments(data: Array, *, axes: Any = None, keepdims: bool = False) -> tuple[Array, Array]:
    """Compute the mean and the variance along axes."""
    mean = _reduced(_mean, data, axes, True, False)
    variance = _reduced(_mean, np.square(data - mean.astype(data.dtype)), axes, keepdims, False)
    return mean.reshape(variance.shape), variance


@vjp_of("moments")
def _moments_vjp(
    cotangent: tuple[Array, Array], *, data: Array, output: tuple[Array, Array], axes: Any
) -> Array:
    of_mean, of_variance, mean = (
        _spread(values, data.shape, axes) for values in (*cotangent, output[0])
    )
    count = max(data.size // max(mean.size, 1), 1)
    return (of_mean + 2 * of_variance * (data - mean)) / count


@operation("all_finite", dtype="computed", differentiable=False, result="One float32 number.")
def _all_finite(data: Array, *, init_output: bool = True) -> Array:
    """Return 1 if all elements are finite, else 0."""
    return np.array([np.isfinite(data).all()], np.float32)


@operation("L2Normalization")
def _l2_normalization(data: Array, *, eps: float = 1e-10, mode: str = "instance") -> Array:
    """Divide by the L2 norm of each sample, of each position, or of each channel."""
    axes = _normalized_axes(data.ndim, mode)
    total = np.sum(np.square(data.astype(np.float64)), axis=axes, keepdims=True)
    return data / np.sqrt(total + eps)


def _normalized_axes(ndim: int, mode: str) -> tuple[int, ...]:
    axes = {
        "instance": tuple(range(1, ndim)),
        "channel": (1,),
        "spatial": tuple(range(2, ndim)),
    }.get(mode)
    if axes is None:
        raise ValueError("mode must be 'instance', 'channel' or 'spatial'")
    return axes


@vjp_of("L2Normalization")
def _l2_normalization_vjp(
    cotangent: Array, *, data: Array, output: Array, eps: float, mode: str
) -> Array:
    axes = _normalized_axes(data.ndim, mode)
    root = np.sqrt(np.sum(np.square(data.astype(np.float64)), axis=axes, keepdims=True) + eps)
    along = np.sum(cotangent * output, axis=axes, keepdims=True)
    return (cotangent - output * along) / root


@operation("contrib.getnnz", dtype="computed", differentiable=False)
def _getnnz(data: Array, *, axis: int | None = None) -> Array:
    """Count the stored values of a csr array, in total (axis None) or by row (axis 1)."""
    raise ValueError("only csr arrays say what they store; tostype('csr') makes one of a matrix")
