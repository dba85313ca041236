"""Sorting, and the largest and smallest elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.operations.axes import axis_of
from numparam.ndarray.operations.operation import operation, vjp_of
from numparam.types.dtypes import as_dtype

__all__: list[str] = []

Array = np.ndarray


def _order(data: Array, axis: int, ascending: bool) -> Array:
    """Return the positions that sort stably."""
    if ascending:
        return np.argsort(data, axis=axis, kind="stable")
    flipped = np.flip(data, axis)
    positions = np.flip(np.argsort(flipped, axis=axis, kind="stable"), axis)
    return data.shape[axis] - 1 - positions


def _along(data: Array, axis: int | None) -> tuple[Array, int]:
    return (data.reshape(-1), 0) if axis is None else (data, axis_of(axis, data.ndim))


@operation("sort")
def _sort(data: Array, *, axis: int | None = -1, is_ascend: bool = True) -> Array:
    """Sort along an axis, or the flattened array."""
    data, axis = _along(data, axis)
    return np.take_along_axis(data, _order(data, axis, is_ascend), axis)


@vjp_of("sort")
def _sort_vjp(cotangent: Array, *, data: Array, axis: int | None, is_ascend: bool) -> Array:
    rows, place = _along(data, axis)
    return _in_place(cotangent, rows, _order(rows, place, is_ascend), place).reshape(data.shape)


def _in_place(values: Array, rows: Array, order: Array, axis: int) -> Array:
    """Return zeros with the values at the positions that they had before sorting."""
    result = np.zeros(rows.shape, values.dtype)
    np.put_along_axis(result, order, values, axis)
    return result


@operation("argsort", dtype="computed", differentiable=False)
def _argsort(
    data: Array, *, axis: int | None = -1, is_ascend: bool = True, dtype: Any = "float32"
) -> Array:
    """Return the positions that sort along an axis, or the flattened array."""
    data, axis = _along(data, axis)
    return _order(data, axis, is_ascend).astype(as_dtype(dtype))


@operation(
    "topk",
    dtype="computed",
    outputs=0,
    result="Positions of the dtype ``dtype``; values and masks of that of ``data``.",
)
def _topk(
    data: Array,
    *,
    axis: int | None = -1,
    k: int = 1,
    ret_typ: str = "indices",
    is_ascend: bool = False,
    dtype: Any = "float32",
) -> Array | tuple[Array, Array]:
    """Find the ``k`` largest or smallest elements along an axis, or their positions."""
    shape = data.shape
    data, axis = _along(data, axis)
    length = data.shape[axis]
    if not 0 <= k <= length:
        raise ValueError(f"k must be between 0 and {length}, the length of the axis")
    order = np.take(_order(data, axis, is_ascend), range(k or length), axis)
    if ret_typ == "mask":
        mask = np.zeros_like(data)
        np.put_along_axis(mask, order, data.dtype.type(1), axis)
        return mask.reshape(shape)
    positions = order.astype(as_dtype(dtype))
    if ret_typ == "indices":
        return positions
    values = np.take_along_axis(data, order, axis)
    if ret_typ == "value":
        return values
    if ret_typ == "both":
        return values, positions
    raise ValueError("ret_typ must be 'value', 'indices', 'mask' or 'both'")


@vjp_of("topk")
def _topk_vjp(
    cotangent: Any,
    *,
    data: Array,
    axis: int | None,
    k: int,
    ret_typ: str,
    is_ascend: bool,
) -> Array | None:
    if ret_typ not in ("value", "both"):
        return None  # positions and masks are constant almost everywhere
    values = cotangent[0] if isinstance(cotangent, tuple) else cotangent
    rows, place = _along(data, axis)
    order = np.take(_order(rows, place, is_ascend), range(k or rows.shape[place]), place)
    return _in_place(values, rows, order, place).reshape(data.shape)
