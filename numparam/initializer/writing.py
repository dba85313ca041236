"""Writing of values into arrays of any storage type.

Sparse arrays store all elements afterwards: a row-sparse parameter has all of its rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam import generator
from numparam.ndarray import random
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.parts import Parts
from numparam.types.dtypes import as_dtype

__all__ = ["FLOATS", "element_count", "write", "write_normal", "write_uniform"]

#: The dtypes that numbers can be drawn in.
FLOATS = frozenset(map(as_dtype, ("float16", "bfloat16", "float32", "float64")))


def element_count(array: NDArray) -> int:
    """Count all elements of an array, including those that a sparse one does not store."""
    return math.prod(array.shape)


def write(array: NDArray, value: Any) -> None:
    """Write a number, or an array that broadcasts to the array's shape.

    Parameters
    ----------
    array : NDArray, RowSparseNDArray or CSRNDArray
        What is written.
    value : number, sequence, numpy.ndarray or NDArray
        The values; a sparse array becomes dense.

    Raises
    ------
    ValueError
        If it does not stretch to the shape.
    """
    array._require_writable()
    if array.stype == "default":
        if type(value) is int and 0 <= value <= 127:  # which every dtype holds
            array._backend.write(array._buffer, value)
        else:
            _assign(array, value)
        return
    target = _dense_like(array)
    _assign(target, value)
    if array.stype == "row_sparse":
        _store_all_rows(array, target)
    else:
        target.copyto(array)


def _assign(target: NDArray, value: Any) -> None:
    if isinstance(value, NDArray):
        if value.stype != "default":
            value = value.tostype("default")
        # Arrays of numparam.np take their own kind only, and so do those of numparam.nd.
        value = value._as_class(target._array_class)
    target[:] = value


def _dense_like(array: NDArray) -> NDArray:
    backend = array._backend
    buffer = backend.empty(array.shape, array._buffer.dtype)
    return NDArray.from_buffer(buffer, array._ctx, backend)


def _store_all_rows(array: Any, dense: NDArray) -> None:
    """Store every row, including zeros, which copying a dense array would drop."""
    ids = array._backend.upload(np.arange(array.shape[0], dtype=np.int64))
    array._adopt(Parts(dense._buffer, ids, valid=True))


def write_uniform(array: NDArray, bound: float) -> None:
    """Write numbers of the process's generator, uniform between minus and plus a bound.

    Parameters
    ----------
    array : NDArray, RowSparseNDArray or CSRNDArray
        Of a floating-point dtype.
    bound : float
        The bound; its sign does not matter.

    Raises
    ------
    MXNetError
        If the dtype is not a floating-point one; also a TypeError.
    """
    high = abs(bound)
    if array.stype == "default" and array._buffer.dtype in FLOATS:
        # Thousands of small parameters: what `random.uniform` checks besides takes longer than
        # filling one.
        array._require_writable()
        try:
            generator.fill_uniform(array._backend, array._buffer, -high, high)
        except (TypeError, ValueError) as error:
            raise random.DistributionError(str(error)) from error
        return
    random.uniform(-high, high, out=array)


def write_normal(array: NDArray, sigma: float) -> None:
    """Write numbers of the process's generator, normal with mean 0.

    Parameters
    ----------
    array : NDArray, RowSparseNDArray or CSRNDArray
        Of a floating-point dtype.
    sigma : float
        The standard deviation; its sign does not matter.

    Raises
    ------
    MXNetError
        If the dtype is not a floating-point one; also a TypeError.
    """
    random.normal(0, abs(sigma), out=array)
