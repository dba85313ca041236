"""Operations that change the shape or the order of the elements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from numparam.ndarray.operations.axes import axes_of, axis_of, integers
from numparam.ndarray.operations.operation import operation, vjp_of

__all__ = ["coded_shape"]

Array = np.ndarray


def coded_shape(
    shape: tuple[int, ...], codes: Sequence[int], reverse: bool = False
) -> tuple[int, ...]:
    """Return the shape that MXNet's codes describe.

    Parameters
    ----------
    shape : tuple of int
        The shape of the array.
    codes : sequence of int
        The new lengths, or: 0 the same length as here; -1 whatever is left; -2 all remaining
        dimensions; -3 the product of two dimensions; -4 one dimension split into the next two
        numbers, of which one may be -1.
    reverse : bool, default False
        Whether the codes are matched with the dimensions from the last to the first.

    Returns
    -------
    tuple of int
        The shape, with as many elements.

    Raises
    ------
    ValueError
        If the codes do not fit.

    Examples
    --------
    >>> from numparam.ndarray.operations.shapes import coded_shape
    >>> coded_shape((2, 3, 4), (0, -1)), coded_shape((2, 3, 4), (-3, -4, 2, -1))
    ((2, 12), (6, 2, 2))
    """
    given = tuple(codes)
    if reverse:
        shape, codes = shape[::-1], _reversed_codes(given)
    result: list[int] = []
    axis = 0
    unknown = None
    position = 0
    while position < len(codes):
        code = codes[position]
        if code in (0, -3, -4):
            needed = 2 if code == -3 else 1
            if axis + needed > len(shape):
                raise ValueError(f"{given} asks for more dimensions than {shape} has")
        if code > 0:
            result.append(code)
            axis += 1
        elif code == 0:
            result.append(shape[axis])
            axis += 1
        elif code == -1:
            if unknown is not None:
                raise ValueError(f"{given} has more than one -1, and only one can be worked out")
            unknown = len(result)
            result.append(1)
            axis += 1
        elif code == -2:
            result.extend(shape[axis:])
            axis = len(shape)
        elif code == -3:
            result.append(shape[axis] * shape[axis + 1])
            axis += 2
        elif code == -4:
            result.extend(_split(shape[axis], codes[position + 1 : position + 3], given))
            axis += 1
            position += 2
        else:
            raise ValueError(f"{code} in {given} means nothing; codes are 0 and -1 to -4")
        position += 1
    if unknown is not None:
        rest = math.prod(result)
        if rest == 0 or math.prod(shape) % rest:
            raise ValueError(f"{math.prod(shape)} elements cannot be arranged as {given}")
        result[unknown] = math.prod(shape) // rest
    if reverse:
        result.reverse()
    if math.prod(result) != math.prod(shape):
        raise ValueError(f"{math.prod(shape)} elements cannot be arranged as {given}")
    return tuple(result)


def _split(length: int, factors: Sequence[int], given: tuple[int, ...]) -> tuple[int, int]:
    if len(factors) < 2:
        raise ValueError(f"-4 in {given} must be followed by two numbers")
    first, second = factors
    if first == -1 and second > 0:
        first = length // second
    elif second == -1 and first > 0:
        second = length // first
    if first * second != length or first < 0:
        raise ValueError(f"-4 in {given} splits {length} into {first} times {second}")
    return first, second


def _reversed_codes(codes: tuple[int, ...]) -> tuple[int, ...]:
    """Reverse the codes, keeping -4 before its two numbers."""
    groups: list[tuple[int, ...]] = []
    position = 0
    while position < len(codes):
        width = 3 if codes[position] == -4 else 1
        group = codes[position : position + width]
        groups.append((group[0], *group[:0:-1]) if width == 3 else group)
        position += width
    return tuple(code for group in reversed(groups) for code in group)


@operation("reshape", "Reshape")
def _reshape(data: Array, *, shape: Any, reverse: bool = False) -> Array:
    """Return the elements in a new shape, which may contain MXNet's codes 0 to -4."""
    return data.reshape(coded_shape(data.shape, integers(shape), reverse))


@operation("reshape_like", agree=False)
def _reshape_like(
    lhs: Array,
    rhs: Array,
    *,
    lhs_begin: int | None = None,
    lhs_end: int | None = None,
    rhs_begin: int | None = None,
    rhs_end: int | None = None,
) -> Array:
    """Return the elements in the shape of another array, or in part of it."""
    left = slice(lhs_begin, lhs_end).indices(lhs.ndim)
    middle = rhs.shape[slice(rhs_begin, rhs_end)]
    return lhs.reshape(lhs.shape[: left[0]] + middle + lhs.shape[left[1] :])


@vjp_of("reshape_like")
def _reshape_like_vjp(cotangent: Array, *, lhs_shape: tuple[int, ...]) -> tuple[Array, None]:
    return cotangent.reshape(lhs_shape), None


@operation("flatten", "Flatten")
def _flatten(data: Array) -> Array:
    """Flatten to a matrix with one row for each index of the first axis."""
    return data.reshape(data.shape[0], math.prod(data.shape[1:]))


@operation("expand_dims")
def _expand_dims(data: Array, *, axis: int) -> Array:
    """Insert an axis of length 1."""
    return np.expand_dims(data, axis_of(axis, data.ndim + 1))


@operation("squeeze")
def _squeeze(data: Array, *, axis: Any = None) -> Array:
    """Remove axes of length 1."""
    axes = None if axis is None else axes_of(axis, data.ndim)
    result = np.squeeze(data, axes)
    return result if result.ndim or data.ndim == 0 else result.reshape(1)


@vjp_of("reshape", "flatten", "expand_dims", "squeeze")
def _reshape_vjp(cotangent: Array, *, data_shape: tuple[int, ...]) -> Array:
    return cotangent.reshape(data_shape)


@operation(
    "transpose",
    source="As in MXNet 1.9.1, which corrupts memory for repeated axes; they are refused here.",
)
def _transpose(data: Array, *, axes: Any = ()) -> Array:
    """Permute the axes; reverse them if no order is given."""
    order = integers(axes)
    if order and sorted(order) != list(range(data.ndim)):
        raise ValueError(f"axes must name each of the {data.ndim} axes once, from 0 on")
    return data.transpose(order or None)


@vjp_of("transpose")
def _transpose_vjp(cotangent: Array, *, axes: Any) -> Array:
    order = integers(axes)
    return np.transpose(cotangent, tuple(map(order.index, range(len(order)))) or None)


@operation("SwapAxis", "swapaxes")
def _swap_axis(data: Array, *, dim1: int = 0, dim2: int = 0) -> Array:
    """Exchange two axes."""
    return data.swapaxes(axis_of(dim1, data.ndim), axis_of(dim2, data.ndim))


@vjp_of("SwapAxis")
def _swap_axis_vjp(cotangent: Array, *, dim1: int, dim2: int) -> Array:
    return np.swapaxes(cotangent, int(dim1), int(dim2))


@operation("reverse", "flip")
def _reverse(data: Array, *, axis: Any) -> Array:
    """Reverse the order along axes."""
    return np.flip(data, axes_of(axis, data.ndim))


@vjp_of("reverse")
def _reverse_vjp(cotangent: Array, *, axis: Any) -> Array:
    return np.flip(cotangent, axes_of(axis, cotangent.ndim))


@operation("diag")
def _diag(data: Array, *, k: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Return a diagonal of an array, or a matrix with a given diagonal."""
    if data.ndim == 1:
        return np.diag(data, k)
    return np.diagonal(data, k, axis_of(axis1, data.ndim), axis_of(axis2, data.ndim))


@vjp_of("diag")
def _diag_vjp(
    cotangent: Array, *, data_shape: tuple[int, ...], k: int, axis1: int, axis2: int
) -> Array:
    if len(data_shape) == 1:
        return np.diagonal(cotangent, k)
    # The positions of the elements that were taken, from an array that counts them.
    places = np.arange(math.prod(data_shape)).reshape(data_shape)
    result = np.zeros(places.size, cotangent.dtype)
    result[_diag(places, k=k, axis1=axis1, axis2=axis2)] = cotangent
    return result.reshape(data_shape)


@operation("depth_to_space")
def _depth_to_space(data: Array, *, block_size: int) -> Array:
    """Move blocks of channels into height and width."""
    number, depth, height, width = data.shape
    size = int(block_size)
    blocks = data.reshape(number, size, size, depth // size**2, height, width)
    return blocks.transpose(0, 3, 4, 1, 5, 2).reshape(
        number, depth // size**2, height * size, width * size
    )


@vjp_of("depth_to_space")
def _depth_to_space_vjp(cotangent: Array, *, block_size: int) -> Array:
    return _space_to_depth(cotangent, block_size=block_size)


@operation("space_to_depth")
def _space_to_depth(data: Array, *, block_size: int) -> Array:
    """Move blocks of height and width into channels."""
    number, depth, height, width = data.shape
    size = int(block_size)
    blocks = data.reshape(number, depth, height // size, size, width // size, size)
    return blocks.transpose(0, 3, 5, 1, 2, 4).reshape(
        number, depth * size**2, height // size, width // size
    )


@vjp_of("space_to_depth")
def _space_to_depth_vjp(cotangent: Array, *, block_size: int) -> Array:
    return _depth_to_space(cotangent, block_size=block_size)


@operation(
    "shape_array", dtype="computed", result="One int64 number for each axis.", differentiable=False
)
def _shape_array(data: Array) -> Array:
    """Return the shape as an array."""
    return np.array(data.shape, np.int64)


@operation("size_array", dtype="computed", result="One int64 number.", differentiable=False)
def _size_array(data: Array) -> Array:
    """Return the number of elements as an array."""
    return np.array([data.size], np.int64)


@operation("broadcast_to")
def _broadcast_to(data: Array, *, shape: Any) -> Array:
    """Broadcast axes of length 1 to a shape; 0 there keeps a length."""
    wanted = list(integers(shape))
    if len(wanted) != data.ndim:
        raise ValueError(f"shape must have {data.ndim} numbers, as the array has dimensions")
    for axis, length in enumerate(wanted):
        if length == 0:  # as it is
            wanted[axis] = data.shape[axis]
    return np.broadcast_to(data, wanted)


@operation("broadcast_axis", "broadcast_axes")
def _broadcast_axis(data: Array, *, axis: Any = (), size: Any = ()) -> Array:
    """Broadcast the given axes, of length 1, to the given sizes."""
    shape = list(data.shape)
    axes, sizes = integers(axis), integers(size)
    if len(axes) != len(sizes):
        raise ValueError("axis and size must have one number for each axis")
    for number, length in zip(axes, sizes, strict=True):
        number = axis_of(number, data.ndim)
        if shape[number] != 1:
            raise ValueError(
                f"axis {number} has length {shape[number]}; only axes of length 1 broadcast"
            )
        shape[number] = length
    return np.broadcast_to(data, shape)


@vjp_of("broadcast_to", "broadcast_axis")
def _broadcast_vjp(cotangent: Array) -> Array:
    return cotangent


@operation("broadcast_like", agree=False)
def _broadcast_like(lhs: Array, rhs: Array, *, lhs_axes: Any = None, rhs_axes: Any = None) -> Array:
    """Broadcast axes of length 1 to the lengths of another array."""
    if lhs_axes is None and rhs_axes is None:
        if lhs.ndim != rhs.ndim:
            raise ValueError("both arrays must have as many dimensions, or lhs_axes be given")
        return np.broadcast_to(lhs, rhs.shape)
    pairs = list(zip(integers(lhs_axes), integers(rhs_axes), strict=True))
    if not pairs:
        raise ValueError("lhs_axes and rhs_axes must name at least one axis each")
    shape = list(lhs.shape)
    for left, right in pairs:
        shape[axis_of(left, lhs.ndim)] = rhs.shape[axis_of(right, rhs.ndim)]
    return np.broadcast_to(lhs, shape)


@vjp_of("broadcast_like")
def _broadcast_like_vjp(cotangent: Array) -> tuple[Array, None]:
    return cotangent, None
