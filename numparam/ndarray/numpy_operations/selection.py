"""Selection of elements by condition or position, sorting, and comparison of arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.ndarray.numpy_operations.promotion import PROMOTED, promoted
from numparam.ndarray.operations.operation import operation, vjp_of
from numparam.ndarray.operations.scattering import added_at

__all__: list[str] = []

Array = np.ndarray


@operation("_np_where", dtype="computed", agree=False, result=PROMOTED)
def _where(condition: Array, x: Array, y: Array) -> Array:
    """Select from one array where a condition is nonzero, and from another elsewhere."""
    dtype = promoted(x.dtype, y.dtype)
    return np.where(condition != 0, x.astype(dtype, copy=False), y.astype(dtype, copy=False))


@vjp_of("_np_where")
def _where_vjp(cotangent: Array, *, condition: Array) -> tuple[None, Array, Array]:
    chosen, zero = condition != 0, cotangent.dtype.type(0)
    return None, np.where(chosen, cotangent, zero), np.where(chosen, zero, cotangent)


@operation("_np_take", dtype="computed", agree=False, result="Of the dtype of ``a``.")
def _take(a: Array, indices: Array, *, axis: int | None = None, mode: str = "raise") -> Array:
    """Return the elements at positions, along an axis or of the flattened array."""
    with np.errstate(invalid="ignore"):
        positions = indices.astype(np.int64)
    return np.asarray(np.take(a, positions, axis=axis, mode=mode))  # type: ignore[call-overload]


@vjp_of("_np_take")
def _take_vjp(
    cotangent: Array, *, a_shape: tuple[int, ...], indices: Array, axis: int | None, mode: str
) -> tuple[Any, None]:
    shape = (math.prod(a_shape),) if axis is None else a_shape
    place = 0 if axis is None else axis % len(shape)
    # What NumPy makes of a position in each mode.
    numbers = np.take(np.arange(shape[place]), indices.astype(np.int64).reshape(-1), mode=mode)  # type: ignore[call-overload]
    slices = cotangent.reshape(*shape[:place], numbers.size, *shape[place + 1 :])
    if axis is not None and place == 0:
        return (numbers, slices), None
    return added_at(slices, (*(slice(None),) * place, numbers), shape).reshape(a_shape), None


@operation(
    "_np_nonzero", dtype="computed", outputs=0, result="Of the dtype int64.", differentiable=False
)
def _nonzero(a: Array) -> tuple[Array, ...]:
    """Return the positions of the nonzero elements, one int64 array for each axis."""
    return tuple(np.asarray(positions, np.int64) for positions in np.nonzero(a != 0))


@operation("_np_sort", dtype="computed", result="Of the dtype of ``a``.")
def _sort(a: Array, *, axis: int | None = -1) -> Array:
    """Sort along an axis, or the flattened array."""
    return np.sort(a, axis)


@vjp_of("_np_sort")
def _sort_vjp(cotangent: Array, *, a: Array, axis: int | None) -> Array:
    rows, place = (a.reshape(-1), 0) if axis is None else (a, axis)
    index = list(np.ogrid[tuple(map(slice, rows.shape))])
    index[place] = np.argsort(rows, place, kind="stable")
    return added_at(cotangent, tuple(index), rows.shape).reshape(a.shape)


@operation("_np_argsort", dtype="computed", result="Of the dtype int64.", differentiable=False)
def _argsort(a: Array, *, axis: int | None = -1) -> Array:
    """Return the positions that sort along an axis, or the flattened array, as int64."""
    return np.argsort(a, axis, kind="stable").astype(np.int64)


@operation(
    "_np_array_equal", dtype="computed", agree=False, result="One boolean.", differentiable=False
)
def _array_equal(a1: Array, a2: Array) -> Array:
    """Return whether two arrays have the same shape and elements."""
    return np.asarray(np.array_equal(a1, a2))


@operation(
    "_np_allclose", dtype="computed", agree=False, result="One boolean.", differentiable=False
)
def _allclose(
    a: Array, b: Array, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Return whether two arrays are equal within tolerances."""
    dtype = np.promote_types(promoted(a.dtype, b.dtype), np.float32)
    close = np.allclose(a.astype(dtype), b.astype(dtype), rtol, atol, bool(equal_nan))
    return np.asarray(close)
