"""Conversion between sparse arrays and records, which files and pickles hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from numparam import formats
from numparam.base import MXNetError
from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.sparse.parts import Parts

if TYPE_CHECKING:
    from numparam.ndarray.sparse.array import BaseSparseNDArray

__all__ = ["parts_of", "record_of", "stype_of"]


def record_of(array: BaseSparseNDArray) -> formats.Record:
    """Return the record of a sparse array; it shares memory with an array on the host.

    Raises
    ------
    SparseFormatError
        If the ids are out of range, out of order or repeated: an MXNetError and an IndexError.
    """
    backend = array._backend
    where = (array._ctx.device_typeid, array._ctx.device_id)
    parts = array._checked()
    data, indices = _on_host(backend, parts.data), _on_host(backend, parts.indices)
    if parts.indptr is None:
        return formats.RowSparseRecord(array.shape, data, indices, *where)
    indptr = _on_host(backend, parts.indptr)
    return formats.CSRRecord(array.shape, data, indptr, indices, *where)


def _on_host(backend: Backend, buffer: Buffer) -> np.ndarray:
    try:
        return backend.on_host(buffer)
    except MXNetError:  # the memory of another device
        return backend.download(buffer)


def stype_of(record: formats.Record) -> str:
    """Return the storage type of a record."""
    if isinstance(record, formats.RowSparseRecord):
        return "row_sparse"
    return "csr" if isinstance(record, formats.CSRRecord) else "default"


def parts_of(record: Any, backend: Backend) -> Parts:
    """Copy the contents of a RowSparseRecord or CSRRecord to a device."""
    data, indices = backend.upload(record.data), backend.upload(record.indices)
    if isinstance(record, formats.RowSparseRecord):
        return Parts(data, indices, valid=True)
    return Parts(data, indices, backend.upload(record.indptr))
