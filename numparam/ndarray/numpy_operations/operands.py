"""Operands of ``mx.np`` functions other than arrays, and the errors for unsupported ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.ndarray import kinds
from numparam.ndarray.quiet import quietly
from numparam.ndarray.values import as_host_array, is_array

if TYPE_CHECKING:
    from numparam.ndarray.numpy_array import ndarray

__all__ = ["array_beside", "is_numpy_array", "kind_error"]


def is_numpy_array(value: object) -> bool:
    """Return whether a value is an ``mx.np`` array."""
    return getattr(value, "_array_class", None) is kinds.numpy_array()


def array_beside(operand: Any, array: ndarray, name: str) -> Any:
    """Convert a list or NumPy array to an ``mx.np`` array on the context of another one.

    Parameters
    ----------
    operand : list, tuple, numpy.ndarray or object
        A list gets the dtype of `array`; a NumPy array keeps its own.
    array : ndarray
        The other operand.
    name : str
        The function, for messages.

    Returns
    -------
    ndarray
        Or NotImplemented for an operand that is neither.

    Raises
    ------
    TypeError
        For a classic array, a string or None.
    """
    if is_array(operand):
        raise kind_error(name, operand)
    if isinstance(operand, np.ndarray):
        host = as_host_array(operand, operand.dtype)
    elif isinstance(operand, (list, tuple)):
        host = quietly(as_host_array(operand, array.dtype).astype, array.dtype)
    elif isinstance(operand, str) or (operand is None and name not in ("equal", "not_equal")):
        raise TypeError(
            f"{name} takes mx.np arrays and numbers, not {type(operand).__name__} {operand!r}"
        )
    else:
        return NotImplemented
    backend = array._backend
    return array._array_class.from_buffer(backend.upload(host), array._ctx, backend)


def kind_error(name: str, array: Any) -> TypeError:
    """Return the error for an array that is not one of ``mx.np``."""
    if not is_array(array):
        hint = "; make one with mx.np.array(values)"
    elif array.stype == "default":
        hint = "; pass its as_np_ndarray(), which shares its memory"
    else:
        hint = f"; it is sparse ({array.stype}): convert with tostype('default').as_np_ndarray()"
    return TypeError(f"{name} takes mx.np arrays, not {type(array).__name__}{hint}")
