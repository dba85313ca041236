"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.numpy_operations.operands import array_beside, is_numpy_array
from numparam.ndarray.numpy_operations.promotion import PROMOTED, promoted, with_fractions
from numparam.ndarray.operations.binary import BinaryFunction
from numparam.ndarray.operations.operation import OPERATIONS, operation

__all__ = ["MATMUL"]

Array = np.ndarray


def _alike(a: Array, b: Array) -> tuple[Array, Array]:
    dtype = promoted(a.dtype, b.dtype)
    return a.astype(dtype, copy=False), b.astype(dtype, copy=False)


@operation("_np_dot", dtype="computed", agree=False, result=PROMOTED)
def _dot(a: Array, b: Array) -> Array:
    """Sum products over the last axis of one array and the last but one of the other."""
    return np.asarray(np.dot(*_alike(a, b)))


@operation("_np_matmul", dtype="computed", agree=False, result=PROMOTED)
def _matmul(a: Array, b: Array) -> Array:
    """Multiply matrices; leading axes broadcast."""
    return np.asarray(np.matmul(*_alike(a, b)))


#: What ``@`` computes.
MATMUL = BinaryFunction(
    "matmul", OPERATIONS["_np_matmul"], None, None, is_numpy_array, array_beside
)


@operation("_np_tensordot", dtype="computed", agree=False, result=PROMOTED)
def _tensordot(a: Array, b: Array, *, axes: Any = 2) -> Array:
    """Sum products over the given axes of both arrays."""
    return np.asarray(np.tensordot(*_alike(a, b), axes=axes))


@operation("_np_outer", dtype="computed", agree=False, result=PROMOTED)
def _outer(a: Array, b: Array) -> Array:
    """Multiply each element of one array with each of the other."""
    return np.outer(*_alike(a, b))


@operation("_np_linalg_norm", dtype="computed", result="Of the dtype of ``a``, or float32.")
def _norm(a: Array, *, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """Compute a norm of vectors or matrices."""
    result = with_fractions(a.dtype)
    values = a.astype(np.float64)
    if axis is None and ord is not None and a.ndim > 1:
        axis = (a.ndim - 2, a.ndim - 1)
    elif isinstance(axis, (tuple, list)):
        axis = int(axis[0]) if len(axis) == 1 else tuple(map(int, axis))
    if isinstance(axis, int) and ord == "fro":
        ord = None
    with np.errstate(all="ignore"):  # 0 to a negative power, and what is too large for float16
        return np.asarray(np.linalg.norm(values, ord, axis, keepdims)).astype(result)
