"""Operations that join, split or repeat arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.ndarray.operations.axes import axis_of, integers
from numparam.ndarray.operations.operation import operation, vjp_of

__all__ = ["tile_vjp"]

Array = np.ndarray


@operation("concat", "Concat")
def _concat(*data: Array, dim: int = 1) -> Array:
    """Join arrays along an existing axis; all other lengths must be equal."""
    return np.concatenate(data, axis_of(dim, data[0].ndim))


@vjp_of("concat")
def _concat_vjp(
    cotangent: Array, *, data_shape: list[tuple[int, ...]], dim: int
) -> tuple[Array, ...]:
    axis = axis_of(dim, len(data_shape[0]))
    ends = np.cumsum([shape[axis] for shape in data_shape[:-1]], dtype=np.int64)
    return tuple(np.split(cotangent, ends, axis))


@operation("stack")
def _stack(*data: Array, axis: int = 0) -> Array:
    """Join arrays of one shape along a new axis."""
    return np.stack(data, axis_of(axis, data[0].ndim + 1))


@vjp_of("stack")
def _stack_vjp(cotangent: Array, *, axis: int) -> tuple[Array, ...]:
    return tuple(np.moveaxis(cotangent, int(axis), 0))


@operation("SliceChannel", "split", outputs=0)
def _split(
    data: Array, *, num_outputs: int, axis: int = 1, squeeze_axis: bool = False
) -> Array | tuple[Array, ...]:
    """Split an array along an axis into equal parts."""
    axis = axis_of(axis, data.ndim)
    if num_outputs < 1 or data.shape[axis] % num_outputs:
        raise ValueError(
            f"axis {axis} of length {data.shape[axis]} cannot be split into {num_outputs} equal "
            "parts"
        )
    return _parts(np.split(data, num_outputs, axis), axis, squeeze_axis)


@operation("_split_v2", outputs=0)
def _split_v2(
    data: Array,
    *,
    indices: Any = (),
    axis: int = 1,
    squeeze_axis: bool = False,
    sections: int = 0,
) -> Array | tuple[Array, ...]:
    """Split an array along an axis into equal sections, or at the given positions."""
    axis = axis_of(axis, data.ndim)
    return _parts(np.split(data, sections or integers(indices), axis), axis, squeeze_axis)


def _parts(parts: list[Array], axis: int, squeeze: bool) -> Array | tuple[Array, ...]:
    if squeeze:
        parts = [np.squeeze(part, axis) for part in parts]
    return parts[0] if len(parts) == 1 else tuple(parts)


def _joined(cotangents: tuple[Array, ...] | Array, axis: int, squeeze: bool) -> Array:
    """Join the cotangents of parts that `_split` or `_split_v2` returned."""
    parts = cotangents if isinstance(cotangents, tuple) else (cotangents,)
    return np.stack(parts, axis) if squeeze else np.concatenate(parts, axis)


@vjp_of("SliceChannel", "_split_v2")
def _split_vjp(
    cotangent: tuple[Array, ...] | Array,
    *,
    data_shape: tuple[int, ...],
    axis: int,
    squeeze_axis: bool,
) -> Array:
    return _joined(cotangent, axis_of(axis, len(data_shape)), squeeze_axis)


@operation("tile")
def _tile(data: Array, *, reps: Any) -> Array:
    """Repeat the whole array along each axis."""
    return np.tile(data, integers(reps))


@vjp_of("tile")
def tile_vjp(cotangent: Array, *, data_shape: tuple[int, ...], reps: Any) -> Array:
    """Sum the cotangent over the repetitions of the array."""
    counts = integers(reps)
    ndim = max(len(counts), len(data_shape))
    counts = (1,) * (ndim - len(counts)) + counts
    lengths = (1,) * (ndim - len(data_shape)) + tuple(data_shape)
    pairs = [number for pair in zip(counts, lengths, strict=True) for number in pair]
    return cotangent.reshape(pairs).sum(axis=tuple(range(0, 2 * ndim, 2))).reshape(data_shape)


@operation("repeat")
def _repeat(data: Array, *, repeats: int, axis: int | None = None) -> Array:
    """Repeat each element, along an axis or of the flattened array."""
    return np.repeat(data, repeats, None if axis is None else axis_of(axis, data.ndim))


@vjp_of("repeat")
def _repeat_vjp(
    cotangent: Array, *, data_shape: tuple[int, ...], repeats: int, axis: int | None
) -> Array:
    shape = data_shape if axis is not None else (math.prod(data_shape),)
    place = 0 if axis is None else axis_of(axis, len(shape))
    groups = cotangent.reshape(*shape[: place + 1], int(repeats), *shape[place + 1 :])
    return groups.sum(axis=place + 1).reshape(data_shape)


@operation("pad", "Pad")
def _pad(data: Array, *, mode: str, pad_width: Any, constant_value: float = 0) -> Array:
    """Pad with a constant, with the edge elements, or by reflection."""
    widths = integers(pad_width)
    if len(widths) != 2 * data.ndim:
        raise ValueError(f"pad_width must have two numbers for each of {data.ndim} dimensions")
    pairs = list(zip(widths[::2], widths[1::2], strict=True))
    if mode == "constant":
        return np.pad(data, pairs, "constant", constant_values=constant_value)
    if mode == "edge":
        return np.pad(data, pairs, "edge")
    if mode == "reflect":
        return np.pad(data, pairs, "reflect")
    raise ValueError("mode must be 'constant', 'edge' or 'reflect'")


@vjp_of("pad")
def _pad_vjp(cotangent: Array, *, data_shape: tuple[int, ...], mode: str, pad_width: Any) -> Array:
    if mode == "constant":
        starts = integers(pad_width)[::2]
        return cotangent[
            tuple(slice(start, start + n) for start, n in zip(starts, data_shape, strict=True))
        ]
    # Which element each element of the result is a copy of.
    places = np.arange(math.prod(data_shape)).reshape(data_shape)
    result = np.zeros(places.size, cotangent.dtype)
    np.add.at(result, _pad(places, mode=mode, pad_width=pad_width), cotangent)
    return result.reshape(data_shape)
