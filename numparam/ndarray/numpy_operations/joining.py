"""Joining and splitting of arrays."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from numparam.ndarray.numpy_operations.promotion import PROMOTED, promoted
from numparam.ndarray.operations.operation import operation, vjp_of

__all__: list[str] = []

Array = np.ndarray


def _alike(arrays: tuple[Array, ...]) -> list[Array]:
    dtype = functools.reduce(promoted, (array.dtype for array in arrays))
    return [array.astype(dtype, copy=False) for array in arrays]


@operation("_np_concatenate", dtype="computed", agree=False, result=PROMOTED)
def _concatenate(*arrays: Array, axis: int | None = 0) -> Array:
    """Join arrays along an axis that they have; None flattens them first."""
    return np.concatenate(_alike(arrays), axis=axis)


@vjp_of("_np_concatenate")
def _concatenate_vjp(
    cotangent: Array, *, arrays_shape: list[tuple[int, ...]], axis: int | None
) -> tuple[Array, ...]:
    if axis is None:
        sizes = [math.prod(shape) for shape in arrays_shape]
        parts = _apart(cotangent, sizes, 0)
        return tuple(part.reshape(shape) for part, shape in zip(parts, arrays_shape, strict=True))
    return tuple(_apart(cotangent, [shape[axis] for shape in arrays_shape], axis))


def _apart(joined: Array, lengths: list[int], axis: int) -> list[Array]:
    return np.split(joined, np.cumsum(lengths[:-1], dtype=np.int64), axis)


@operation("_np_stack", dtype="computed", agree=False, result=PROMOTED)
def _stack(*arrays: Array, axis: int = 0) -> Array:
    """Join arrays of one shape along a new axis."""
    return np.stack(_alike(arrays), axis=axis)


@vjp_of("_np_stack")
def _stack_vjp(cotangent: Array, *, axis: int) -> tuple[Array, ...]:
    return tuple(np.moveaxis(cotangent, axis, 0))


@operation("_np_vstack", dtype="computed", agree=False, result=PROMOTED)
def _vstack(*arrays: Array) -> Array:
    """Join arrays as rows."""
    return np.vstack(_alike(arrays))


@vjp_of("_np_vstack")
def _vstack_vjp(cotangent: Array, *, arrays_shape: list[tuple[int, ...]]) -> tuple[Array, ...]:
    lengths = [shape[0] if len(shape) > 1 else 1 for shape in arrays_shape]
    parts = _apart(cotangent, lengths, 0)
    return tuple(part.reshape(shape) for part, shape in zip(parts, arrays_shape, strict=True))


@operation("_np_hstack", dtype="computed", agree=False, result=PROMOTED)
def _hstack(*arrays: Array) -> Array:
    """Join arrays as columns."""
    return np.hstack(_alike(arrays))


@vjp_of("_np_hstack")
def _hstack_vjp(cotangent: Array, *, arrays_shape: list[tuple[int, ...]]) -> tuple[Array, ...]:
    axis = 0 if cotangent.ndim == 1 else 1
    lengths = [shape[axis] if shape else 1 for shape in arrays_shape]
    parts = _apart(cotangent, lengths, axis)
    return tuple(part.reshape(shape) for part, shape in zip(parts, arrays_shape, strict=True))


@operation("_np_split", dtype="computed", outputs=0, result="Of the dtype of ``ary``.")
def _split(ary: Array, *, indices_or_sections: Any, axis: int = 0) -> tuple[Array, ...]:
    """Split an array along an axis: into equal parts, or at the given positions."""
    return tuple(np.split(ary, indices_or_sections, axis))


@operation("_np_array_split", dtype="computed", outputs=0, result="Of the dtype of ``ary``.")
def _array_split(ary: Array, *, indices_or_sections: Any, axis: int = 0) -> tuple[Array, ...]:
    """Split an array along an axis into parts whose lengths differ by at most one."""
    return tuple(np.array_split(ary, indices_or_sections, axis))


@vjp_of("_np_split", "_np_array_split")
def _split_vjp(cotangent: tuple[Array, ...], *, axis: int) -> Array:
    return np.concatenate(cotangent, axis)
