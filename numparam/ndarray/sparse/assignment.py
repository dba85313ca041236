"""The assignment ``array[:] = value`` for sparse arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.kernels._callers import warn_caller
from numparam.ndarray.indexing import WRITE
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import invoke
from numparam.ndarray.quiet import quietly
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.sparse.parts import Parts, all_row_ids, empty_parts
from numparam.ndarray.values import NUMBERS, as_host_array

__all__ = ["assign", "empty_out", "fill_all_rows"]


class ScalarAssignmentError(MXNetError, ValueError, TypeError):
    """A number was assigned to a csr matrix, which would become dense."""


def assign(array: BaseSparseNDArray, value: Any) -> None:
    """Replace all elements of a sparse array.

    Parameters
    ----------
    array : RowSparseNDArray or CSRNDArray
        What is written.
    value : NDArray, numpy.ndarray or number
        An array of its shape, dense or of its storage type, whose zeros are dropped if it is
        dense; or, for a row-sparse array, a number, with which all rows are stored.

    Raises
    ------
    TypeError
        If `value` is of the other sparse storage type, or none of these.
    ValueError
        For a number and a csr matrix.
    MXNetError
        If the shapes differ.
    """
    array._require_writable()
    if isinstance(value, np.ndarray):
        warn_caller(
            f"a NumPy array is written into a {array.stype} array: all of its elements are looked "
            "at. Making a sparse array of it once is faster",
            RuntimeWarning,
        )
        backend, dtype = array._backend, array._buffer.dtype
        host = quietly(as_host_array(value, dtype).astype, dtype)
        value = NDArray.from_buffer(backend.upload(host), array._ctx, backend)
    if isinstance(value, NDArray):
        if value.shape != array.shape:
            raise MXNetError(
                f"a value of shape {value.shape} does not fit into an array of shape {array.shape}"
            )
        if value is not array:
            invoke(WRITE, (array, value), {"key": None, "value": None}, out=array)
    elif isinstance(value, NUMBERS):
        if array.stype == "csr":
            raise ScalarAssignmentError(
                "a csr matrix of one number everywhere would be dense; write an array instead"
            )
        invoke(WRITE, (array,), {"key": None, "value": value}, out=array)
    else:
        raise TypeError(
            f"a {array.stype} array is written from an array or a number, not from "
            f"{type(value).__name__}; make an array with nd.array first"
        )


def fill_all_rows(array: BaseSparseNDArray, value: Any) -> None:
    """Fill every row of a row-sparse array with one number."""
    backend = array._backend
    dtype = array._buffer.dtype
    number = quietly(as_host_array(value, dtype).astype, dtype)
    data = backend.empty(array.shape, dtype)
    backend.write(data, number)
    array._adopt(Parts(data, all_row_ids(backend, array.shape[0]), valid=True))


def empty_out(out: NDArray) -> None:
    """Set an array to zero; a sparse one then stores nothing."""
    out._require_writable()
    if isinstance(out, BaseSparseNDArray):
        out._adopt(empty_parts(out.stype, out.shape, out._buffer.dtype, out._backend))
    else:
        out._backend.reset.zero([out._buffer])
