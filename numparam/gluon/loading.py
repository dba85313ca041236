"""Loading values into parameters: what fits is found out first, then everything is written.

Values come from arrays in memory or straight from a file, whose headers tell shape, dtype and
storage type before a value is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from numparam import autograd
from numparam.context import Context
from numparam.devices.backend import Backend
from numparam.devices.locks import turn
from numparam.devices.registry import backend_of
from numparam.formats import CSRRecord, ParamsReader, RecordHeader, RowSparseRecord
from numparam.gluon import contexts, shape_rules, transfers
from numparam.gluon.errors import IncompatibleDataError, ShapeMismatchError
from numparam.gluon.overriding import is_overridden
from numparam.ndarray.ndarray import NDArray
from numparam.types.dtypes import as_dtype, dtype_name

__all__ = ["ArraySource", "FileSource", "Plan", "ValueSource", "read_together"]


class ValueSource(Protocol):
    """Values of one array, and what is known of them before they are read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stype: str

    def write_into(self, array: NDArray) -> None:
        """Write into a dense array of the same shape, of any dtype; the source is dense."""
        ...

    def array(self) -> Any:
        """Return an NDArray of the source's storage type; it may be the source itself."""
        ...

    def check_ids(self) -> None:
        """Raise if ids of the array, which is sparse, are out of range or out of order."""
        ...


class ArraySource:
    """An array in memory.

    Parameters
    ----------
    values : NDArray or numpy.ndarray
        The array.
    """

    def __init__(self, values: Any) -> None:
        self._values = values
        self.shape: tuple[int, ...] = tuple(values.shape)
        self.dtype = as_dtype(values.dtype)
        self.stype: str = getattr(values, "stype", "default")

    def write_into(self, array: NDArray) -> None:
        """Write into a dense array of the same shape; see `ValueSource`."""
        transfers.write(array, self._values)

    def check_ids(self) -> None:
        """Check the ids of a sparse array; see `ValueSource`."""
        self._values._checked()

    def array(self) -> Any:
        """Return an NDArray; see `ValueSource`."""
        if isinstance(self._values, NDArray):
            return self._values
        result = transfers.empty(self.shape, self.dtype, Context("cpu", 0), NDArray)
        transfers.write(result, self._values)
        return result


class FileSource:
    """An array of an open file.

    Parameters
    ----------
    reader : ParamsReader
        The file.
    header : RecordHeader
        The array's header.
    """

    def __init__(self, reader: ParamsReader, header: RecordHeader) -> None:
        self._reader = reader
        self.header = header
        self.shape = header.shape
        self.dtype = header.dtype
        self.stype = header.storage

    def write_into(self, array: NDArray) -> None:
        """Read into the memory of a dense array of the same shape; see `ValueSource`."""
        backend, buffer = array._backend, array._buffer
        if buffer.dtype == self.dtype:
            self._read_into(backend, buffer)
            return
        staged = backend.empty(self.shape, self.dtype)
        self._read_into(backend, staged)
        backend.convert_into(staged, buffer)

    def check_ids(self) -> None:
        """Check the ids of a sparse array; see `ValueSource`."""
        self._reader.check_ids(self.header)

    def _read_into(self, backend: Backend, buffer: Any) -> None:
        if not buffer.size:
            return

        def fill(memory: memoryview) -> None:
            values = np.frombuffer(memory, np.uint8).view(self.dtype).reshape(self.shape)
            self._reader.read_into(self.header, values)

        backend.read_into(buffer, fill)

    def array(self) -> Any:
        """Read into an NDArray on ``cpu(0)``; see `ValueSource`."""
        context = Context("cpu", 0)
        backend = backend_of("cpu", 0)
        record = self._reader.read(self.header)
        data = backend.upload(record.data)
        if not isinstance(record, (RowSparseRecord, CSRRecord)):
            return NDArray.from_buffer(data, context, backend)
        from numparam.ndarray.sparse.csr import CSRNDArray
        from numparam.ndarray.sparse.parts import Parts
        from numparam.ndarray.sparse.row_sparse import RowSparseNDArray

        indices = backend.upload(record.indices)
        if isinstance(record, RowSparseRecord):
            parts = Parts(data, indices, valid=True)
            return RowSparseNDArray.from_parts(self.shape, parts, context, backend)
        parts = Parts(data, indices, backend.upload(record.indptr))
        return CSRNDArray.from_parts(self.shape, parts, context, backend)


def read_together(reader: ParamsReader, plans: Mapping[str, Plan]) -> set[str]:
    """Read everything that goes straight from a file into arrays that exist, by few system calls.

    Parameters
    ----------
    reader : ParamsReader
        The file.
    plans : mapping of str to Plan
        What is to be loaded.

    Returns
    -------
    set of str
        The names that are done. If reading fails there are none: `Plan.carry_out` fails then, too,
        at the array that is to blame.
    """
    targets = {name: plan.direct_target() for name, plan in plans.items()}
    pairs = {name: target for name, target in targets.items() if target is not None}
    try:
        reader.read_many(pairs.values(), hold=turn)
        for name in pairs:
            plans[name].finish_direct()
    except Exception:
        return set()
    return set(pairs)


class Plan:
    """How one source goes into one parameter; to make it changes nothing.

    Parameters
    ----------
    parameter : Parameter
        Where the values go.
    source : ValueSource
        Where they come from.
    ctx, cast_dtype, dtype_source
        As for `Parameter._load_init`.

    Raises
    ------
    IncompatibleDataError
        If they do not fit: an AssertionError, a ValueError and an MXNetError.
    """

    def __init__(
        self, parameter: Any, source: ValueSource, ctx: Any, cast_dtype: bool, dtype_source: str
    ) -> None:
        self._parameter = parameter
        self._source = source
        self._options = (ctx, cast_dtype, dtype_source)
        self._shape = self._fitting_shape()
        self._dtype = self._fitting_dtype(cast_dtype, dtype_source)
        self._check_storage()
        self._contexts = self._fitting_contexts(ctx)

    def _refused(self, reason: str) -> IncompatibleDataError:
        return IncompatibleDataError(f"Parameter '{self._parameter.name}' {reason}")

    def _fitting_shape(self) -> shape_rules.Shape:
        parameter, given = self._parameter, self._source.shape
        if given and given == parameter._shape and 0 not in given:
            return given  # as almost always; the rules are for shapes with unknown sizes
        try:
            shape = shape_rules.filled_in(parameter._settled_shape, given, parameter.name)
        except ShapeMismatchError:
            raise self._refused(
                f"has shape {parameter._settled_shape}, and the array to load has shape {given}. "
                "Load it into a parameter of that shape; sizes of 0 take any size."
            ) from None
        if not shape_rules.is_known(shape):
            raise self._refused(
                f"cannot take an array of shape {shape}: it has no elements, or no dimensions, "
                "which needs NumPy shapes (numparam.util.np_shape)."
            )
        return shape

    def _fitting_dtype(self, cast_dtype: bool, dtype_source: str) -> np.dtype[Any] | None:
        """Find the dtype that the parameter must be cast to first; None if to none."""
        parameter, given = self._parameter, self._source.dtype
        if cast_dtype and dtype_source not in ("current", "saved"):
            raise self._refused(
                "cannot be loaded: dtype_source must be 'current' (keep the parameter's dtype) or "
                f"'saved' (take that of the loaded array); got {dtype_source!r}."
            )
        if parameter.dtype is None:
            # Nobody has named a dtype: arrays that exist keep theirs, new ones take the saved one.
            return given if parameter._data is None else None
        if given == parameter._array_dtype:
            return None
        if not cast_dtype:
            raise self._refused(
                f"has dtype {dtype_name(parameter.dtype)}, and the array to load has dtype "
                f"{given.name}. Set cast_dtype=True to convert it (dtype_source='current'), or "
                "the parameter (dtype_source='saved')."
            )
        return given if dtype_source == "saved" else None

    def _check_storage(self) -> None:
        stypes = (self._source.stype, self._parameter._stype)
        if stypes in (("row_sparse", "csr"), ("csr", "row_sparse")):
            raise self._refused(
                f"has storage type '{stypes[1]}', into which an array of storage type "
                f"'{stypes[0]}' does not convert. Load it with tostype('default') applied."
            )

    def _fitting_contexts(self, ctx: Any) -> list[Context]:
        parameter = self._parameter
        current: list[Context] | None = None
        if parameter._data is not None:
            current = list(parameter._ctx_list)
        elif parameter._deferred_init:
            current = list(parameter._deferred_init[1])
        if current is None:
            return contexts.as_context_list(ctx, parameter.name, Context("cpu", 0))
        if ctx is not None:
            wanted = contexts.as_context_list(ctx, parameter.name)
            if set(wanted) != set(current):
                raise self._refused(
                    f"is initialized on {current} and cannot be loaded on {wanted}. Call "
                    f"reset_ctx({wanted}) first, or load without ctx."
                )
        return current

    def carry_out_by_load_init(self) -> None:
        """Let the parameter take the values in its own way."""
        ctx, cast_dtype, dtype_source = self._options
        self._parameter._load_init(
            self._source.array(), ctx, cast_dtype=cast_dtype, dtype_source=dtype_source
        )

    def check_ids(self) -> None:
        """Raise if ids of a sparse array are out of range or out of order."""
        if self._source.stype != "default":
            self._source.check_ids()

    def direct_target(self) -> tuple[RecordHeader, np.ndarray] | None:
        """Return what to read where, if that is all there is to do for the first context.

        None if the array is not in a file or not dense, if the parameter has no arrays yet or takes
        values in its own way, if the dtype changes, or if the memory is not the host's.
        """
        parameter, source = self._parameter, self._source
        if not isinstance(source, FileSource) or parameter._data is None or self._dtype is not None:
            return None
        if source.stype != "default" or parameter._stype != "default":
            return None
        if is_overridden(parameter, "_load_init") or is_overridden(parameter, "set_data"):
            return None
        first = parameter._data[0]
        host = transfers.host_view(first)
        if host is None or host.dtype != source.dtype:
            return None
        if not all(array.writable for array in parameter._data):
            return None
        return source.header, host

    def finish_direct(self) -> None:
        """Copy what was read into the first context's array to the others."""
        parameter = self._parameter
        if parameter._shape != self._shape:
            parameter._take_shape(self._shape)
        first, *others = parameter._data
        for array in others:
            transfers.write(array, first)

    @property
    def in_place(self) -> bool:
        """Whether the parameter's arrays are written while the values are read."""
        return self._parameter._data is not None

    def carry_out(self) -> None:
        """Write the values. Fails only if reading does, or if there is not enough memory."""
        with autograd.pause():
            if self._parameter._data is None:
                self._initialize()()
            else:
                self._overwrite()

    def _initialize(self) -> Callable[[], None]:
        """Read into new arrays; what is returned gives them to the parameter."""
        parameter, source = self._parameter, self._source
        shape, dtype = self._shape, self._dtype
        wanted = parameter._array_dtype if dtype is None else dtype
        owned = parameter._stype == "default" == source.stype
        if owned:
            values = transfers.empty(shape, wanted, self._contexts[0], transfers.array_class())
            source.write_into(values)
        else:
            values = self._in_its_form(wanted)
        bind = parameter._prepared_copies(values, self._contexts, owned)

        def commit() -> None:
            if dtype is not None and parameter.dtype is not None:
                parameter.cast(dtype.type)
            parameter._take_shape(shape)
            bind()

        return commit

    def _in_its_form(self, dtype: np.dtype[Any]) -> Any:
        """Return the values in a dtype and the parameter's storage type; may be the source."""
        return transfers.in_storage(self._source.array().astype(dtype), self._parameter._stype)

    def _overwrite(self) -> None:
        """Write into the parameter's arrays."""
        parameter, source = self._parameter, self._source
        if self._dtype is not None:
            parameter.cast(self._dtype.type)
        if is_overridden(parameter, "set_data"):
            parameter.set_data(self._in_its_form(parameter._data[0].dtype))
            return
        parameter._before_writing()
        parameter._take_shape(self._shape)
        if parameter._stype == "default" == source.stype:
            for array in parameter._data:
                array._require_writable()
                source.write_into(array)
            return
        form = self._in_its_form(parameter._data[0].dtype)
        for array in parameter._data:
            if parameter._stype == "default":
                transfers.write(array, form)
            else:
                array._adopt(transfers.copied(form, array.context)._parts)
