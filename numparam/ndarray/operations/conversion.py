"""Casts, and new arrays in the shape of given ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.ndarray import kinds
from numparam.ndarray.operations.axes import axis_of
from numparam.ndarray.operations.operation import operation, vjp_of
from numparam.types.dtypes import as_dtype

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__: list[str] = []

Array = np.ndarray


def _cast_kernel(backend: Backend, buffers: list[Buffer], attributes: dict[str, Any]) -> Buffer:
    return backend.converted(buffers[0], as_dtype(attributes["dtype"]))


@operation(
    "cast",
    "Cast",
    "amp_cast",
    dtype="computed",
    kernel=_cast_kernel,
    source="As in MXNet 1.9.1, which cuts off the bits of bfloat16; here it is rounded to even.",
)
def _cast(data: Array, *, dtype: Any) -> Array:
    """Convert the elements to a dtype."""
    return data.astype(as_dtype(dtype))


@vjp_of("cast")
def _cast_vjp(cotangent: Array, *, data_dtype: Any) -> Array:
    return cotangent.astype(data_dtype)


def _to_storage_type(inputs: Sequence[NDArray], attributes: dict[str, Any], out: Any) -> Any:
    return kinds.sparse("convert")(inputs, attributes, out)


@operation("cast_storage", arrays=_to_storage_type)
def _cast_storage(data: Array, *, stype: str) -> Array:
    """Convert an array to a storage type: 'default', 'row_sparse' or 'csr'."""
    return np.array(data)


@vjp_of("cast_storage")
def _cast_storage_vjp(cotangent: Array) -> Array:
    return cotangent


@operation("zeros_like", differentiable=False)
def _zeros_like(data: Array) -> Array:
    """Make an array of zeros in the shape of another."""
    return np.zeros(data.shape, data.dtype)


@operation("ones_like", differentiable=False)
def _ones_like(data: Array) -> Array:
    """Make an array of ones in the shape of another."""
    return np.ones(data.shape, data.dtype)


@operation(
    "contrib.arange_like",
    source="As in MXNet 1.9.1, where a `repeat` below 1 ends the process.",
    differentiable=False,
)
def _arange_like(
    data: Array,
    *,
    start: float = 0.0,
    step: float = 1.0,
    repeat: int = 1,
    ctx: Any = None,
    axis: int | None = None,
) -> Array:
    """Make evenly spaced numbers in the shape of an array, or in the length of one of its axes."""
    if repeat < 1:
        raise ValueError(f"repeat must be 1 or more, not {repeat}")
    shape = data.shape if axis is None else (data.shape[axis_of(axis, data.ndim)],)
    count = math.prod(shape)
    numbers = start + step * (np.arange(count) // repeat)
    return numbers.astype(data.dtype).reshape(shape)


@operation(
    "full_like", source="MXNet 1.9.1 has it for ``mx.np`` arrays alone.", differentiable=False
)
def _full_like(data: Array, *, fill_value: float) -> Array:
    """Make an array filled with one number in the shape of another."""
    return np.full(data.shape, fill_value, data.dtype)
