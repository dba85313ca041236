"""Changes of shape and order; the results are copies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.ndarray.operations.joining import tile_vjp
from numparam.ndarray.operations.operation import operation, vjp_of
from numparam.ndarray.operations.scattering import added_at
from numparam.types.shapes import as_integers

__all__: list[str] = []

Array = np.ndarray


def _numbers(axes: Any) -> Any:
    """Convert a list or an array to a tuple of integers; other values stay as they are."""
    several = isinstance(axes, (list, range)) or getattr(axes, "ndim", 0) == 1
    return as_integers(axes) if several else axes


@operation("_np_transpose", dtype="computed", result="Of the dtype of ``a``.")
def _transpose(a: Array, *, axes: Any = None) -> Array:
    """Permute the axes; reverse them if no order is given."""
    return np.transpose(a, _numbers(axes))


@vjp_of("_np_transpose")
def _transpose_vjp(cotangent: Array, *, axes: Any) -> Array:
    if axes is None:
        return np.transpose(cotangent)
    order = [int(axis) % cotangent.ndim for axis in axes]
    return np.transpose(cotangent, tuple(map(order.index, range(len(order)))))


@operation("_np_swapaxes", dtype="computed", result="Of the dtype of ``a``.")
def _swapaxes(a: Array, *, axis1: int, axis2: int) -> Array:
    """Exchange two axes."""
    return np.swapaxes(a, axis1, axis2)


@vjp_of("_np_swapaxes")
def _swapaxes_vjp(cotangent: Array, *, axis1: int, axis2: int) -> Array:
    return np.swapaxes(cotangent, axis1, axis2)


@operation("_np_moveaxis", dtype="computed", result="Of the dtype of ``a``.")
def _moveaxis(a: Array, *, source: Any, destination: Any) -> Array:
    """Move axes to other positions; the others keep their order."""
    return np.moveaxis(a, _numbers(source), _numbers(destination))


@vjp_of("_np_moveaxis")
def _moveaxis_vjp(cotangent: Array, *, source: Any, destination: Any) -> Array:
    return np.moveaxis(cotangent, _numbers(destination), _numbers(source))


@operation("_np_flatten", dtype="computed", result="Of the dtype of ``a``.")
def _flatten(a: Array) -> Array:
    """Copy the elements into a one-dimensional array."""
    return a.reshape(-1)


@vjp_of("_np_flatten")
def _flatten_vjp(cotangent: Array, *, a_shape: tuple[int, ...]) -> Array:
    return cotangent.reshape(a_shape)


@operation("_np_broadcast_to", dtype="computed", result="Of the dtype of ``array``.")
def _broadcast_to(array: Array, *, shape: Any) -> Array:
    """Repeat the elements along new axes and axes of length 1."""
    return np.broadcast_to(array, _numbers(shape))


@vjp_of("_np_broadcast_to")
def _broadcast_to_vjp(cotangent: Array) -> Array:
    return cotangent


@operation("_np_flip", dtype="computed", result="Of the dtype of ``m``.")
def _flip(m: Array, *, axis: Any = None) -> Array:
    """Reverse the order along axes, or along all."""
    return np.flip(m, _numbers(axis))


@vjp_of("_np_flip")
def _flip_vjp(cotangent: Array, *, axis: Any) -> Array:
    return np.flip(cotangent, _numbers(axis))


@operation("_np_tile", dtype="computed", result="Of the dtype of ``A``.")
def _tile(A: Array, *, reps: Any) -> Array:
    """Repeat the whole array along each axis."""
    return np.tile(A, _numbers(reps))


@vjp_of("_np_tile")
def _tile_vjp(cotangent: Array, *, A_shape: tuple[int, ...], reps: Any) -> Array:
    return tile_vjp(cotangent, data_shape=A_shape, reps=reps)


@operation("_np_repeat", dtype="computed", result="Of the dtype of ``a``.")
def _repeat(a: Array, *, repeats: Any, axis: int | None = None) -> Array:
    """Repeat each element, along an axis or of the flattened array."""
    return np.repeat(a, repeats, axis)


@vjp_of("_np_repeat")
def _repeat_vjp(
    cotangent: Array, *, a_shape: tuple[int, ...], repeats: Any, axis: int | None
) -> Array:
    places = np.repeat(np.arange(math.prod(a_shape)).reshape(a_shape), repeats, axis)
    return added_at(cotangent, places, (math.prod(a_shape),)).reshape(a_shape)
