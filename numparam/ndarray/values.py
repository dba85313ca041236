"""Conversion of values that are written into arrays: numbers, lists and arrays."""

from __future__ import annotations

from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.ndarray.foreign import host_array, is_foreign
from numparam.ndarray.quiet import quietly
from numparam.types.device_types import HOST_TYPES
from numparam.types.dtypes import FLAG_BY_DTYPE, bfloat16

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = [
    "NUMBERS",
    "as_host_array",
    "host_value",
    "is_array",
    "own_memory",
    "reachable",
]

#: The types of numbers that may stand beside an array.
NUMBERS = (bool, int, float, np.number, np.bool_)


def is_array(value: object) -> bool:
    """Return whether a value is an array of numparam, of any class and storage type."""
    return hasattr(value, "_array_class")


def own_memory(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return a source that can be written into `target`: a copy if their memory overlaps.

    NumPy's own assignment gives wrong values for some overlapping arrays, such as in
    ``a[3:9] = a[2:14:2]``.
    """
    return source.copy() if np.may_share_memory(source, target) else source


def reachable(source: NDArray, target: NDArray) -> bool:
    """Return whether the kernels of one array's device can read the memory of another array."""
    if source._backend is target._backend or source._ctx == target._ctx:
        return True
    both = {source._ctx.device_type, target._ctx.device_type}
    return both <= HOST_TYPES and source._backend.name == target._backend.name


def host_value(value: Any, target: NDArray) -> tuple[np.ndarray | None, NDArray | None]:
    """Convert a value for writing it into an array.

    Parameters
    ----------
    value : number, sequence, NDArray or array of another library
        What is written.
    target : NDArray
        The array it is written into.

    Returns
    -------
    host : numpy.ndarray or None
        The value in host memory, unless it is an array of a context.
    array : NDArray or None
        The value on the context of `target`, if it is an array of a context.

    Raises
    ------
    TypeError
        If it cannot be an array of numbers.
    """
    if not is_array(value):
        return as_host_array(value, target._memory.dtype), None
    if value.stype != "default":
        raise TypeError(
            f"a {value.stype} array cannot be written into a dense one; "
            "convert it with tostype('default') first"
        )
    if value._array_class is not target._array_class:
        raise TypeError(
            "classic and mx.np arrays do not mix; write as_nd_ndarray() or as_np_ndarray() of the "
            "value, which shares its memory"
        )
    return None, value if reachable(value, target) else value.copyto(target._ctx)


def as_host_array(value: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """Return numbers as a host array; arrays of any library keep their dtype if we have it.

    Parameters
    ----------
    value : number, sequence, numpy.ndarray or array of another library
        A list may hold arrays of other libraries, of one shape.
    dtype : numpy.dtype
        That of a number.

    Returns
    -------
    numpy.ndarray
        It may share the value's memory, and must not be written.

    Raises
    ------
    TypeError
        If `value` is not made of numbers.
    """
    if isinstance(value, np.ndarray):
        if value.dtype in FLAG_BY_DTYPE:  # as mostly
            return value
        array = value
    elif isinstance(value, NUMBERS):
        return _number(value, dtype)
    elif is_foreign(value):
        array = host_array(value)
    else:
        array = _of_sequence(value)
    if array.dtype == object and all(isinstance(one, (*NUMBERS, Number)) for one in array.flat):
        try:
            array = array.astype(np.float64)  # integers beyond 64 bits and fractions are among them
        except (OverflowError, TypeError) as error:
            raise TypeError(f"{_not_numbers(value)}: {error}") from error
    kind = array.dtype
    if kind.names == ("bfloat16",):
        return array.view(bfloat16)
    if kind.kind not in "biufV" or kind.type is np.void:
        raise TypeError(_not_numbers(value))
    if kind.newbyteorder("=") not in FLAG_BY_DTYPE:  # of 80 or 128 bits, or of 8 and fewer
        return quietly(array.astype, np.float64 if kind.itemsize > 8 else np.float32)
    return array


def _of_sequence(value: Any) -> np.ndarray:
    if value is None or isinstance(value, (str, bytes, dict, set)):
        raise TypeError(_not_numbers(value))
    if isinstance(value, (list, tuple, range)):
        if any(map(is_array, value)):
            raise TypeError(
                "a list of arrays is not an array; join them with nd.stack or nd.concat first"
            )
        if value and is_foreign(value[0]):
            value = [host_array(one) if is_foreign(one) else one for one in value]
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError, RuntimeError) as error:
        raise TypeError(f"{_not_numbers(value)}: {error}") from error


def _number(value: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """Return a number as an array, converted as C does, so that no number is too large."""
    if type(value) is int and 0 <= value <= 127:  # which every dtype holds
        return np.array(value, dtype)
    try:
        return quietly(np.asarray(value).astype, dtype)
    except TypeError:  # an int beyond 64 bits is an object to NumPy
        return quietly(np.asarray(float(value)).astype, dtype)


def _not_numbers(value: Any) -> str:
    given = type(value).__name__
    if isinstance(value, np.ndarray):
        given = f"an ndarray of dtype {value.dtype}"
    elif is_foreign(value):
        given = f"a {given} of dtype {getattr(value, 'dtype', None)}"
    elif isinstance(value, (list, tuple)):
        other = next((one for one in value if not isinstance(one, (*NUMBERS, list, tuple))), None)
        if other is not None:
            given = f"a {given} that holds {other!r:.100}"
    return f"expected a number, a list of numbers or an array, not {given}"
