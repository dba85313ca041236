"""Which dtype the results of ``mx.np`` have."""

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
    """Check whether the dtype holds fractions: float16, bfloat16, float32 or float64."""
    return dtype.kind == "f" or dtype == bfloat16


def promoted(first: DType, second: DType) -> DType:
    """Choose the dtype that two arrays are computed in.

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
    """Choose the dtype of quotients, roots and means: floating dtypes stay, others give float32."""
    return dtype if is_floating(dtype) else np.dtype(mx_real_t)
