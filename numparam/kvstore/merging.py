"""Sums of arrays over contexts, and copies to contexts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from numparam.context import Context
from numparam.devices.backend import Backend, Buffer
from numparam.kvstore.errors import RowIdRangeError, ValueMismatchError
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.values import reachable

__all__ = ["copy_all", "total", "total_dense"]


def total(values: Sequence[Any], where: Any = None, out: NDArray | None = None) -> NDArray:
    """Return the sum of arrays of one shape, dtype and storage type.

    Parameters
    ----------
    values : sequence of NDArray or RowSparseNDArray
        At least one, on any contexts.
    where : NDArray, optional
        An array on the context of the sum; the first value if not given.
    out : NDArray, optional
        A dense array on that context for the sum of several dense values.

    Returns
    -------
    NDArray or RowSparseNDArray
        A single value on that context is returned itself. Sums are wider than the values and round
        once; MXNet rounds at each addition.

    Raises
    ------
    ValueMismatchError
        If the values do not fit each other: a ValueError and an MXNetError.
    RowIdRangeError
        If a row is out of range: an IndexError and an MXNetError.
    """
    first = values[0]
    place = first if where is None else where
    _check_alike(values)
    context, backend = place.context, place._backend
    if first.stype == "row_sparse":
        return _total_rows(values, context, backend)
    if len(values) == 1:
        return first if first.context == context else first.copyto(context)
    buffers = [_near(value, place) for value in values]
    if out is None:
        return type(first).from_buffer(backend.average.add_n(buffers), context, backend)
    backend.average.add_n(buffers, out=out._buffer)
    return out


def total_dense(columns: Sequence[Sequence[NDArray]], outs: Sequence[NDArray]) -> None:
    """Sum the values of many dense arrays: in one call for each device, number and dtype of values.

    Parameters
    ----------
    columns : sequence of sequence of NDArray
        For each array its values, on any contexts.
    outs : sequence of NDArray
        What gets the sums: an array of its own each, or the first value.

    Raises
    ------
    ValueMismatchError
        If the values do not fit each other: a ValueError and an MXNetError. Then no sum is made.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    alone = []
    for position, (values, out) in enumerate(zip(columns, outs, strict=True)):
        _check_alike(values)
        near = all(reachable(value, out) for value in values)
        if near and hasattr(out._backend, "average_many"):  # an attribute for each operation
            groups.setdefault((id(out._backend), len(values)), []).append(position)
        else:
            alone.append(position)
    for positions in groups.values():
        buffers = [[value._buffer for value in columns[position]] for position in positions]
        targets = [outs[position]._buffer for position in positions]
        try:
            outs[positions[0]]._backend.average_many.add_n(
                list(zip(*buffers, strict=True)), targets
            )
        except ValueError:  # some share memory, as tied parameters do
            alone += positions
    for position in alone:
        total(columns[position], outs[position], outs[position])


def _check_alike(values: Sequence[Any]) -> None:
    first = values[0]
    for value in values:
        alike = value.stype == first.stype and value.shape == first.shape
        if not alike or value.dtype != first.dtype or value.stype == "csr":
            raise ValueMismatchError(
                "values that are summed must be dense or row_sparse arrays of one shape and "
                f"dtype; got {_described(first)} and {_described(value)}"
            )


def _total_rows(values: Sequence[Any], context: Context, backend: Backend) -> NDArray:
    first = values[0]
    near = [one if one._backend is backend else one.copyto(context) for one in values]
    if len(near) == 1 and near[0].context == context and near[0]._parts.valid:
        return near[0]
    parts = [one._parts for one in near]  # read once: a backward pass elsewhere replaces them
    try:
        ids, rows = backend.merge.merge(
            [part.indices for part in parts], [part.data for part in parts], rows=first.shape[0]
        )
    except IndexError as error:
        raise RowIdRangeError(f"a row_sparse value of {_described(first)}: {error}") from error
    return RowSparseNDArray.from_parts(first.shape, Parts(rows, ids, valid=True), context, backend)


def _near(value: NDArray, place: NDArray) -> Buffer:
    """Return a value's memory, or a copy that the kernels of a device can read."""
    if reachable(value, place):
        return value._buffer
    return place._backend.fetched(value._buffer, value._backend)


def copy_all(pairs: Iterable[tuple[NDArray, NDArray]]) -> None:
    """Copy the first array of each pair into the second, of any context, dtype and storage type.

    Dense arrays of one device and dtype are copied in one call into compiled code. Where targets
    share memory, as in MXNet's ``pull(keys, [out] * 3)``, the last copy stays.

    Parameters
    ----------
    pairs : iterable of tuple of NDArray
        Source and target.

    Raises
    ------
    ValueMismatchError
        If shapes differ: a ValueError and an MXNetError. Then nothing is copied.
    """
    checked = [(source, target) for source, target in pairs if source is not target]
    for source, target in checked:
        if source.shape != target.shape:
            raise ValueMismatchError(
                f"the value is {_described(source)}; it cannot be copied into {_described(target)}"
            )
        target._require_writable()
    groups: dict[int, tuple[Backend, list[Buffer], list[Buffer]]] = {}
    for source, target in checked:
        plain = source.stype == "default" == target.stype and source.dtype == target.dtype
        if not plain or not reachable(source, target):
            _classic(source).copyto(_classic(target))
        elif source._buffer is not target._buffer:
            backend = target._backend
            _, targets, sources = groups.setdefault(id(backend), (backend, [], []))
            targets.append(target._buffer)
            sources.append(source._buffer)
    for backend, targets, sources in groups.values():
        try:
            backend.accumulate.assign(targets, sources)
        except ValueError:  # some targets share memory: the last one written stays
            for one, other in zip(targets, sources, strict=True):
                backend.accumulate.assign([one], [other])


def _classic(array: NDArray) -> NDArray:
    return array if array.stype != "default" else array.as_nd_ndarray()


def _described(array: NDArray) -> str:
    return f"{array.stype} {np.dtype(array.dtype).name}{tuple(array.shape)}"
