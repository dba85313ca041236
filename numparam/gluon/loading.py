"""Loading of values into parameters: everything is checked before anything is written.

Values come from arrays in memory or straight from a file, whose headers contain shape, dtype and
storage type, so that they are checked before a value is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from numparam import autograd
from numparam.context import Context
from numparam.devices.backend import Backend
from numparam.devices.locks import exclusively
from numparam.devices.registry import backend_of
from numparam.formats import CSRRecord, ParamsReader, RecordHeader, RowSparseRecord
from numparam.formats.quoting import quoted
from numparam.gluon import contexts, hooks, replicas, rows, shape_rules, transfers
from numparam.gluon.errors import IncompatibleDataError, ShapeMismatchError
from numparam.gluon.interface import ParameterLike
from numparam.gluon.overlap import WrittenMemory
from numparam.gluon.placed import Placed
from numparam.gluon.state import Ready, State
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.csr import CSRNDArray
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.types.dtypes import as_dtype, dtype_name

__all__ = ["ArraySource", "FileSource", "LoadPlan", "ValueSource", "read_together"]


class ValueSource(Protocol):
    """The values of one array, of which some facts are known before they are read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stype: str

    def write_into(self, array: NDArray) -> None:
        """Write into a dense array of the same shape, of any dtype; the source is dense."""
        ...

    def array(self) -> Any:
        """Return an NDArray of the source's storage type; possibly the source itself."""
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

    def apart_from(self, written: WrittenMemory) -> ArraySource:
        """Return the source, or a source of copied values if they lie in this memory."""
        values = written.apart(self._values)
        return self if values is self._values else ArraySource(values)

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
        indices = backend.upload(record.indices)
        if isinstance(record, RowSparseRecord):
            parts = Parts(data, indices, valid=True)
            return RowSparseNDArray.from_parts(self.shape, parts, context, backend)
        parts = Parts(data, indices, backend.upload(record.indptr))
        return CSRNDArray.from_parts(self.shape, parts, context, backend)


def read_together(reader: ParamsReader, plans: Mapping[str, LoadPlan]) -> set[str]:
    """Read all values that go directly from a file into existing arrays, with few system calls.

    Parameters
    ----------
    reader : ParamsReader
        The file.
    plans : mapping of str to LoadPlan
        What is to be loaded.

    Returns
    -------
    set of str
        The names that are done. If reading fails there are none: then `LoadPlan.carry_out` fails,
        too, at the array that is to blame.
    """
    targets = {name: plan.direct_target() for name, plan in plans.items()}
    pairs = {name: target for name, target in targets.items() if target is not None}
    try:
        reader.read_many(pairs.values(), hold=exclusively)
        for name in pairs:
            plans[name].finish_direct()
    except Exception:
        return set()
    return set(pairs)


class LoadPlan:
    """A plan for loading one source into one parameter; making the plan changes nothing.

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
        self,
        parameter: ParameterLike,
        source: ValueSource,
        ctx: Any,
        cast_dtype: bool,
        dtype_source: str,
    ) -> None:
        self._parameter = parameter
        self._source = source
        self._options = (ctx, cast_dtype, dtype_source)
        state = parameter._state
        self._shape = self._fitting_shape(state)
        self._dtype = self._fitting_dtype(state, cast_dtype, dtype_source)
        self._check_storage()
        self._contexts = self._fitting_contexts(state, ctx)

    def _misfit(self, reason: str) -> IncompatibleDataError:
        return IncompatibleDataError(f"Parameter {quoted(self._parameter.name)} {reason}")

    def _fitting_shape(self, state: State) -> shape_rules.Shape:
        given = self._source.shape
        if given == state.shape and 0 not in given and (given or state.data is not None):
            return given  # as almost always; the rules are for shapes with unknown sizes
        try:
            shape = shape_rules.filled_in(state.settled_shape, given, self._parameter.name)
        except ShapeMismatchError:
            raise self._misfit(
                f"has shape {state.settled_shape}, and the array to load has shape {given}. "
                "Load it into a parameter of that shape; sizes of 0 take any size."
            ) from None
        if not shape_rules.is_known(shape):
            raise self._misfit(
                f"cannot take an array of shape {shape}: sizes of 0 stand for unknown ones."
            )
        return shape

    def _fitting_dtype(
        self, state: State, cast_dtype: bool, dtype_source: str
    ) -> np.dtype[Any] | None:
        """Return the dtype that the parameter must be cast to first, or None."""
        declared, given = self._parameter.dtype, self._source.dtype
        if cast_dtype and dtype_source not in ("current", "saved"):
            raise self._misfit(
                "cannot be loaded: dtype_source must be 'current' (keep the parameter's dtype) or "
                f"'saved' (take that of the loaded array); got {dtype_source!r}."
            )
        if declared is None:
            # No dtype was declared: arrays that exist keep theirs, new ones take the saved one.
            return given if state.data is None else None
        if given == as_dtype(declared):
            return None
        if not cast_dtype:
            raise self._misfit(
                f"has dtype {dtype_name(declared)}, and the array to load has dtype "
                f"{given.name}. Set cast_dtype=True to convert it (dtype_source='current'), or "
                "the parameter (dtype_source='saved')."
            )
        return given if dtype_source == "saved" else None

    def _check_storage(self) -> None:
        stypes = (self._source.stype, self._parameter._stype)
        if stypes in (("row_sparse", "csr"), ("csr", "row_sparse")):
            raise self._misfit(
                f"has storage type '{stypes[1]}', into which an array of storage type "
                f"'{stypes[0]}' does not convert. Load it with tostype('default') applied."
            )

    def _fitting_contexts(self, state: State, ctx: Any) -> list[Context]:
        name = self._parameter.name
        current: list[Context] | None = None
        if state.data is not None:
            current = list(state.contexts or ())
        elif state.deferred:
            current = list(state.deferred[1])
        if current is None:
            return contexts.as_context_list(ctx, name, Context("cpu", 0))
        if ctx is not None:
            wanted = contexts.as_context_list(ctx, name)
            if set(wanted) != set(current):
                raise self._misfit(
                    f"is initialized on {current} and cannot be loaded on {wanted}. Call "
                    f"reset_ctx({wanted}) first, or load without ctx."
                )
        return current

    def carry_out_by_load_init(self) -> None:
        """Call a replaced `_load_init` with the values."""
        ctx, cast_dtype, dtype_source = self._options
        self._parameter._load_init(
            self._source.array(), ctx, cast_dtype=cast_dtype, dtype_source=dtype_source
        )

    def check_ids(self) -> None:
        """Raise if ids of a sparse array are out of range or out of order."""
        if self._source.stype != "default":
            self._source.check_ids()

    def direct_target(self) -> tuple[RecordHeader, np.ndarray] | None:
        """Return which array of the file can be read directly into which memory.

        None if the array is not in a file or not dense, if the parameter has no arrays yet or takes
        values in its own way, if the dtype changes, or if the memory is not the host's.
        """
        parameter, source = self._parameter, self._source
        if (
            not isinstance(source, FileSource)
            or parameter._state.data is None
            or self._dtype is not None
        ):
            return None
        if source.stype != "default" or parameter._stype != "default":
            return None
        if hooks.is_replaced(parameter, "_load_init") or hooks.is_replaced(parameter, "set_data"):
            return None
        first = parameter._state.data[0]
        host = transfers.host_view(first)
        if host is None or host.dtype != source.dtype:
            return None
        if not all(array.writable for array in parameter._state.data):
            return None
        return source.header, host

    def finish_direct(self) -> None:
        """Copy the values that were read into the first context's array to the others."""
        parameter = self._parameter
        if parameter._state.shape != self._shape:
            parameter._update(lambda now: now.but(shape=self._shape))
        data: Sequence[Any] = parameter._state.data or ()
        for array in data[1:]:
            transfers.write(array, data[0])
        rows.before_writing(parameter)  # the store starts anew, as after every load

    @property
    def written(self) -> list[Any]:
        """The arrays that are written while the values are read."""
        return list(self._parameter._state.data or ())

    def keep_apart(self, written: WrittenMemory) -> None:
        """Copy values that lie in memory which this plan or another one will write."""
        if isinstance(self._source, ArraySource):
            self._source = self._source.apart_from(written)

    @property
    def in_place(self) -> bool:
        """True if the parameter's arrays are written while the values are read."""
        return self._parameter._state.data is not None

    def carry_out(self) -> None:
        """Write the values. Fails only if reading does, or if there is not enough memory."""
        self.keep_apart(WrittenMemory(self.written))
        with autograd.pause():
            if self._parameter._state.data is None:
                self._prepare_new()()
            else:
                self._overwrite()

    def _prepare_new(self) -> Ready:
        """Read into new arrays; return a function that binds them."""
        parameter, source, dtype = self._parameter, self._source, self._dtype
        previous = parameter._state
        wanted = as_dtype(parameter.dtype) if dtype is None else dtype
        owned = parameter._stype == "default" == source.stype
        if owned:
            values = transfers.empty(
                self._shape, wanted, self._contexts[0], transfers.array_class()
            )
            source.write_into(values)
        else:
            values = self._in_its_form(wanted)
        state = previous.but(shape=self._shape)
        cast: Any = None
        if dtype is not None and parameter.dtype is not None:
            if hooks.is_replaced(parameter, "cast"):
                cast = dtype.type
            else:
                state = state.but(dtype=dtype.type)
        bind = replicas.prepare(
            parameter, previous, state, values, self._contexts, (_again, self), owned
        )
        if cast is None:
            return bind

        def cast_and_bind() -> None:
            parameter.cast(cast)
            replicas.prepare(
                parameter,
                parameter._state,
                parameter._state.but(shape=self._shape),
                values,
                self._contexts,
                (_again, self),
                owned,
            )()

        return cast_and_bind

    def _in_its_form(self, dtype: np.dtype[Any]) -> Any:
        """Convert the values to a dtype and the storage type; possibly without a copy."""
        return transfers.in_storage(self._source.array().astype(dtype), self._parameter._stype)

    def _overwrite(self) -> None:
        """Write into the parameter's arrays."""
        parameter, source = self._parameter, self._source
        if self._dtype is not None:
            parameter.cast(self._dtype.type)
        data = parameter._state.data or Placed()
        if hooks.is_replaced(parameter, "set_data"):
            parameter.set_data(self._in_its_form(as_dtype(data[0].dtype)))
            return
        rows.before_writing(parameter)
        if parameter._stype == "default" == source.stype:
            for array in data:
                array._require_writable()
                source.write_into(array)
        else:
            form = self._in_its_form(as_dtype(data[0].dtype))
            for array in data:
                if parameter._stype == "default":
                    transfers.write(array, form)
                else:
                    transfers.overwrite(array, form)
        parameter._update(lambda now: now.but(shape=self._shape))


def _again(parameter: ParameterLike, plan: LoadPlan) -> Ready:
    """Carry out a plan again for a parameter that another thread has changed; see `Commit`."""
    return plan.carry_out
