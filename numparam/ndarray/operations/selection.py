"""Operations that select elements or rows, or write them to positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.operations.axes import axis_of, integers
from numparam.ndarray.operations.invoke import OperationError
from numparam.ndarray.operations.operation import OPERATIONS, operation, vjp_of
from numparam.ndarray.operations.scattering import added_at, taken_at
from numparam.types.dtypes import as_dtype

__all__: list[str] = []

Array = np.ndarray


def _row_numbers(indices: Array, length: int, mode: str, copy: bool = True) -> Array:
    """Return indices as int64 within an axis, by one of the modes; fractions are dropped.

    They are copied, since NumPy checks index arrays before it uses them, and other threads may
    write them in between. A kernel that checks what it uses needs no copy.
    """
    if mode not in ("clip", "wrap", "raise"):
        raise OperationError(f"mode must be 'clip', 'wrap' or 'raise', not {mode!r}")
    numbers = indices.astype(np.int64, copy=copy)
    # Most indices are in range, and finding that out takes half of the time of moving them there.
    if not numbers.size or (numbers.min() >= 0 and numbers.max() < length):
        return numbers
    if mode == "raise":
        raise OperationError(
            f"indices reach from {numbers.min()} to {numbers.max()}, outside of an axis of length "
            f"{length}"
        )
    if mode == "clip":
        return np.clip(numbers, 0, max(length - 1, 0))
    return numbers % max(length, 1)


def _take_kernel(backend: Backend, buffers: list[Buffer], attributes: dict[str, Any]) -> Buffer:
    table, indices = buffers
    try:
        axis = axis_of(attributes.get("axis", 0), len(table.shape))
    except ValueError as error:
        raise OperationError(f"take cannot be computed: {error}") from error
    mode = attributes.get("mode", "clip")
    if axis or not table.size:
        return backend.apply(lambda a, i: _take(a, i, axis=axis, mode=mode), table, indices)
    return _gather(backend, table, indices, mode)


def _gather(backend: Backend, table: Buffer, indices: Buffer, mode: str) -> Buffer:
    """Take rows by number, by the device's kernel."""
    length = table.shape[0]
    numbers = backend.apply(
        lambda i: _row_numbers(i, length, mode, copy=False).reshape(-1), indices
    )
    rows = backend.retain.gather(table, numbers)
    return backend.view(rows, 0, (*indices.shape, *table.shape[1:]))


@operation("take", agree=False, kernel=_take_kernel)
def _take(a: Array, indices: Array, *, axis: int = 0, mode: str = "clip") -> Array:
    """Take slices along an axis by index; indices out of range are clipped, wrapped or an error."""
    axis = axis_of(axis, a.ndim)
    return np.take(a, _row_numbers(indices, a.shape[axis], mode), axis)


@vjp_of("take")
def _take_vjp(
    cotangent: Array, *, a_shape: tuple[int, ...], indices: Array, axis: int, mode: str
) -> tuple[Any, None]:
    axis = axis_of(axis, len(a_shape))
    numbers = _row_numbers(indices, a_shape[axis], mode).reshape(-1)
    if axis == 0:
        return (numbers, cotangent.reshape(numbers.size, *a_shape[1:])), None
    return added_at(cotangent, (*(slice(None),) * axis, numbers), a_shape), None


def _embedding_kernel(
    backend: Backend, buffers: list[Buffer], attributes: dict[str, Any]
) -> Buffer:
    data, weight = buffers
    expected = (int(attributes["input_dim"]), int(attributes["output_dim"]))
    if tuple(weight.shape) != expected:
        raise OperationError(
            f"Embedding with input_dim and output_dim {expected} got a weight of shape "
            f"{tuple(weight.shape)}"
        )
    return _gather(backend, weight, data, "clip")


@operation(
    "Embedding",
    agree=False,
    dtype="computed",
    kernel=_embedding_kernel,
    result="A row for each index, of the dtype of ``weight``, whatever ``dtype`` says.",
)
def _embedding(
    data: Array,
    weight: Array,
    *,
    input_dim: int,
    output_dim: int,
    dtype: Any = "float32",
    sparse_grad: bool = False,
) -> Array:
    """Look up rows of a weight by index; indices out of range are clipped."""
    return np.take(weight, _row_numbers(data, len(weight), "clip"), 0)


@vjp_of("Embedding")
def _embedding_vjp(
    cotangent: Array, *, data: Array, weight_shape: tuple[int, ...]
) -> tuple[None, tuple[Array, Array]]:
    numbers = _row_numbers(data, weight_shape[0], "clip").reshape(-1)
    return None, (numbers, cotangent.reshape(numbers.size, weight_shape[1]))


@operation("pick", "choose_element_0index", agree=False)
def _pick(
    data: Array, index: Array, *, axis: int | None = -1, keepdims: bool = False, mode: str = "clip"
) -> Array:
    """Take one element along an axis for each index."""
    if axis is None:
        data, axis = data.reshape(-1), 0
        numbers = _row_numbers(index, data.size, mode)
        return data[numbers]
    axis = axis_of(axis, data.ndim)
    shape = data.shape[:axis] + data.shape[axis + 1 :]
    numbers = _row_numbers(index, data.shape[axis], mode)
    if numbers.shape == shape:
        numbers = np.expand_dims(numbers, axis)
    elif numbers.shape != (*data.shape[:axis], 1, *data.shape[axis + 1 :]):
        raise ValueError(f"index must have shape {shape}, the data's without axis {axis}")
    result = np.take_along_axis(data, numbers, axis)
    if keepdims:
        return result
    result = result.squeeze(axis)
    return result if result.ndim else result.reshape(1)


@vjp_of("pick")
def _pick_vjp(
    cotangent: Array, *, data_shape: tuple[int, ...], index: Array, axis: int | None, mode: str
) -> tuple[Array, None]:
    if axis is None:
        size = math.prod(data_shape)
        numbers = _row_numbers(index, size, mode)
        return added_at(cotangent, numbers, (size,)).reshape(data_shape), None
    axis = axis_of(axis, len(data_shape))
    shape = (*data_shape[:axis], 1, *data_shape[axis + 1 :])
    key = list(np.ogrid[tuple(map(slice, shape))])
    key[axis] = _row_numbers(index, data_shape[axis], mode).reshape(shape)
    return added_at(cotangent, tuple(key), data_shape), None


@operation("batch_take", agree=False)
def _batch_take(a: Array, indices: Array) -> Array:
    """Take one element of each row by its index; indices out of range are clipped."""
    return _pick(a, indices.reshape(-1), axis=1)


@vjp_of("batch_take")
def _batch_take_vjp(
    cotangent: Array, *, a_shape: tuple[int, ...], indices: Array
) -> tuple[Array, None]:
    return _pick_vjp(cotangent, data_shape=a_shape, index=indices.reshape(-1), axis=1, mode="clip")


@operation("fill_element_0index", agree=False)
def _fill_element_0index(lhs: Array, mhs: Array, rhs: Array) -> Array:
    """Replace one element of each row, chosen by index, in a copy."""
    result = np.array(lhs)
    result[np.arange(len(lhs)), rhs.astype(np.int64)] = mhs
    return result


@vjp_of("fill_element_0index")
def _fill_element_0index_vjp(cotangent: Array, *, rhs: Array) -> tuple[Array, Array, None]:
    places = np.arange(len(cotangent)), rhs.astype(np.int64)
    rest = np.array(cotangent)
    rest[places] = 0
    return rest, cotangent[places], None


@operation("one_hot", dtype="computed", differentiable=False)
def _one_hot(
    indices: Array, *, depth: int, on_value: float = 1, off_value: float = 0, dtype: Any = "float32"
) -> Array:
    """Make a vector for each index, ``on_value`` at its position and ``off_value`` elsewhere."""
    hot = indices.astype(np.int64)[..., None] == np.arange(depth)
    wanted = as_dtype(dtype)
    on, off = (np.asarray(value, np.float64).astype(wanted) for value in (on_value, off_value))
    return np.where(hot, on, off)


@operation(
    "where",
    dtype="computed",
    agree=False,
    result="Of the shape and dtype of ``x`` and ``y``, which must agree in both.",
)
def _where(condition: Array, x: Array, y: Array) -> Array:
    """Select elements, or whole rows, from ``x`` where a condition is nonzero, else from ``y``."""
    if x.dtype != y.dtype:
        raise ValueError(f"x and y must have one dtype, not {x.dtype} and {y.dtype}")
    if x.shape != y.shape:
        raise ValueError(f"x and y must have one shape, not {x.shape} and {y.shape}")
    if condition.shape != x.shape:
        if condition.shape != x.shape[:1]:
            raise ValueError(
                f"condition must have the shape of x, {x.shape}, or one number for each row, not "
                f"shape {condition.shape}"
            )
        condition = condition.reshape(-1, *(1,) * (x.ndim - 1))
    return np.where(condition != 0, x, y)


@vjp_of("where")
def _where_vjp(cotangent: Array, *, condition: Array) -> tuple[None, Array, Array]:
    chosen = condition != 0
    if chosen.shape != cotangent.shape:
        chosen = chosen.reshape(-1, *(1,) * (cotangent.ndim - 1))
    zero = cotangent.dtype.type(0)
    return None, np.where(chosen, cotangent, zero), np.where(chosen, zero, cotangent)


@operation("gather_nd", agree=False)
def _gather_nd(data: Array, indices: Array) -> Array:
    """Gather the elements or slices at positions, one for each column of indices."""
    return data[_positions(indices, data.shape)]


@vjp_of("gather_nd")
def _gather_nd_vjp(
    cotangent: Array, *, data_shape: tuple[int, ...], indices: Array
) -> tuple[Array, None]:
    return added_at(cotangent, _positions(indices, data_shape), data_shape), None


@operation(
    "scatter_nd",
    agree=False,
    source="As in MXNet 1.9.1, which writes out of bounds at bad positions; an error here.",
)
def _scatter_nd(data: Array, indices: Array, *, shape: Any) -> Array:
    """Write elements or slices to positions of an array of zeros; the last write to one counts."""
    result = np.zeros(integers(shape), data.dtype)
    result[_positions(indices, result.shape)] = data
    return result


@vjp_of("scatter_nd")
def _scatter_nd_vjp(
    cotangent: Array, *, data_shape: tuple[int, ...], indices: Array
) -> tuple[Array, None]:
    return taken_at(cotangent, _positions(indices, cotangent.shape), data_shape), None


def _positions(indices: Array, shape: tuple[int, ...]) -> tuple[Array, ...]:
    """Return an index array for each of the first axes, after checking the range."""
    numbers = indices.astype(np.int64)
    if len(numbers) > len(shape):
        raise ValueError(f"indices name {len(numbers)} axes, and {shape} has {len(shape)}")
    for axis, rows in enumerate(numbers):
        if rows.size and (rows.min() < -shape[axis] or rows.max() >= shape[axis]):
            raise ValueError(
                f"indices reach from {rows.min()} to {rows.max()}, outside of axis {axis} of "
                f"length {shape[axis]}"
            )
    return tuple(numbers)


@operation("ravel_multi_index", differentiable=False)
def _ravel_multi_index(data: Array, *, shape: Any) -> Array:
    """Convert positions, one in each column, to positions in the flattened array."""
    lengths = integers(shape)
    strides = np.cumprod((1, *lengths[:0:-1]))[::-1]
    return (data.astype(np.int64) * strides[:, None]).sum(axis=0)


@operation("unravel_index", differentiable=False)
def _unravel_index(data: Array, *, shape: Any) -> Array:
    """Convert positions in the flattened array to positions, one in each column."""
    return np.stack(np.unravel_index(data.astype(np.int64), integers(shape)))


@operation("contrib.boolean_mask", agree=False)
def _boolean_mask(data: Array, index: Array, *, axis: int = 0) -> Array:
    """Keep the rows whose mask is nonzero."""
    if index.shape != data.shape[:1] or axis_of(axis, data.ndim):
        raise ValueError(f"index must have one number for each of the {len(data)} rows")
    return data[index != 0]


@vjp_of("contrib.boolean_mask")
def _boolean_mask_vjp(
    cotangent: Array, *, data_shape: tuple[int, ...], index: Array
) -> tuple[Array, None]:
    return added_at(cotangent, np.flatnonzero(index), data_shape), None


@operation("slice")
def _slice(data: Array, *, begin: Any, end: Any, step: Any = ()) -> Array:
    """Return the part given by begin, end and step along the first axes."""
    return data[_slices(data.shape, begin, end, step)]


@vjp_of("slice")
def _slice_vjp(
    cotangent: Array, *, data_shape: tuple[int, ...], begin: Any, end: Any, step: Any
) -> Array:
    return added_at(cotangent, _slices(data_shape, begin, end, step), data_shape)


def _bounds(value: Any) -> tuple[Any, ...]:
    """Return one bound, or a sequence or an array of bounds, as a tuple."""
    several = isinstance(value, (tuple, list, range)) or getattr(value, "ndim", 0) == 1
    return tuple(value) if several else (value,)


def _slices(shape: tuple[int, ...], begin: Any, end: Any, step: Any) -> tuple[slice, ...]:
    starts, stops = _bounds(begin), _bounds(end)
    steps = () if step is None else _bounds(step)
    steps = steps or (None,)
    if len(starts) != len(stops) or len(starts) > len(shape):
        raise ValueError(
            f"begin and end must have one number for each of up to {len(shape)} dimensions"
        )
    steps = steps + (None,) * (len(starts) - len(steps))
    return tuple(map(slice, starts, stops, steps))


@operation("_slice_assign", "_crop_assign")
def _slice_assign(lhs: Array, rhs: Array, *, begin: Any, end: Any, step: Any = ()) -> Array:
    """Write an array into a part of a copy."""
    result = np.array(lhs)
    result[_slices(lhs.shape, begin, end, step)] = rhs
    return result


@vjp_of("_slice_assign")
def _slice_assign_vjp(cotangent: Array, *, begin: Any, end: Any, step: Any) -> tuple[Array, Array]:
    key = _slices(cotangent.shape, begin, end, step)
    rest = np.array(cotangent)
    rest[key] = 0
    return rest, cotangent[key]


@operation("_slice_assign_scalar", "_crop_assign_scalar")
def _slice_assign_scalar(
    data: Array, *, scalar: float = 0, begin: Any, end: Any, step: Any = ()
) -> Array:
    """Write a number into a part of a copy."""
    result = np.array(data)
    result[_slices(data.shape, begin, end, step)] = scalar
    return result


@vjp_of("_slice_assign_scalar")
def _slice_assign_scalar_vjp(cotangent: Array, *, begin: Any, end: Any, step: Any) -> Array:
    return _slice_assign_vjp(cotangent, begin=begin, end=end, step=step)[0]


@operation("slice_axis")
def _slice_axis(data: Array, *, axis: int, begin: int, end: int | None) -> Array:
    """Return the part from ``begin`` to before ``end`` along one axis."""
    axis = axis_of(axis, data.ndim)
    length = data.shape[axis]
    start = begin + length if begin < 0 else begin
    stop = length if end is None else end + length if end < 0 else end
    if not 0 <= start < stop <= length:
        raise ValueError(f"begin and end must mark a part of axis {axis}, of length {length}")
    return data[(slice(None),) * axis + (slice(start, stop),)]


@vjp_of("slice_axis")
def _slice_axis_vjp(
    cotangent: Array, *, data_shape: tuple[int, ...], axis: int, begin: int
) -> Array:
    axis = axis_of(axis, len(data_shape))
    start = begin + data_shape[axis] if begin < 0 else begin
    part = slice(start, start + cotangent.shape[axis])
    return added_at(cotangent, (slice(None),) * axis + (part,), data_shape)


@operation("slice_like", agree=False)
def _slice_like(data: Array, shape_like: Array, *, axes: Any = ()) -> Array:
    """Crop an array to the lengths of another, along the given axes or all."""
    numbers = integers(axes)
    if not numbers and data.ndim != shape_like.ndim:
        raise ValueError("both arrays must have as many dimensions, or axes be given")
    key = [slice(None)] * data.ndim
    for number in numbers or range(data.ndim):
        axis = axis_of(number, data.ndim)
        length = shape_like.shape[axis]
        if length > data.shape[axis]:
            raise ValueError(f"axis {axis} has length {data.shape[axis]} and not {length}")
        key[axis] = slice(0, length)
    return data[tuple(key)]


@vjp_of("slice_like")
def _slice_like_vjp(cotangent: Array, *, data_shape: tuple[int, ...]) -> tuple[Array, None]:
    return added_at(cotangent, tuple(map(slice, cotangent.shape)), data_shape), None


@operation("SequenceMask", agree=False)
def _sequence_mask(
    data: Array,
    sequence_length: Array | None = None,
    *,
    use_sequence_length: bool = False,
    value: float = 0,
    axis: int = 0,
) -> Array:
    """Set the elements behind the end of each sequence to a value."""
    if not use_sequence_length or sequence_length is None:
        return np.array(data)
    if axis not in (0, 1):
        raise ValueError("axis must be 0 or 1")
    steps = np.arange(data.shape[axis])
    inside = steps[:, None] < sequence_length[None, :]
    if axis == 1:
        inside = inside.T
    inside = inside.reshape(inside.shape + (1,) * (data.ndim - 2))
    return np.where(inside, data, np.asarray(value).astype(data.dtype))


@vjp_of("SequenceMask")
def _sequence_mask_vjp(
    cotangent: Array,
    *,
    sequence_length: Array | None = None,
    use_sequence_length: bool,
    axis: int,
    needed: tuple[bool, ...],
) -> tuple[Array | None, ...]:
    masked = _sequence_mask(
        cotangent, sequence_length, use_sequence_length=use_sequence_length, axis=axis
    )
    return masked, *(None,) * (len(needed) - 1)


# `slice` has a second, older name.
OPERATIONS["crop"] = OPERATIONS["slice"]
