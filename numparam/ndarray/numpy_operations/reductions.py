"""Sums, means, extremes and their positions, with NumPy's shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.ndarray.numpy_operations.promotion import is_floating, with_fractions
from numparam.ndarray.operations.axes import axes_of, axis_of
from numparam.ndarray.operations.operation import operation, vjp_of
from numparam.ndarray.operations.reductions import cumsum_vjp, of_others, stretched, wide
from numparam.types.dtypes import as_dtype

__all__: list[str] = []

Array = np.ndarray

_SUM_DTYPE = "Of the dtype ``dtype``; None means that of ``a``, and int64 for booleans."
_MEAN_DTYPE = "Of the dtype ``dtype``; None means that of ``a``, and float32 for integers."


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the start; None means all of them, and () none."""
    if isinstance(axis, (tuple, list)) and not axis:
        return ()
    return axes_of(axis, ndim)


def _total_dtype(a: Array, dtype: Any) -> np.dtype[Any]:
    """Return the dtype of a sum: the array's, or int64 for booleans."""
    return as_dtype(dtype, np.int64 if a.dtype == np.bool_ else a.dtype)


def _work_dtype(a: Array, result: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype in which a sum is computed before it is rounded once."""
    return np.dtype(np.float64) if is_floating(result) and not is_floating(a.dtype) else wide(a)


@operation("_np_sum", dtype="computed", result=_SUM_DTYPE)
def _sum(a: Array, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """Add the elements along axes."""
    result = _total_dtype(a, dtype)
    total = np.sum(a, axis=_axes(axis, a.ndim), dtype=_work_dtype(a, result), keepdims=keepdims)
    return np.asarray(total).astype(result)


def _spread(values: Array, shape: tuple[int, ...], axis: Any) -> Array:
    """Return a result, or its cotangent, with the reduced axes restored as axes of length 1."""
    axes = _axes(axis, len(shape))
    return values.reshape(
        tuple(1 if number in axes else length for number, length in enumerate(shape))
    )


@vjp_of("_np_sum")
def _sum_vjp(cotangent: Array, *, a_shape: tuple[int, ...], axis: Any) -> Array:
    return stretched(_spread(cotangent, a_shape, axis), a_shape)


@operation("_np_prod", dtype="computed", result=_SUM_DTYPE)
def _prod(a: Array, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """Multiply the elements along axes."""
    result = _total_dtype(a, dtype)
    product = np.prod(a, axis=_axes(axis, a.ndim), dtype=_work_dtype(a, result), keepdims=keepdims)
    return np.asarray(product).astype(result)


@vjp_of("_np_prod")
def _prod_vjp(cotangent: Array, *, a: Array, output: Array, axis: Any) -> Array:
    return of_others(a, _spread(cotangent, a.shape, axis), _spread(output, a.shape, axis))


@operation("_np_cumsum", dtype="computed", result=_SUM_DTYPE)
def _cumsum(a: Array, *, axis: int | None = None, dtype: Any = None) -> Array:
    """Compute the cumulative sum along an axis, or of the flattened array."""
    result = _total_dtype(a, dtype)
    axis = None if axis is None else axis_of(axis, a.ndim)
    return np.cumsum(a, axis=axis, dtype=_work_dtype(a, result)).astype(result)


@vjp_of("_np_cumsum")
def _cumsum_vjp(cotangent: Array, *, a_shape: tuple[int, ...], axis: int | None) -> Array:
    return cumsum_vjp(cotangent, a_shape=a_shape, axis=axis)


@operation("_np_mean", dtype="computed", result=_MEAN_DTYPE)
def _mean(a: Array, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """Compute the mean along axes; of integers as float32."""
    mean, _ = _mean_and_count(a, _axes(axis, a.ndim), keepdims)
    return mean.astype(as_dtype(dtype, with_fractions(a.dtype)))


@vjp_of("_np_mean")
def _mean_vjp(cotangent: Array, *, a_shape: tuple[int, ...], axis: Any) -> Array:
    count = math.prod(a_shape[number] for number in _axes(axis, len(a_shape)))
    return stretched(_spread(cotangent, a_shape, axis) / max(count, 1), a_shape)


@operation("_np_var", dtype="computed", result=_MEAN_DTYPE)
def _var(
    a: Array, *, axis: Any = None, dtype: Any = None, ddof: int = 0, keepdims: bool = False
) -> Array:
    """Compute the variance along axes."""
    return _variance(a, axis, ddof, keepdims).astype(as_dtype(dtype, with_fractions(a.dtype)))


@vjp_of("_np_var")
def _var_vjp(cotangent: Array, *, a: Array, axis: Any, ddof: int) -> Array:
    axes = _axes(axis, a.ndim)
    count = math.prod(a.shape[number] for number in axes)
    mean = np.sum(a, axis=axes, dtype=np.float64, keepdims=True) / max(count, 1)
    # With as many degrees of freedom as elements the variance is 0 / 0, and so is its slope.
    scale = 2 / (count - ddof) if count != ddof else math.nan
    return _spread(cotangent, a.shape, axis) * scale * (a - mean)


@operation("_np_std", dtype="computed", result=_MEAN_DTYPE)
def _std(
    a: Array, *, axis: Any = None, dtype: Any = None, ddof: int = 0, keepdims: bool = False
) -> Array:
    """Compute the standard deviation along axes."""
    deviation = np.sqrt(_variance(a, axis, ddof, keepdims))
    return np.asarray(deviation).astype(as_dtype(dtype, with_fractions(a.dtype)))


@vjp_of("_np_std")
def _std_vjp(cotangent: Array, *, a: Array, output: Array, axis: Any, ddof: int) -> Array:
    of_variance = cotangent / (2 * np.where(output == 0, 1, output))
    return _var_vjp(of_variance, a=a, axis=axis, ddof=ddof)


def _mean_and_count(a: Array, axes: tuple[int, ...], keepdims: bool) -> tuple[Array, int]:
    count = math.prod(a.shape[axis] for axis in axes)
    work = wide(a) if is_floating(a.dtype) else np.dtype(np.float64)
    total = np.asarray(np.sum(a, axis=axes, dtype=work, keepdims=keepdims))
    return np.asarray(total / work.type(count)), count


def _variance(a: Array, axis: Any, ddof: int, keepdims: bool) -> Array:
    axes = _axes(axis, a.ndim)
    values = a.astype(np.float64)
    mean, count = _mean_and_count(values, axes, True)
    squares = np.sum(np.square(values - mean), axis=axes, keepdims=keepdims)
    return np.asarray(squares / np.float64(count - ddof))


@operation("_np_max", "_np_amax", dtype="computed", result="Of the dtype of ``a``.")
def _max(a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """Find the largest element along axes."""
    return np.asarray(np.max(a, axis=_axes(axis, a.ndim), keepdims=keepdims))


@operation("_np_min", "_np_amin", dtype="computed", result="Of the dtype of ``a``.")
def _min(a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """Find the smallest element along axes."""
    return np.asarray(np.min(a, axis=_axes(axis, a.ndim), keepdims=keepdims))


@vjp_of("_np_max", "_np_min")
def _extreme_vjp(cotangent: Array, *, a: Array, output: Array, axis: Any) -> Array:
    """Pass the whole gradient to each of several equal extremes, as MXNet does."""
    chosen = a == _spread(output, a.shape, axis)
    return _spread(cotangent, a.shape, axis) * chosen


@operation("_np_any", dtype="computed", differentiable=False, result="Of the dtype bool.")
def _any(a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """Return whether any element along the axes is nonzero."""
    return np.asarray(np.any(a != 0, axis=_axes(axis, a.ndim), keepdims=keepdims))


@operation("_np_all", dtype="computed", differentiable=False, result="Of the dtype bool.")
def _all(a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """Return whether all elements along the axes are nonzero."""
    return np.asarray(np.all(a != 0, axis=_axes(axis, a.ndim), keepdims=keepdims))


@operation("_np_argmax", dtype="computed", differentiable=False, result="Of the dtype int64.")
def _argmax(a: Array, *, axis: int | None = None) -> Array:
    """Find the position of the largest element, along an axis or of all, as int64."""
    return np.asarray(np.argmax(a, axis=axis), np.int64)


@operation("_np_argmin", dtype="computed", differentiable=False, result="Of the dtype int64.")
def _argmin(a: Array, *, axis: int | None = None) -> Array:
    """Find the position of the smallest element, along an axis or of all, as int64."""
    return np.asarray(np.argmin(a, axis=axis), np.int64)
