"""Conversion between dense and sparse arrays, and between contexts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.ndarray import kinds
from numparam.ndarray.converting import COPY, MOVE
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, Operation, sparse_rule
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.sparse.csr import CSRNDArray
from numparam.ndarray.sparse.errors import SparseArgumentError, StorageTypePairError
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.results import deliver
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.types.storage_types import storage_type_id

__all__ = ["csr_parts", "from_dense", "row_sparse_parts", "write_into"]


def from_dense(array: NDArray, stype: str) -> BaseSparseNDArray:
    """Convert a dense array to a sparse storage type, on its context.

    Parameters
    ----------
    array : NDArray
        Dense; with at least one dimension, for ``'csr'`` with two.
    stype : {'row_sparse', 'csr'}
        The storage type.

    Returns
    -------
    RowSparseNDArray or CSRNDArray
        It stores the rows, or the elements, that are not zero. −0.0 is zero, NaN is not.

    Raises
    ------
    ValueError
        If there is no such storage type, or the array has another number of dimensions.

    Examples
    --------
    >>> import numparam as mx
    >>> dense = mx.nd.array([[0, 0], [3, 4]])
    >>> mx.nd.sparse.from_dense(dense, "row_sparse").indices.asnumpy()
    array([1])
    """
    storage_type_id(stype)
    backend = array._backend
    if stype == "csr":
        parts = csr_parts(backend, array._buffer)
        return CSRNDArray.from_parts(array.shape, parts, array._ctx, backend)
    parts = row_sparse_parts(backend, array._buffer)
    return RowSparseNDArray.from_parts(array.shape, parts, array._ctx, backend)


@kinds.enter("convert")
def _convert(inputs: Sequence[NDArray], attributes: dict[str, Any], out: NDArray | None) -> NDArray:
    (array,) = inputs
    stype = attributes["stype"]
    storage_type_id(stype)
    if stype == array.stype:
        made = array.copy()
    elif not isinstance(array, BaseSparseNDArray):
        made = from_dense(array, stype)
    elif stype == "default":
        made = array._dense()
    else:
        raise StorageTypePairError(
            f"a {array.stype} array does not convert to {stype}; go through tostype('default')"
        )
    return deliver(OPERATIONS["cast_storage"], made, out)


@sparse_rule("cast_storage")
def _storage_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: Any) -> Any:
    return _convert(inputs, attributes, out)


def write_into(source: NDArray, target: NDArray) -> None:
    """Write an array into another one of its shape; at least one of them is sparse.

    Raises
    ------
    StorageTypePairError
        If they are of the two sparse storage types.
    """
    if not isinstance(source, BaseSparseNDArray):
        source = from_dense(source, target.stype)
    if target.stype not in ("default", source.stype):
        raise StorageTypePairError(
            f"a {source.stype} array cannot be written into a {target.stype} one; "
            "go through tostype('default')"
        )
    source._write_into(target)


@sparse_rule(MOVE.name)
def _move_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: Any) -> Any:
    (array,) = inputs
    return array._moved(attributes["ctx"], attributes.get("dtype") or array._buffer.dtype)


@sparse_rule(COPY.name)
def _copy_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: Any) -> Any:
    (array,) = inputs
    write_into(array, out)
    return out


def row_sparse_parts(backend: Backend, dense: Buffer) -> Parts:
    """Return the rows of a dense buffer that are not all zero."""
    if not dense.shape:
        raise SparseArgumentError("a row_sparse array needs rows, so at least one dimension")

    def nonzero_rows(array: np.ndarray) -> np.ndarray:
        rest = tuple(range(1, array.ndim))
        return np.flatnonzero((array != 0).any(axis=rest)).astype(np.int64)

    ids = backend.apply(nonzero_rows, dense)
    return Parts(backend.retain.gather(dense, ids), ids, valid=True)


def csr_parts(backend: Backend, dense: Buffer) -> Parts:
    """Return the elements of a dense buffer that are not zero."""
    if len(dense.shape) != 2:
        raise SparseArgumentError(
            f"a csr matrix has two dimensions; this array has the shape {tuple(dense.shape)}"
        )

    def nonzero_elements(array: np.ndarray) -> Any:
        rows, columns = np.nonzero(array)
        indptr = np.zeros(len(array) + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=len(array)), out=indptr[1:])
        return array[rows, columns], columns.astype(np.int64), indptr

    return Parts(*backend.apply(nonzero_elements, dense), valid=True)
