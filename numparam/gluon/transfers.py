"""Moving arrays between contexts: new arrays, copies, and writing in place.

Everything goes through the backends of the contexts. If the dtype stays and the source is in host
memory, no compiled kernel is needed, so that loading a checkpoint starts at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.context import Context
from numparam.devices.backend import Backend, Buffer
from numparam.devices.locks import ONE_STEP, exclusively
from numparam.devices.registry import backend_of
from numparam.modes.np_mode import is_np_array
from numparam.ndarray.creation import zeros
from numparam.ndarray.ndarray import AnyNDArray, NDArray
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.values import reachable

__all__ = [
    "all_row_ids",
    "all_rows",
    "array_class",
    "copied",
    "empty",
    "host_view",
    "in_storage",
    "overwrite",
    "write",
    "zeros_like",
]


def array_class() -> type[NDArray]:
    """Return the class of new arrays: that of ``mx.np`` where NumPy arrays are on."""
    if not is_np_array():
        return NDArray
    # Late: numparam.numpy is large, and not needed where NumPy arrays are off.
    from numparam import numpy as mx_numpy

    return mx_numpy.ndarray


def empty(shape: tuple[int, ...], dtype: np.dtype, ctx: Context, cls: type[NDArray]) -> NDArray:
    """Allocate a dense array without setting its elements."""
    backend = backend_of(ctx.device_type, ctx.device_id)
    return cls.from_buffer(backend.empty(shape, dtype), ctx, backend)


def zeros_like(array: Any, stype: str) -> NDArray:
    """Make an array of zeros of an array's shape, dtype and context.

    Parameters
    ----------
    array : NDArray, RowSparseNDArray or CSRNDArray
        Where shape, dtype and context are taken from, and if it is dense, the class.
    stype : {'default', 'row_sparse', 'csr'}
        The storage type; sparse arrays store nothing.

    Returns
    -------
    NDArray, RowSparseNDArray or CSRNDArray
        The new array.
    """
    if stype == "default" == array.stype:
        backend, buffer = array._backend, array._buffer
        return array.from_buffer(backend.zeros(buffer.shape, buffer.dtype), array._ctx, backend)
    return zeros(array.shape, array.context, array.dtype, stype)


def host_view(array: NDArray) -> np.ndarray | None:
    """Return the host array that shares a dense array's memory, or None."""
    try:
        return array._backend.on_host(array._buffer)
    except MXNetError:
        return None


def copied(array: AnyNDArray, ctx: Context) -> AnyNDArray:
    """Copy an array of any storage type to a context, which may be its own."""
    if array.stype != "default":
        return array.copyto(ctx)
    backend = backend_of(ctx.device_type, ctx.device_id)
    host = host_view(array)
    if host is not None:
        buffer = backend.upload(host)
    elif backend is array._backend:
        buffer = backend.copied(array._buffer)
    else:
        buffer = backend.fetched(array._buffer, array._backend)
    return type(array).from_buffer(buffer, ctx, backend)


def write(target: NDArray, source: Any) -> None:
    """Write all elements of an array into a dense one of the same shape, in place.

    Parameters
    ----------
    target : NDArray
        Dense; keeps its memory and its dtype.
    source : NDArray or numpy.ndarray
        Dense, of any dtype, on any context.
    """
    target._require_writable()
    backend, buffer = target._backend, target._buffer
    from_host = isinstance(source, np.ndarray)
    host = source if from_host else host_view(source)
    if host is not None and host.dtype == buffer.dtype:
        if buffer.size <= ONE_STEP:
            backend.write(buffer, host)
        else:
            exclusively(lambda: backend.write(buffer, host), buffer, host)
        return
    given = backend.upload(source) if from_host else _buffer_for(source, target)
    if given is not buffer:
        backend.convert_into(given, buffer)


def overwrite(target: Any, source: Any) -> None:
    """Write an array into one of the same storage type; a sparse one gets new parts."""
    if target.stype == "default":
        write(target, source)
    else:
        target._adopt(copied(source, target.context)._parts)


def _buffer_for(source: NDArray, target: NDArray) -> Buffer:
    """Return the source's buffer, or a copy of it where the target's kernels can read it."""
    if reachable(source, target):
        return source._buffer
    return target._backend.fetched(source._buffer, source._backend)


def in_storage(array: Any, stype: str) -> NDArray:
    """Convert an array to a storage type; row-sparse results store all rows. It may be returned."""
    if stype == "row_sparse":
        return all_rows(array)
    return array if array.stype == stype else array.as_nd_ndarray().tostype(stype)


def all_row_ids(backend: Backend, count: int) -> Buffer:
    """Make the ids of all rows."""
    return backend.upload(np.arange(count, dtype=np.int64))


def all_rows(array: Any) -> RowSparseNDArray:
    """Return a row-sparse array that stores every row of an array, including zeros.

    Parameters
    ----------
    array : RowSparseNDArray or NDArray
        A dense array becomes the rows, without a copy.

    Returns
    -------
    RowSparseNDArray
        On the same context; it shares memory with a dense `array`.
    """
    backend, shape = array._backend, array.shape
    everything = all_row_ids(backend, shape[0])
    if array.stype == "default":
        rows = array._buffer
    else:
        parts = array._checked()
        if parts.indices.shape[0] == shape[0]:
            return array
        rows = backend.retain.retain(parts.indices, parts.data, everything, rows=shape[0])
    return RowSparseNDArray.from_parts(shape, Parts(rows, everything, valid=True), array._ctx)
