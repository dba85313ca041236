"""Operations that put arrays together, take them apart, or repeat them."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.operations.axes import axis_of, integers
from numparam.ndarray.operations.operation import operation

__all__: list[str] = []

Array = np.ndarray


@operation("concat", "Concat")
def _concat(*data: Array, dim: int = 1) -> Array:
    """Join arrays along an axis that they have; the other axes must be equally long."""
    return np.concatenate(data, axis_of(dim, data[0].ndim))


@operation("stack")
def _stack(*data: Array, axis: int = 0) -> Array:
    """Join arrays of one shape along a new axis."""
    return np.stack(data, axis_of(axis, data[0].ndim + 1))


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
    """Split an array along an axis into equal sections, or before the given positions."""
    axis = axis_of(axis, data.ndim)
    return _parts(np.split(data, sections or integers(indices), axis), axis, squeeze_axis)


def _parts(parts: list[Array], axis: int, squeeze: bool) -> Array | tuple[Array, ...]:
    if squeeze:
        parts = [np.squeeze(part, axis) for part in parts]
    return parts[0] if len(parts) == 1 else tuple(parts)


@operation("tile")
def _tile(data: Array, *, reps: Any) -> Array:
    """Repeat the whole array along each axis."""
    return np.tile(data, integers(reps))


@operation("repeat")
def _repeat(data: Array, *, repeats: int, axis: int | None = None) -> Array:
    """Repeat each element, along an axis or of the flattened array."""
    return np.repeat(data, repeats, None if axis is None else axis_of(axis, data.ndim))


@operation("pad", "Pad")
def _pad(data: Array, *, mode: str, pad_width: Any, constant_value: float = 0) -> Array:
    """Add a border of a constant, of the edge elements, or of their mirror image."""
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
