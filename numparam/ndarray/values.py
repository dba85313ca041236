"""Values on the way into an array: numbers, lists, NumPy arrays, and arrays of any context."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Buffer

__all__ = ["as_host_array", "host_value", "reachable"]

# Contexts whose arrays share one memory.
_HOST_TYPES = frozenset({"cpu", "cpu_pinned", "cpu_shared"})
_NOTHING = np.empty(())


def reachable(source: Any, target: Any) -> bool:
    """Whether the memory of one array can be read by the kernels of another one's device."""
    if source._backend is target._backend or source._ctx == target._ctx:
        return True
    both = {source._ctx.device_type, target._ctx.device_type}
    return both <= _HOST_TYPES and source._backend.name == target._backend.name


def host_value(value: Any, target: Any) -> tuple[np.ndarray, tuple[Buffer, ...]]:
    """Prepare a value that is written into an array.

    Parameters
    ----------
    value : number, sequence, numpy.ndarray, NDArray or object with ``__array__``
        What is written.
    target : NDArray
        The array it is written into.

    Returns
    -------
    value : numpy.ndarray
        The value in host memory, if it is not on a device.
    buffers : tuple
        One buffer of the array's backend that holds the value, or nothing.

    Raises
    ------
    TypeError
        If it cannot be an array of numbers.
    """
    if not hasattr(value, "_buffer"):
        return as_host_array(value, target._buffer.dtype), ()
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
    if reachable(value, target):
        return _NOTHING, (value._buffer,)
    return _NOTHING, (target._backend.upload(value._backend.download(value._buffer)),)


def as_host_array(value: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """Read numbers into a host array of some dtype; NumPy arrays keep theirs.

    Raises
    ------
    TypeError
        If `value` is not made of numbers.
    """
    if isinstance(value, np.ndarray):
        array = value
    elif isinstance(value, (bool, int, float, np.number, np.bool_)):
        return _number(value, dtype)
    else:
        if value is None or isinstance(value, (str, bytes, dict, set)):
            raise TypeError(_not_numbers(value))
        if isinstance(value, (list, tuple, range)) and any(map(_is_device_array, value)):
            raise TypeError(
                "a list of arrays is no array; join them with nd.stack or nd.concat first"
            )
        try:
            array = np.asarray(value)
            if array.dtype == object and all(isinstance(one, (int, float)) for one in array.flat):
                array = array.astype(np.float64)  # integers beyond 64 bits are among them
        except (ValueError, TypeError, OverflowError) as error:
            raise TypeError(f"{_not_numbers(value)}: {error}") from error
    if array.dtype.kind not in "biufV" or array.dtype.names not in (None, ("bfloat16",)):
        raise TypeError(_not_numbers(value))
    if array.dtype.names is not None:
        from numparam.types.dtypes import bfloat16

        array = array.view(bfloat16)
    return array


def _number(value: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """One number, converted as C converts it, so that none is too large."""
    with np.errstate(all="ignore"):
        try:
            return np.asarray(value).astype(dtype)
        except TypeError:  # an int beyond 64 bits is an object to NumPy
            return np.asarray(float(value)).astype(dtype)


def _is_device_array(value: object) -> bool:
    return hasattr(value, "_buffer")


def _not_numbers(value: Any) -> str:
    return f"expected a number, a list of numbers or an array, not {type(value).__name__}"
