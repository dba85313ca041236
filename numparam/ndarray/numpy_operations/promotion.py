"""The dtypes of the results of ``mx.np``."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.base import mx_real_t
from numparam.types.dtypes import bfloat16

__all__ = ["PROMOTED", "is_floating", "promoted", "with_fractions"]

DType = np.dtype[Any]

#: What texts say of results whose dtype `promoted` chooses.
PROMOTED = "Of one dtype for all: the floating one, if one is, else the wider one."


def is_floating(dtype: DType) -> bool:
    """Return whether a dtype is a floating-point one, bfloat16 included."""
    return dtype.kind == "f" or dtype == bfloat16


def promoted(first: DType, second: DType) -> DType:
    """Return the dtype in which two arrays are computed.

    The floating one, if one is: an int32 and a float32 array give float32, where NumPy gives
    float64. Of two floating ones the wider, of two integers NumPy's choice.

    Parameters
    ----------
    first, second : numpy.dtype
        The dtypes of the arrays.

    Returns
    -------
    numpy.dtype
        The common one.

    Notes
    -----
    These are MXNet's rules; where MXNet has no rule, as for int8 and uint8, it is NumPy's.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.ndarray.numpy_operations.promotion import promoted
    >>> promoted(np.dtype('int64'), np.dtype('float16'))
    dtype('float16')
    >>> promoted(np.dtype('int8'), np.dtype('uint8'))
    dtype('int16')
    """
    if first == second:
        return first
    if is_floating(first) != is_floating(second):
        return first if is_floating(first) else second
    if {first, second} == {bfloat16, np.dtype(np.float16)}:
        return np.dtype(np.float32)
    return np.promote_types(first, second)


def with_fractions(dtype: DType) -> DType:
    """Return the dtype of quotients, roots and means: float32 unless the input has fractions."""
    return dtype if is_floating(dtype) else np.dtype(mx_real_t)
