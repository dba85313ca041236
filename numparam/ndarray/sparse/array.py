"""The base class of row-sparse arrays and csr matrices."""

from __future__ import annotations

from typing import Any, NoReturn, Self

import numpy as np

from numparam.base import NotSupportedForSparseNDArray
from numparam.context import Context
from numparam.devices.backend import Backend, Buffer
from numparam.devices.locks import exclusively
from numparam.devices.registry import backend_of
from numparam.formats import Record, dumps_record, loads_record
from numparam.ndarray.converting import moved
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operators import in_place, plain
from numparam.ndarray.sparse.arithmetic import add, multiply, subtract
from numparam.ndarray.sparse.errors import SparseFormatError, StorageTypePairError
from numparam.ndarray.sparse.parts import Chunk, Parts
from numparam.ndarray.sparse.records import parts_of, record_of, stype_of

__all__ = ["BaseSparseNDArray"]


class BaseSparseNDArray(NDArray):
    """An array that stores some of its elements; the others are zero.

    It is of one of the two subclasses, and made by their factories, `row_sparse_array` and
    `csr_matrix`, by ``zeros(shape, stype=...)`` or by ``tostype`` of a dense array.

    Notes
    -----
    Ids are checked when something relies on them: `check_format`, `asnumpy`, `tostype`, arithmetic,
    retention. MXNet does not check, and reads and writes outside of its memory. The rows of a
    row-sparse array may have been given out of order, or repeatedly: the last one of an id counts.
    The columns within a row of a csr matrix may have been given out of order, each once.
    """

    __slots__ = ("_chunk", "_shape")

    # What is stored; shared by all handles on the array.
    _chunk: Chunk
    _shape: tuple[int, ...]

    # NumPy's operators leave expressions with sparse arrays to the methods of their class.
    __array_ufunc__: Any = None

    @classmethod
    def from_parts(
        cls, shape: tuple[int, ...], parts: Parts, ctx: Context, backend: Backend | None = None
    ) -> Self:
        """Return a handle on parts that fit each other.

        Parameters
        ----------
        shape : tuple of int
            The shape of the whole array.
        parts : Parts
            Buffers of the context's backend. They are not copied.
        ctx : Context
            Where they are.
        backend : Backend, optional
            The backend of `ctx`, if the caller knows it.

        Returns
        -------
        RowSparseNDArray or CSRNDArray
            Of the class it is called on.

        Examples
        --------
        >>> import numparam as mx
        >>> from numparam.ndarray.sparse.parts import Parts
        >>> table = mx.nd.sparse.row_sparse_array(([[5, 6]], [1]), shape=(3, 2))
        >>> parts = Parts(table.data.asnumpy(), table.indices.asnumpy())
        >>> type(table).from_parts(table.shape, parts, table.context).asnumpy()
        array([[0., 0.],
               [5., 6.],
               [0., 0.]], dtype=float32)
        """
        return cls._on_chunk(shape, Chunk(parts), ctx, backend)

    @classmethod
    def _on_chunk(
        cls, shape: tuple[int, ...], chunk: Chunk, ctx: Context, backend: Backend | None = None
    ) -> Self:
        array: Self = object.__new__(cls)
        array._ctx = ctx
        array._backend = backend or backend_of(ctx.device_type, ctx.device_id)
        array._marking = None
        array.writable = True
        array._chunk = chunk
        array._shape = shape
        return array

    @classmethod
    def from_buffer(cls, *arguments: Any, **keywords: Any) -> NoReturn:
        """Raise a TypeError: a sparse array has several buffers; see `from_parts`."""
        raise TypeError(f"a {cls.__name__} has several buffers; use from_parts")

    # Parts

    @property
    def _parts(self) -> Parts:
        return self._chunk.parts

    def _adopt(self, parts: Parts) -> None:
        """Replace the parts, whose numbers of rows or values may differ."""
        self._chunk.parts = parts

    @property
    def _buffer(self) -> Buffer:
        return self._chunk.parts.data

    @_buffer.setter
    def _buffer(self, buffer: Buffer) -> None:
        raise TypeError(f"a {self.stype} array has several buffers; replace them with _adopt")

    @property
    def _data(self) -> Buffer:
        return self._chunk.parts.data

    def _problem(self, parts: Parts) -> str | None:
        """Return the defect of ids, or None."""
        raise NotImplementedError

    def _in_order(self, parts: Parts) -> Parts | None:
        """Return the parts with ids in order; None if that is not possible."""
        return None

    def _checked(self) -> Parts:
        """Return the parts, with valid ids.

        Returns
        -------
        Parts
            Those of the array; or copies in order, if only the order of the ids is wrong.

        Raises
        ------
        SparseFormatError
            If the ids are wrong: also an IndexError and an MXNetError.
        """
        parts = self._chunk.parts
        if parts.valid:
            return parts
        problem = self._problem(parts)
        if problem is None:
            parts.valid = True
            return parts
        ordered = self._in_order(parts)
        if ordered is None:
            self._raise_format_error(problem)
        return ordered

    def _raise_format_error(self, problem: str) -> NoReturn:
        raise SparseFormatError(
            f"this {self.stype} array of shape {self._shape} cannot be used: {problem}. "
            "Make it again from ids that ascend without repeats and are in range"
        )

    def _handle_on(self, buffer: Buffer) -> NDArray:
        """Return a dense array that shares a part's memory."""
        return NDArray.from_buffer(buffer, self._ctx, self._backend)

    def _copy_of(self, buffer: Buffer) -> NDArray:
        """Return a part's elements for reading: what was written into a copy would be lost."""
        copied = self._backend.copied(buffer)
        return NDArray.from_buffer(copied, self._ctx, self._backend, writable=False)

    def _with_data(self, data: Buffer) -> Self:
        """Return an array with other values and the same ids, whose buffers it shares."""
        parts = self._checked()
        made = Parts(data, parts.indices, parts.indptr, valid=True)
        return self.from_parts(self._shape, made, self._ctx, self._backend)

    # Properties

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension of the whole array."""
        return self._shape

    @property
    def data(self) -> NDArray:
        """A copy of what is stored: rows, or the values of a csr matrix; for reading only.

        To change the array, write all of it with ``array[:] = value``; a parameter's rows are
        written by `Parameter.set_rows`. The copy can be written in MXNet, to no effect.
        """
        return self._copy_of(self._chunk.parts.data)

    @data.setter
    def data(self, value: Any) -> None:
        self._refuse_part("data")

    @property
    def indices(self) -> NDArray:
        """A copy of the ids, int64: of stored rows, or the column of each value of a csr matrix.

        As `data`, for reading only.
        """
        return self._copy_of(self._chunk.parts.indices)

    @indices.setter
    def indices(self, value: Any) -> None:
        self._refuse_part("indices")

    def _refuse_part(self, name: str) -> NoReturn:
        raise NotImplementedError(
            f"the {name} of a {self.stype} array cannot be set alone: make a new array, or write "
            "all of it with array[:] = value"
        )

    @property
    def _num_aux(self) -> int:
        """The number of index arrays."""
        return len(self._aux_parts)

    @property
    def _aux_parts(self) -> tuple[Buffer, ...]:
        """The index arrays in the order of files: (indptr, indices) of a csr matrix."""
        parts = self._chunk.parts
        return (parts.indices,) if parts.indptr is None else (parts.indptr, parts.indices)

    @property
    def _aux_types(self) -> list[type]:
        """The dtypes of the index arrays."""
        return [part.dtype.type for part in self._aux_parts]

    def _aux_type(self, i: int) -> type:
        """Return the dtype of one index array."""
        return self._aux_types[i]

    def _aux_data(self, i: int) -> NDArray:
        """Return a copy of one index array."""
        return self._copy_of(self._aux_parts[i])

    def check_format(self, full_check: bool = True) -> None:
        """Check that the array is valid.

        Parameters
        ----------
        full_check : bool, default True
            Whether the ids are looked at. Numbers of ids and rows always fit each other.

        Raises
        ------
        MXNetError
            If ids are out of range, out of order or repeated; also an IndexError.

        Examples
        --------
        >>> import numparam as mx
        >>> table = mx.nd.sparse.row_sparse_array(([[5, 6]], [1]), shape=(3, 2))
        >>> table.check_format()
        >>> wrong = mx.nd.sparse.row_sparse_array(([[5, 6]], [7]), shape=(3, 2))
        >>> wrong.check_format()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        numparam.ndarray.sparse.errors.SparseFormatError: ...
        """
        parts = self._chunk.parts
        if full_check and not parts.valid:
            problem = self._problem(parts)
            if problem is not None:
                self._raise_format_error(problem)
            parts.valid = True

    # To other contexts, dtypes and storage types

    def _moved(self, context: Context, dtype: np.dtype[Any]) -> Self:
        """Return a copy on a context, with values of a dtype."""
        backend = backend_of(context.device_type, context.device_id)
        return self.from_parts(self._shape, self._moved_parts(backend, dtype), context, backend)

    def _moved_parts(
        self, backend: Backend, dtype: np.dtype[Any], parts: Parts | None = None
    ) -> Parts:
        """Return a copy of parts, by default the array's, on a device, with values of a dtype."""
        parts, here = parts or self._chunk.parts, self._backend
        return Parts(
            moved(parts.data, here, backend, dtype),
            moved(parts.indices, here, backend),
            None if parts.indptr is None else moved(parts.indptr, here, backend),
            valid=parts.valid,
        )

    def _is_same_memory(self, other: NDArray) -> bool:
        return isinstance(other, BaseSparseNDArray) and other._chunk is self._chunk

    def _write_into(self, other: NDArray) -> None:
        """Write all elements into an array of this shape: dense, or of this storage type."""
        backend, dtype = other._backend, other._buffer.dtype
        if isinstance(other, BaseSparseNDArray):
            other._adopt(self._moved_parts(backend, dtype))
        else:
            parts = self._moved_parts(backend, dtype, self._checked())
            self._write_dense(backend, other._memory, parts)

    def _dense(self) -> NDArray:
        """Return a dense copy."""
        parts = self._checked()
        target = self._backend.empty(self._shape, parts.data.dtype)
        self._write_dense(self._backend, target, parts)
        return NDArray.from_buffer(target, self._ctx, self._backend)

    def _write_dense(self, backend: Backend, target: Buffer, parts: Parts) -> None:
        """Write all elements into a dense buffer of the shape, on the device of the parts."""
        raise NotImplementedError

    def detach(self) -> Self:
        """Return an array on the same parts, without a gradient.

        Returns
        -------
        RowSparseNDArray or CSRNDArray
            A new handle.

        Examples
        --------
        >>> import numparam as mx
        >>> table = mx.nd.sparse.row_sparse_array(([[5, 6]], [1]), shape=(3, 2))
        >>> table.detach().stype
        'row_sparse'
        """
        return self._on_chunk(self._shape, self._chunk, self._ctx, self._backend)

    def __copy__(self) -> Self:
        return self.detach()

    @property
    def size(self) -> int:
        """Not available: it could mean the stored elements or all elements.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            f"a {self.stype} array has no single size: data.size counts what is stored, and the "
            "product of shape all elements"
        )

    # To NumPy and Python, and other methods that need a dense array

    def __bool__(self) -> bool:
        raise ValueError(
            f"a {self.stype} array is neither true nor false; look at data, or at asnumpy()"
        )

    def asscalar(self) -> NoReturn:
        """Raise an error: see `size`.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            f"asscalar needs a dense array; this one is {self.stype}. Use tostype('default') first"
        )

    def _only_element(self, wanted: str) -> NoReturn:
        raise TypeError(f"{wanted}() needs a dense array; this one is {self.stype}")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy:
            host = self.asnumpy()
            return host if dtype is None else host.astype(dtype, copy=False)
        kind = ValueError if copy is False else TypeError
        raise kind(
            f"a {self.stype} array does not become dense silently; asnumpy() makes a dense copy"
        )

    @property
    def __array_interface__(self) -> NoReturn:
        raise AttributeError(f"a {self.stype} array has no __array_interface__")

    @property
    def _shares_host_memory(self) -> bool:
        return False

    def _host_memory(self) -> NoReturn:
        raise StorageTypePairError(
            f"a {self.stype} array has no memory to share with the host; share its data"
        )

    def _as_class(self, array_class: Any) -> NoReturn:
        raise NotSupportedForSparseNDArray("as_np_ndarray", None, self)

    def _in_shape(self, shape: tuple[int, ...]) -> NoReturn:
        raise NotSupportedForSparseNDArray("reshape", None, self)

    def reshape(self, *shape: Any, **keywords: Any) -> NoReturn:
        """Raise an error: sparse arrays cannot be reshaped.

        Raises
        ------
        NotSupportedForSparseNDArray
            Always; an MXNetError.
        """
        raise NotSupportedForSparseNDArray(self.reshape, None, *shape)

    def _at(self, position: int) -> Any:
        raise NotSupportedForSparseNDArray(self._at, None, position)

    def _slice(self, start: int | None, stop: int | None) -> Any:
        raise NotSupportedForSparseNDArray(self._slice, None, start, stop)

    def _sync_copyfrom(self, source_array: Any) -> NoReturn:
        raise NotSupportedForSparseNDArray(self._sync_copyfrom, None, source_array)

    # Pickling and text

    def _record(self) -> Record:
        return record_of(self)

    def __getstate__(self) -> dict[str, bytearray]:
        return {"handle": bytearray(dumps_record(self._record(), hold=exclusively))}

    def __setstate__(self, state: dict[str, bytearray]) -> None:
        record = loads_record(state["handle"])
        stype = stype_of(record)
        if stype != self.stype:
            raise TypeError(f"this is the state of a {stype} array, and the array is {self.stype}")
        self._ctx = Context("cpu", 0)
        self._backend = backend_of("cpu", 0)
        self._marking = None
        self.writable = True
        self._shape = record.shape
        self._chunk = Chunk(parts_of(record, self._backend))

    def __repr__(self) -> str:
        shape = "x".join(map(str, self._shape))
        return f"\n<{type(self).__name__} {shape} @{self._ctx}>"

    def __len__(self) -> int:
        return self._shape[0]

    # Operators; not the reflected ones: those of a subclass would come before a dense array's own

    __add__ = plain(add)
    __sub__ = plain(subtract)
    __mul__ = plain(multiply)

    __iadd__ = in_place(add)
    __isub__ = in_place(subtract)
    __imul__ = in_place(multiply)
