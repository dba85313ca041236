"""The same elements in another shape or order; these give copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.operations.operation import operation

__all__: list[str] = []

Array = np.ndarray


def _numbers(axes: Any) -> Any:
    """Make a tuple of integers of a list; NumPy takes the rest as it is."""
    return tuple(axes) if isinstance(axes, list) else axes


@operation("_np_transpose", dtype="computed", result="Of the dtype of ``a``.")
def _transpose(a: Array, *, axes: Any = None) -> Array:
    """Put the axes into another order; into the reverse one, if none is given."""
    return np.transpose(a, _numbers(axes))


@operation("_np_swapaxes", dtype="computed", result="Of the dtype of ``a``.")
def _swapaxes(a: Array, *, axis1: int, axis2: int) -> Array:
    """Exchange two axes."""
    return np.swapaxes(a, axis1, axis2)


@operation("_np_moveaxis", dtype="computed", result="Of the dtype of ``a``.")
def _moveaxis(a: Array, *, source: Any, destination: Any) -> Array:
    """Move axes to other places; the rest keeps its order."""
    return np.moveaxis(a, _numbers(source), _numbers(destination))


@operation("_np_flatten", dtype="computed", result="Of the dtype of ``a``.")
def _flatten(a: Array) -> Array:
    """Copy the elements into one dimension."""
    return a.reshape(-1)


@operation("_np_broadcast_to", dtype="computed", result="Of the dtype of ``array``.")
def _broadcast_to(array: Array, *, shape: Any) -> Array:
    """Repeat the elements along new axes and axes of length 1."""
    return np.broadcast_to(array, _numbers(shape))


@operation("_np_flip", dtype="computed", result="Of the dtype of ``m``.")
def _flip(m: Array, *, axis: Any = None) -> Array:
    """Reverse the order along axes, or along all."""
    return np.flip(m, _numbers(axis))


@operation("_np_tile", dtype="computed", result="Of the dtype of ``A``.")
def _tile(A: Array, *, reps: Any) -> Array:
    """Repeat the whole array along each axis."""
    return np.tile(A, _numbers(reps))


@operation("_np_repeat", dtype="computed", result="Of the dtype of ``a``.")
def _repeat(a: Array, *, repeats: Any, axis: int | None = None) -> Array:
    """Repeat each element, along an axis or of the flattened array."""
    return np.repeat(a, repeats, axis)
