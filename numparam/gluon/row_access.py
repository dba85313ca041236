"""Reading and writing of rows of dense or row-sparse parameters by their ids."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam import autograd
from numparam.context import Context
from numparam.devices.backend import Backend, Buffer
from numparam.devices.locks import exclusively
from numparam.formats.quoting import quoted
from numparam.gluon import checks, replicas, rows, transfers
from numparam.gluon.errors import (
    ParameterStorageError,
    RowIdRangeError,
    RowIdValueError,
    ShapeMismatchError,
    SparseRowIdError,
)
from numparam.gluon.interface import ParameterLike
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.parts import Parts

__all__ = ["add", "read", "write"]


def read(parameter: ParameterLike, ids: Any, ctx: Context | None) -> NDArray:
    """Return rows of one copy; see `Parameter.rows`."""
    _require_rows(parameter)
    state = parameter._state
    array = parameter._check_and_get(state.data, ctx)
    numbers = _as_ids(parameter, ids)
    backend = array._backend
    held = _with_all_rows(array)
    places = _ids_on(backend, numbers)
    found = exclusively(lambda: _checked(parameter, backend.retain.gather, held, places), held)
    shape = (*numbers.shape, *array.shape[1:])
    cls = transfers.array_class() if array.stype == "row_sparse" else type(array)
    return cls.from_buffer(backend.view(found, 0, shape), array.context, backend)


def write(parameter: ParameterLike, ids: Any, values: Any, ctx: Context | None) -> None:
    """Write rows of all copies, or of one; see `Parameter.set_rows`."""
    _change(parameter, ids, values, ctx, adding=False)


def add(parameter: ParameterLike, ids: Any, values: Any, ctx: Context | None) -> None:
    """Add to rows of all copies, or of one; see `Parameter.add_rows`."""
    _change(parameter, ids, values, ctx, adding=True)


def _change(
    parameter: ParameterLike, ids: Any, values: Any, ctx: Context | None, adding: bool
) -> None:
    _require_rows(parameter)
    state = parameter._state
    if ctx is None:
        arrays = list(parameter._check_and_get(state.data, list))
    else:
        arrays = [parameter._check_and_get(state.data, ctx)]
    numbers = _as_ids(parameter, ids)
    given = _as_rows(parameter, values, (*numbers.shape, *arrays[0].shape[1:]))
    for array in arrays:
        array._require_writable()
    with autograd.pause():
        # All that can fail comes before the first write: ids are the same for all copies.
        prepared = []
        for array in arrays:
            backend = array._backend
            if adding:
                _ = backend.merge  # a device without this operation raises here
            places = _ids_on(backend, numbers)
            _checked(parameter, backend.retain.unique_ids, places, array.shape[0])
            prepared.append((array, places, _rows_on(array, given, places.shape[0])))
        if parameter._stype != "default":
            rows.before_writing(parameter)
        for array, places, changed in prepared:
            _commit(array, places, changed, adding)


def _commit(array: Any, places: Buffer, changed: Buffer, adding: bool) -> None:
    backend = array._backend
    target = _with_all_rows(array)
    change = backend.retain.add_rows if adding else backend.retain.scatter
    exclusively(lambda: change(target, places, changed), target)
    if array.stype != "default" and target is not array._parts.data:
        everything = transfers.all_row_ids(backend, array.shape[0])
        array._adopt(Parts(target, everything, valid=True))


def _with_all_rows(array: Any) -> Buffer:
    """Return a buffer of all rows: the array's own, or a new one if it does not store all."""
    if array.stype == "default":
        return array._buffer
    parts = array._checked()
    if parts.indices.shape[0] == array.shape[0]:
        return parts.data
    return transfers.all_rows(array)._parts.data


def _require_rows(parameter: ParameterLike) -> None:
    if parameter._stype == "csr":
        raise ParameterStorageError(
            f"Parameter {quoted(parameter.name)} has storage type 'csr', whose rows cannot be read "
            "or written one by one. Use set_data to write all of it."
        )
    if parameter._state.data is None:
        raise replicas.no_arrays(parameter)
    if not parameter._state.data[0].shape:
        raise RowIdValueError(
            f"Parameter {quoted(parameter.name)} is a scalar and has no rows. Read it with data(), "
            "and write it with set_data."
        )


def _as_ids(parameter: ParameterLike, ids: Any) -> Any:
    """Return row ids as a dense NDArray or a NumPy array."""
    if isinstance(ids, NDArray):
        if ids.stype != "default":
            raise SparseRowIdError(
                f"Parameter {quoted(parameter.name)}: row ids must be a dense array; got a "
                f"{ids.stype} one."
            )
        return ids
    numbers = np.asarray(ids)
    return numbers.astype(np.int64) if numbers.size == 0 else numbers


def _as_rows(parameter: ParameterLike, values: Any, shape: tuple[int, ...]) -> Any:
    if not hasattr(values, "shape"):
        values = checks.as_numbers(values, parameter.name)
    given = checks.as_array(values, parameter.name)
    if tuple(given.shape) != shape:
        raise ShapeMismatchError(
            f"Parameter {quoted(parameter.name)}: rows of these ids must have shape {shape}; got "
            f"{tuple(given.shape)}."
        )
    if isinstance(given, NDArray) and given.stype != "default":
        return given.tostype("default")
    return given


def _ids_on(backend: Backend, numbers: Any) -> Buffer:
    buffer = _on(backend, numbers)
    return backend.view(buffer, 0, (buffer.size,))


def _rows_on(array: Any, values: Any, count: int) -> Buffer:
    """Return rows of an array's dtype on its device, in memory that it does not share."""
    backend = array._backend
    dtype = array._buffer.dtype
    buffer = _on(backend, values)
    buffer = backend.converted(buffer, dtype) if buffer.dtype != dtype else buffer
    return backend.view(buffer, 0, (count, *array.shape[1:]))


def _on(backend: Backend, values: Any) -> Buffer:
    """Copy values to a device."""
    if not isinstance(values, NDArray):
        return backend.upload(np.ascontiguousarray(values))
    if values._backend is backend:
        return backend.copied(values._buffer)
    return backend.fetched(values._buffer, values._backend)


def _checked(parameter: ParameterLike, kernel: Any, *operands: Any) -> Any:
    """Call a kernel that checks row ids, and name the parameter in its errors."""
    try:
        return kernel(*operands)
    except IndexError as error:
        raise RowIdRangeError(f"Parameter {quoted(parameter.name)}: {error}.") from error
    except (TypeError, ValueError) as error:
        raise RowIdValueError(f"Parameter {quoted(parameter.name)}: {error}.") from error
