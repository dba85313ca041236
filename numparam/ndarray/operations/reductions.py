"""Sums, means, extremes and norms along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.ndarray.operations.axes import axes_of, axis_of, integers
from numparam.ndarray.operations.operation import Operation, operation, register
from numparam.types.dtypes import as_dtype

__all__ = ["wide"]

Array = np.ndarray


def wide(data: Array) -> np.dtype[Any]:
    """Choose the dtype that sums of `data` are computed in, to be rounded once at the end."""
    if data.dtype.kind in "iub":
        return np.dtype(np.int64)
    return np.dtype(np.float32 if data.dtype.itemsize == 2 else np.float64)


def _reduced(
    function: Callable[..., Array], data: Array, axis: Any, keepdims: bool, exclude: bool
) -> Array:
    axes = axes_of(axis, data.ndim)
    if exclude and integers(axis):  # without axes there is nothing to exclude
        axes = tuple(number for number in range(data.ndim) if number not in axes)
        if not axes:
            return np.array(data)
    result = np.asarray(function(data, axis=axes, keepdims=bool(keepdims)))
    # A sum over everything has shape (1,), whatever the shapes' mode.
    return result if result.ndim or data.ndim == 0 else result.reshape(1)


def _sum(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.sum(data, axis=axis, keepdims=keepdims, dtype=wide(data))


def _prod(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.prod(data, axis=axis, keepdims=keepdims, dtype=wide(data))


def _mean(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    total = _sum(data, axis, keepdims)
    count = int(np.prod([data.shape[number] for number in axis]))
    if data.dtype.kind in "iub":
        return np.trunc(total / max(count, 1)) if count else np.zeros_like(total)
    return total / total.dtype.type(count)


def _max(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.max(data, axis=axis, keepdims=keepdims)


def _min(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.min(data, axis=axis, keepdims=keepdims)


def _without_nan(function: Callable[..., Array], neutral: int) -> Callable[..., Array]:
    def of_the_rest(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
        return function(np.where(data != data, data.dtype.type(neutral), data), axis, keepdims)

    return of_the_rest


def _forward(function: Callable[..., Array]) -> Callable[..., Array]:
    def forward(
        data: Array, *, axis: Any = None, keepdims: bool = False, exclude: bool = False
    ) -> Array:
        return _reduced(function, data, axis, keepdims, exclude)

    return forward


_ATTRIBUTES = {"axis": None, "keepdims": False, "exclude": False}

for _name, _aliases, _function, _summary in (
    ("sum", ("sum_axis",), _sum, "Add the elements along axes."),
    ("mean", (), _mean, "Average the elements along axes; of integers, cut off toward zero."),
    ("prod", (), _prod, "Multiply the elements along axes."),
    ("nansum", (), _without_nan(_sum, 0), "Add the elements along axes, taking NaN for 0."),
    ("nanprod", (), _without_nan(_prod, 1), "Multiply the elements along axes, taking NaN for 1."),
    ("max", ("max_axis",), _max, "Find the largest element along axes."),
    ("min", ("min_axis",), _min, "Find the smallest element along axes."),
):
    register(
        Operation(
            _name,
            _forward(_function),
            _aliases,
            ("data",),
            attributes=_ATTRIBUTES,
            summary=_summary,
        )
    )


def _position(function: Callable[..., Array], data: Array, axis: Any, keepdims: bool) -> Array:
    if axis is None:
        return np.asarray(function(data)).reshape((1,) * (data.ndim if keepdims else 1))
    return np.asarray(function(data, axis=axis_of(axis, data.ndim), keepdims=bool(keepdims)))


@operation("argmax")
def _argmax(data: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Find the position of the largest element, along an axis or of all."""
    return _at_least_1d(_position(np.argmax, data, axis, keepdims))


@operation("argmin")
def _argmin(data: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Find the position of the smallest element, along an axis or of all."""
    return _at_least_1d(_position(np.argmin, data, axis, keepdims))


@operation("argmax_channel")
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
    """Compute the norm along axes: the sum of the sizes (1), or the root of the squares (2)."""
    if ord not in (1, 2):
        raise ValueError("ord must be 1 or 2")

    def function(data: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
        values = np.abs(data.astype(np.float64))
        if ord == 1:
            return values.sum(axis=axis, keepdims=keepdims)
        return np.sqrt(np.square(values).sum(axis=axis, keepdims=keepdims))

    result = _reduced(function, data, axis, keepdims, False)
    return result.astype(as_dtype(out_dtype, data.dtype))


@operation("cumsum", dtype="computed")
def _cumsum(a: Array, *, axis: int | None = None, dtype: Any = None) -> Array:
    """Add up the elements so far along an axis, or of the flattened array."""
    wanted = as_dtype(dtype, a.dtype)
    if axis is not None:
        axis = axis_of(axis, a.ndim)
    return np.cumsum(a, axis=axis, dtype=wide(a)).astype(wanted)


@operation("moments", outputs=2)
def _moments(data: Array, *, axes: Any = None, keepdims: bool = False) -> tuple[Array, Array]:
    """Compute the mean and the variance along axes."""
    mean = _reduced(_mean, data, axes, True, False)
    variance = _reduced(_mean, np.square(data - mean.astype(data.dtype)), axes, keepdims, False)
    return mean.reshape(variance.shape), variance


@operation("all_finite", dtype="computed", result="One float32 number.")
def _all_finite(data: Array, *, init_output: bool = True) -> Array:
    """Check whether all elements are finite: 1 if so, else 0."""
    return np.array([np.isfinite(data).all()], np.float32)


@operation("L2Normalization")
def _l2_normalization(data: Array, *, eps: float = 1e-10, mode: str = "instance") -> Array:
    """Divide by the L2 norm: of each sample, of each position, or of each channel."""
    axes = {
        "instance": tuple(range(1, data.ndim)),
        "channel": (1,),
        "spatial": tuple(range(2, data.ndim)),
    }.get(mode)
    if axes is None:
        raise ValueError("mode must be 'instance', 'channel' or 'spatial'")
    total = np.sum(np.square(data.astype(np.float64)), axis=axes, keepdims=True)
    return data / np.sqrt(total + eps)


@operation("contrib.getnnz", dtype="computed")
def _getnnz(data: Array, *, axis: int | None = None) -> Array:
    """Count what a csr array stores, in all (axis None), or in each row (axis 1)."""
    raise ValueError("only csr arrays say what they store; tostype('csr') makes one of a matrix")
