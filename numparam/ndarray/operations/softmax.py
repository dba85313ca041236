"""Softmax and related operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.operations.axes import axis_of
from numparam.ndarray.operations.operation import operation, vjp_of
from numparam.types.dtypes import as_dtype

__all__: list[str] = []

Array = np.ndarray


def _exponents(data: Array, axis: int, temperature: float | None) -> tuple[Array, Array]:
    """Return shifted values and the logarithm of the sum of their exponentials, in float64."""
    values = data.astype(np.float64) / (temperature or 1.0)
    values = values - values.max(axis=axis, keepdims=True, initial=-np.inf)
    return values, np.log(np.exp(values).sum(axis=axis, keepdims=True))


@operation(
    "softmax",
    dtype="computed",
    agree=False,
    source="As in MXNet 1.9.1, which refuses integers; here they are rounded toward zero.",
)
def _softmax(
    data: Array,
    length: Array | None = None,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: Any = None,
    use_length: bool = False,
) -> Array:
    """Compute the softmax along an axis."""
    axis = axis_of(axis, data.ndim)
    wanted = as_dtype(dtype, data.dtype)
    if use_length:
        if length is None:
            raise ValueError("use_length needs the input length")
        return _masked_softmax(data, length, axis, temperature).astype(wanted)
    values, total = _exponents(data, axis, temperature)
    return np.exp(values - total).astype(wanted)


def _masked_softmax(data: Array, length: Array, axis: int, temperature: float | None) -> Array:
    shape = [1] * data.ndim
    shape[axis] = data.shape[axis]
    inside = np.arange(data.shape[axis]).reshape(shape) < np.expand_dims(length, axis)
    values = np.where(inside, data.astype(np.float64), -np.inf)
    exponents, total = _exponents(values, axis, temperature)
    return np.where(inside, np.exp(exponents - total), 0)


@vjp_of("softmax")
def _softmax_vjp(
    cotangent: Array,
    *,
    output: Array,
    data_dtype: Any,
    axis: int,
    temperature: float | None,
    needed: tuple[bool, ...],
) -> tuple[Array | None, ...]:
    return _through_softmax(cotangent, output, data_dtype, axis, temperature), *(None,) * (
        len(needed) - 1
    )


def _through_softmax(
    cotangent: Array, output: Array, dtype: Any, axis: int, temperature: float | None
) -> Array:
    weighted = cotangent * output
    total = np.sum(weighted, axis=axis, keepdims=True)
    return ((weighted - output * total) / (temperature or 1.0)).astype(dtype)


@operation("log_softmax", dtype="computed")
def _log_softmax(
    data: Array, *, axis: int = -1, temperature: float | None = None, dtype: Any = None
) -> Array:
    """Compute the logarithm of the softmax along an axis."""
    values, total = _exponents(data, axis_of(axis, data.ndim), temperature)
    return (values - total).astype(as_dtype(dtype, data.dtype))


@vjp_of("log_softmax")
def _log_softmax_vjp(
    cotangent: Array, *, output: Array, data_dtype: Any, axis: int, temperature: float | None
) -> Array:
    total = np.sum(cotangent, axis=axis, keepdims=True)
    return ((cotangent - np.exp(output) * total) / (temperature or 1.0)).astype(data_dtype)


@operation("softmin", dtype="computed")
def _softmin(
    data: Array, *, axis: int = -1, temperature: float | None = None, dtype: Any = None
) -> Array:
    """Compute the softmax of the negated elements along an axis."""
    values, total = _exponents(-data, axis_of(axis, data.ndim), temperature)
    return np.exp(values - total).astype(as_dtype(dtype, data.dtype))


@vjp_of("softmin")
def _softmin_vjp(
    cotangent: Array, *, output: Array, data_dtype: Any, axis: int, temperature: float | None
) -> Array:
    return -_through_softmax(cotangent, output, data_dtype, axis, temperature)


@operation(
    "softmax_cross_entropy",
    agree=False,
    result="One number, of the dtype of ``data``.",
    source="As in MXNet 1.9.1, which takes any label; here those out of range are refused.",
)
def _softmax_cross_entropy(data: Array, label: Array) -> Array:
    """Sum the cross-entropy between softmax rows and their labels."""
    values, total = _exponents(data, 1, None)
    chosen = label.astype(np.int64)[:, None]
    return -np.take_along_axis(values - total, chosen, axis=1).sum().reshape(1)


@vjp_of("softmax_cross_entropy")
def _softmax_cross_entropy_vjp(
    cotangent: Array, *, data: Array, label: Array
) -> tuple[Array, None]:
    values, total = _exponents(data, 1, None)
    hot = label.astype(np.int64)[:, None] == np.arange(data.shape[1])
    return ((np.exp(values - total) - hot) * cotangent).astype(data.dtype), None
