"""Interpretation of the keys of ``array[key]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.base import MXNetError
from numparam.ndarray.quiet import quietly
from numparam.ndarray.values import is_array, reachable

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["Basic", "Resolved", "checked", "expanded", "is_advanced", "resolved", "too_many"]

_INTEGERS = (int, np.integer)


class OutsideError(MXNetError, IndexError):
    """An index is out of range."""


class IndexShapeError(MXNetError, IndexError, ValueError):
    """Index arrays do not broadcast: NumPy's IndexError, and MXNet's ValueError."""


def expanded(key: Any, shape: tuple[int, ...]) -> list[Any]:
    """Return a key as one entry for each dimension, with None where a new axis goes.

    Raises
    ------
    IndexError
        If there are more entries than dimensions, more than one ``...``, or a bool.
    ValueError
        If an entry is of a type that selects nothing.
    """
    entries = list(key) if isinstance(key, tuple) else [key]
    consumed = 0
    ellipsis = None
    for position, entry in enumerate(entries):
        if isinstance(entry, (bool, np.bool_)):
            raise IndexError(
                f"{entry} is not a row number: use {int(entry)} for the row, or None for a new axis"
            )
        if entry is Ellipsis:
            if ellipsis is not None:
                raise IndexError("a key can hold only one '...'")
            ellipsis = position
        elif isinstance(entry, (list, tuple, range)):
            entries[position] = _as_index_array(np.asarray(entry))
            consumed += _dimensions(entries[position])
        elif isinstance(entry, np.ndarray):
            entries[position] = _as_index_array(entry)
            consumed += _dimensions(entries[position])
        elif is_array(entry):
            consumed += _dimensions(entry._buffer)
        elif isinstance(entry, (slice, *_INTEGERS)):
            consumed += 1
        elif entry is not None:
            raise ValueError(
                f"{entry!r} of type {type(entry).__name__} selects nothing; a key is made of "
                "integers, slices, None, '...', and lists or arrays of integers"
            )
    if consumed > len(shape):
        raise IndexError(too_many(consumed, shape))
    missing: list[Any] = [slice(None)] * (len(shape) - consumed)
    if ellipsis is None:
        return entries + missing
    return entries[:ellipsis] + missing + entries[ellipsis + 1 :]


def too_many(count: int, shape: tuple[int, ...]) -> str:
    """Return the message for a key with more entries than dimensions."""
    return f"the key selects along {count} dimensions and the array of shape {shape} has fewer"


def _as_index_array(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.bool_:
        return array
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iuf" and array.dtype.name != "bfloat16":
        raise ValueError(f"an index array must hold integers, not {array.dtype}")
    return array


def _dimensions(array: Any) -> int:
    """Return the number of axes that an index array selects along: a mask's dimensions, or one."""
    return len(array.shape) if array.dtype == np.bool_ else 1


def is_advanced(parts: Sequence[Any]) -> bool:
    """Return whether a key holds index arrays."""
    return any(hasattr(part, "dtype") and not isinstance(part, np.integer) for part in parts)


def checked(position: Any, axis: int, length: int) -> int:
    """Return an integer index, counted from the start, after checking its range.

    Raises
    ------
    IndexError
        If it is outside of its axis.
    """
    index = int(position)
    if not -length <= index < length:
        raise IndexError(
            f"index {index} is outside of axis {axis}, which has {length} entries: "
            f"{-length} to {length - 1} are inside"
            if length
            else f"index {index} is outside of axis {axis}, which is empty"
        )
    return index + length if index < 0 else index


class Basic:
    """A key without index arrays.

    Attributes
    ----------
    result_shape : tuple of int
        The shape of what it selects.
    contiguous : bool
        Whether that is one piece of memory.
    start : int
        The number of its first element.
    index : tuple
        The key with slices only, for the array as it is.
    key : tuple
        The key as NumPy reads it.
    """

    __slots__ = ("contiguous", "index", "key", "result_shape", "start")

    def __init__(self, parts: Sequence[Any], shape: tuple[int, ...]) -> None:
        result: list[int] = []
        index: list[slice] = []
        key: list[Any] = []
        lengths: list[int] = []
        steps: list[int] = []
        starts: list[int] = []
        axis = 0
        for part in parts:
            if part is None:
                result.append(1)
                key.append(None)
                continue
            length = shape[axis]
            if isinstance(part, slice):
                positions = range(*_slice_indices(part, length))
                result.append(len(positions))
                starts.append(positions.start)
                steps.append(positions.step)
                lengths.append(len(positions))
                key.append(part)
                index.append(part)
            else:
                position = checked(part, axis, length)
                starts.append(position)
                steps.append(1)
                lengths.append(1)
                key.append(position)
                index.append(slice(position, position + 1))
            axis += 1
        self.result_shape = tuple(result)
        self.index = tuple(index)
        self.key = tuple(key)
        self.contiguous, self.start = _memory(shape, starts, steps, lengths)


def _slice_indices(part: slice, length: int) -> tuple[int, int, int]:
    try:
        return part.indices(length)
    except TypeError:
        raise IndexError(f"the bounds of {part} must be integers or None") from None


def _memory(
    shape: tuple[int, ...], starts: list[int], steps: list[int], lengths: list[int]
) -> tuple[bool, int]:
    """Return whether a selection is contiguous in memory, and where it starts."""
    if 0 in lengths:
        return True, 0
    stride = 1
    expected = 1
    start = 0
    contiguous = True
    for axis in range(len(shape) - 1, -1, -1):
        start += starts[axis] * stride
        if lengths[axis] > 1:
            contiguous = contiguous and steps[axis] * stride == expected
            expected *= lengths[axis]
        stride *= shape[axis]
    return contiguous, start


class Resolved:
    """A key whose index arrays became inputs of the operation that reads or writes.

    Parameters
    ----------
    parts : sequence
        Its entries; the number of an index array is wrapped in `_Slot`.
    """

    __slots__ = ("parts",)

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = tuple(parts)

    def index(
        self, shape: tuple[int, ...], arrays: Sequence[np.ndarray], check: bool = True
    ) -> tuple[Any, ...]:
        """Return the key as NumPy reads it, with the index arrays in their places.

        Parameters
        ----------
        shape : tuple of int
            The shape of the array that the key is for.
        arrays : sequence of numpy.ndarray
            The index arrays.
        check : bool, default True
            Whether to check that they are in range. NumPy does so too, with messages of its own.

        Raises
        ------
        IndexError
            If a mask has not the shape of its axes, or an index array is not in range.
        """
        if not arrays:
            return self.parts
        result: list[Any] = []
        shapes: list[tuple[int, ...]] = []
        axis = 0
        for part in self.parts:
            if isinstance(part, _Slot):
                array = _own(arrays[part.number])
                if array.dtype == np.bool_:
                    _check_mask(array, axis, shape)
                    axis += array.ndim
                    shapes.append((int(np.count_nonzero(array)),))
                else:
                    if check:
                        _check_range(array, axis, shape[axis])
                    axis += 1
                    shapes.append(array.shape)
                result.append(array)
            else:
                result.append(part)
                axis += part is not None
        if len(shapes) > 1:
            _check_index_shapes(shapes)
        return tuple(result)


class _Slot:
    """A placeholder for an index array in a key."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


def resolved(parts: Sequence[Any], array: NDArray) -> tuple[Resolved, list[NDArray]]:
    """Move the index arrays of a key to the context of the array.

    Returns
    -------
    key : Resolved
        The key, in which each index array is a number.
    indexes : list of NDArray
        The index arrays.
    """
    entries: list[Any] = []
    indexes: list[NDArray] = []
    shape = array.shape
    axis = 0
    for part in parts:
        if part is None or part is Ellipsis:
            entries.append(part)
        elif isinstance(part, slice):
            entries.append(part)
            axis += 1
        elif isinstance(part, _INTEGERS):
            entries.append(checked(part, axis, shape[axis]))
            axis += 1
        else:
            entries.append(_Slot(len(indexes)))
            indexes.append(_on_context(part, array))
            axis += _dimensions(indexes[-1]._memory)
    return Resolved(entries), indexes


def _on_context(index: Any, array: NDArray) -> NDArray:
    if not is_array(index):
        backend = array._backend
        return array._array_class.from_buffer(backend.upload(index), array._ctx, backend)
    if index.stype != "default":
        raise TypeError("a sparse array is not an index; use its indices")
    return index if reachable(index, array) else index.copyto(array._ctx)


def _own(array: np.ndarray) -> np.ndarray:
    """Copy an index array as integers or as a mask; fractions are dropped, as in MXNet.

    NumPy checks index arrays before it uses them, and other threads may write them in between.
    """
    if array.dtype.kind in "iub":
        return np.array(array)
    return quietly(array.astype, np.int64)


def _check_range(numbers: np.ndarray, axis: int, length: int) -> None:
    if numbers.size:
        low, high = int(numbers.min()), int(numbers.max())
        if low < -length or high >= length:
            raise OutsideError(
                f"the index array holds {low if low < -length else high}, which is outside of axis "
                f"{axis} with {length} entries"
            )


def _check_index_shapes(shapes: Sequence[tuple[int, ...]]) -> None:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise IndexShapeError(
            f"index arrays of shapes {', '.join(map(str, shapes))} do not broadcast to one shape"
        ) from None


def _check_mask(mask: np.ndarray, axis: int, shape: tuple[int, ...]) -> None:
    covered = shape[axis : axis + mask.ndim]
    if mask.shape != covered:
        raise OutsideError(
            f"a mask of shape {mask.shape} does not fit the axes of shape {covered} "
            f"from axis {axis} on"
        )
