"""Reading and writing of parts of dense arrays by index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.base import MXNetError
from numparam.modes.np_mode import is_np_shape
from numparam.ndarray import keys
from numparam.ndarray.operations.invoke import invoke
from numparam.ndarray.operations.operation import (
    REQUIRED,
    Operation,
    evaluated,
    register,
)
from numparam.ndarray.operations.scattering import added_at, taken_at
from numparam.ndarray.quiet import quietly
from numparam.ndarray.values import host_value, own_memory

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["VIEW", "WRITE", "read", "row", "scalar_shape", "view", "write"]

_WHOLE = slice(None)


class ValueMisfitError(ValueError, MXNetError):
    """A value does not broadcast to the part that it is written to."""


def scalar_shape() -> tuple[int, ...]:
    """Return the shape of a single element that is read from a classic array."""
    return () if is_np_shape() else (1,)


# Reading


def view(array: NDArray, start: int, shape: tuple[int, ...]) -> Any:
    """Return the elements of an array from `start` on, in a shape; they share the memory."""
    return invoke(VIEW, (array,), {"start": start, "shape": shape})


def row(array: NDArray, position: int, scalar: tuple[int, ...] | None = None) -> Any:
    """Return the part at a position along the first axis; it shares the memory.

    Parameters
    ----------
    array : NDArray
        Dense.
    position : int
        The position; negative ones count from the end.
    scalar : tuple of int, optional
        The shape of the result if it is an element of a vector; `scalar_shape` if not given.

    Raises
    ------
    IndexError
        If there is no such position.
    """
    shape = array.shape
    if not shape:
        raise IndexError(keys.too_many(1, shape))
    start = keys.checked(position, 0, shape[0])
    if len(shape) == 1:
        return view(array, start, scalar_shape() if scalar is None else scalar)
    rest = shape[1:]
    return view(array, start * math.prod(rest), rest)


def read(array: NDArray, key: Any, scalar: tuple[int, ...] | None = None) -> Any:
    """Return the part of an array that a key selects.

    Parameters
    ----------
    array : NDArray
        Dense.
    key : int, slice, None, ``...``, array or tuple of these
        As in NumPy.
    scalar : tuple of int, optional
        The shape of the result where NumPy's is ``()``; `scalar_shape` if not given.

    Returns
    -------
    NDArray
        It shares the memory if what is selected is one piece of memory; else it is a copy.

    Raises
    ------
    IndexError
        If the key selects outside of the array.
    ValueError
        If an entry of the key is of a type that selects nothing.
    """
    shape = array.shape
    parts = keys.expanded(key, shape)
    if scalar is None:
        scalar = scalar_shape()
    if keys.is_advanced(parts):
        resolved, indexes = keys.resolved(parts, array)
        return invoke(_GATHER, (array, *indexes), {"key": resolved, "scalar": scalar})
    basic = keys.Basic(parts, shape)
    result_shape = basic.result_shape or scalar
    if basic.contiguous:
        return view(array, basic.start, result_shape)
    return invoke(_PART, (array,), {"index": basic.index, "shape": result_shape})


def _view(data: np.ndarray, *, start: int, shape: tuple[int, ...]) -> np.ndarray:
    return data.reshape(-1)[start : start + math.prod(shape)].reshape(shape)


def _view_vjp(cotangent: np.ndarray, *, data_shape: tuple[int, ...], start: int) -> np.ndarray:
    if cotangent.size == math.prod(data_shape):
        return cotangent.reshape(data_shape)
    rest = math.prod(data_shape) - start - cotangent.size
    before, behind = np.zeros(start, cotangent.dtype), np.zeros(rest, cotangent.dtype)
    return np.concatenate([before, cotangent.reshape(-1), behind]).reshape(data_shape)


#: The elements from ``start`` on, in ``shape``: all reshapes and contiguous parts.
VIEW = register(
    Operation(
        "_view",
        _view,
        inputs=("data",),
        attributes={"start": REQUIRED, "shape": REQUIRED},
        view=True,
        vjp=_view_vjp,
        summary="Return a piece of an array's memory in a shape.",
    )
)


def _part(data: np.ndarray, *, index: Any, shape: Any) -> np.ndarray:
    return data[index].reshape(shape)


def _part_vjp(cotangent: np.ndarray, *, data_shape: tuple[int, ...], index: Any) -> np.ndarray:
    return added_at(cotangent, index, data_shape)


def _gather(data: np.ndarray, *indexes: np.ndarray, key: Any, scalar: Any) -> np.ndarray:
    try:
        found = np.asarray(data[key.index(data.shape, indexes, check=False)])
    except IndexError:
        key.index(data.shape, indexes)  # which says what is out of range
        raise
    return found if found.ndim else found.reshape(scalar)


def _gather_vjp(
    cotangent: np.ndarray,
    *,
    data_shape: tuple[int, ...],
    indexes: Sequence[np.ndarray],
    key: Any,
) -> tuple[np.ndarray | None, ...]:
    index = key.index(data_shape, indexes)
    return added_at(cotangent, index, data_shape), *(None,) * len(indexes)


#: A copy of the part that the slices ``index`` select, in ``shape``.
_PART = register(
    Operation(
        "_part",
        _part,
        inputs=("data",),
        attributes={"index": REQUIRED, "shape": REQUIRED},
        kernel=evaluated(_part),
        vjp=_part_vjp,
        summary="Copy the part that slices select.",
    )
)

#: A copy of the elements that ``key`` selects; the inputs after the first are its index arrays.
_GATHER = register(
    Operation(
        "_gather",
        _gather,
        inputs=("data", "*indexes"),
        attributes={"key": REQUIRED, "scalar": REQUIRED},
        agree=False,
        kernel=evaluated(_gather),
        vjp=_gather_vjp,
        summary="Copy the elements that index arrays select.",
    )
)


# Writing


def write(array: NDArray, key: Any, value: Any) -> None:
    """Write a value into the part of an array that a key selects.

    Parameters
    ----------
    array : NDArray
        Dense.
    key : int, slice, None, ``...``, array or tuple of these
        As in NumPy.
    value : number, sequence, numpy.ndarray or NDArray
        It is converted to the dtype of the array and broadcast to the part. It may share memory
        with the array: the result is as if it had been copied first.

    Raises
    ------
    ValueError
        If the value does not broadcast, or the array must not be written.
    IndexError
        If the key selects outside of the array.
    TypeError
        If the value is not made of numbers.
    """
    array._require_writable()
    host, source = host_value(value, array)
    indexes: list[NDArray] = []
    if key is Ellipsis or (isinstance(key, slice) and key == _WHOLE):
        resolved = keys.Resolved((Ellipsis,)) if source is not None else None
    elif keys.is_advanced(parts := keys.expanded(key, array.shape)):
        # The ellipsis keeps a single element an array, which takes arrays of one element.
        resolved, indexes = keys.resolved([*parts, Ellipsis], array)
    else:
        resolved = keys.Resolved((*keys.Basic(parts, array.shape).key, Ellipsis))
    inputs = [array, *indexes] if source is None else [array, *indexes, source]
    invoke(WRITE, inputs, {"key": resolved, "value": host}, out=array)


def _write(inputs: Sequence[NDArray], attributes: dict[str, Any], out: Any) -> Any:
    key, value = attributes["key"], attributes["value"]
    array, *others = inputs
    if key is None:
        _fill(array, value)
        return out
    count = len(others) if value is not None else len(others) - 1

    def assign(target: np.ndarray, *given: np.ndarray) -> None:
        source = given[count] if value is None else value
        index = key.index(target.shape, given[:count])
        if source.dtype == target.dtype:
            _assign(target, index, source)
        else:
            quietly(_assign, target, index, source)

    array._backend.update(assign, array._memory, *(other._memory for other in others))
    return out


def _assign(target: np.ndarray, index: Any, source: np.ndarray) -> None:
    try:
        if source.dtype != target.dtype:
            source = source.astype(target.dtype)
        target[index] = own_memory(source, target) if source.ndim else source
    except ValueError as error:
        raise _misfit(source, np.shape(target[index]), target.shape) from error


def _fill(array: NDArray, value: np.ndarray) -> None:
    """Write a host value everywhere: that needs a transfer, but no computation on the device."""
    target = array._memory
    shape, dtype = target.shape, target.dtype
    host = value if value.dtype == dtype else quietly(value.astype, dtype)
    missing = host.ndim - len(shape)
    if missing > 0 and host.shape[:missing] == (1,) * missing:
        host = host.reshape(host.shape[missing:])
    if host.ndim:
        if host.shape != shape:
            try:
                host = np.broadcast_to(host, shape)
            except ValueError as error:
                raise _misfit(value, shape, shape) from error
        if isinstance(target, np.ndarray):
            host = own_memory(host, target)
    array._backend.write(target, host)


def _misfit(value: np.ndarray, part: tuple[int, ...], shape: tuple[int, ...]) -> ValueMisfitError:
    return ValueMisfitError(
        f"a value of shape {value.shape} does not fit into the part of shape {part} that the key "
        f"selects of an array of shape {shape}"
    )


def _written(*arrays: np.ndarray, **attributes: Any) -> np.ndarray:
    raise NotImplementedError("values are written into arrays, not computed")


def _write_vjp(
    cotangent: np.ndarray,
    *,
    arrays: Sequence[np.ndarray],
    key: Any,
    value: Any,
    needed: tuple[bool, ...],
) -> tuple[np.ndarray | None, ...]:
    indexes = arrays if value is not None else arrays[:-1]
    index = ... if key is None else key.index(cotangent.shape, indexes)
    rest = None
    if needed[0]:
        rest = np.array(cotangent)
        rest[index] = 0
    if value is not None:
        return rest, *(None,) * len(arrays)
    selected = np.shape(np.broadcast_to(0, cotangent.shape)[index])
    missing = arrays[-1].ndim - len(selected)  # axes of length 1 in front do not count
    part = taken_at(cotangent, index, (1,) * missing + selected)
    return rest, *(None,) * len(indexes), part


#: Write ``value``, or the last input, into the part ``key`` of ``out``, which is the first input.
#: The inputs between are the index arrays of the key; a key of None is the whole array.
WRITE = register(
    Operation(
        "_write",
        _written,
        inputs=("data", "*arrays"),
        attributes={"key": REQUIRED, "value": REQUIRED},
        agree=False,
        arrays=_write,
        vjp=_write_vjp,
        summary="Write into a part of an array.",
    )
)
