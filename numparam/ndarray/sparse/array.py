"""What row-sparse arrays and csr matrices have in common."""

from __future__ import annotations

import warnings
from typing import Any, NoReturn, Self

import numpy as np

from numparam.base import MXNetError
from numparam.context import Context
from numparam.devices import epochs
from numparam.devices.backend import Backend, Buffer
from numparam.devices.registry import backend_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.errors import SparseFormatError, StorageTypePairError
from numparam.ndarray.sparse.parts import Chunk, Parts, moved
from numparam.ndarray.sparse.refusals import Refusals
from numparam.types.dtypes import as_dtype
from numparam.types.storage_types import storage_type_id

__all__ = ["BaseSparseNDArray"]


class BaseSparseNDArray(Refusals, NDArray):
    """An array that stores some of its elements; the others are zero.

    It is of one of the two subclasses, and made by their factories, `row_sparse_array` and
    `csr_matrix`, by ``zeros(shape, stype=...)`` or by ``tostype`` of a dense array.

    Notes
    -----
    Ids are checked when something relies on them: `check_format`, `asnumpy`, `tostype`, arithmetic,
    retention. MXNet does not check, and reads and writes outside of its memory.
    """

    __slots__ = ("_chunk", "_shape")

    _chunk: Chunk
    _shape: tuple[int, ...]

    @classmethod
    def from_parts(
        cls, shape: tuple[int, ...], parts: Parts, ctx: Context, backend: Backend | None = None
    ) -> Self:
        """Make a handle on parts that fit each other.

        Parameters
        ----------
        shape : tuple of int
            The shape of the whole array.
        parts : Parts
            Buffers of the context's backend. They are not copied.
        ctx : Context
            Where they are.
        backend : Backend, optional
            The backend of `ctx`, where the caller has it at hand.

        Returns
        -------
        RowSparseNDArray or CSRNDArray
            Of the class it is called on.
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
        """Refuse: one buffer is no sparse array; see `from_parts`."""
        raise TypeError(f"a {cls.__name__} has several buffers; use from_parts")

    # Parts

    @property
    def _parts(self) -> Parts:
        return self._chunk.parts

    def _adopt(self, parts: Parts) -> None:
        """Take other parts, which may hold another number of rows or values."""
        self._chunk.parts = parts
        epochs.bump_others()

    @property
    def _buffer(self) -> Buffer:
        return self._chunk.parts.data

    @_buffer.setter
    def _buffer(self, buffer: Buffer) -> None:
        raise TypeError(f"a {self.stype} array has several buffers; replace them with _adopt")

    @property
    def _data(self) -> Buffer:
        return self._chunk.parts.data

    @property
    def _indices(self) -> Buffer:
        return self._chunk.parts.indices

    def _problem(self, parts: Parts) -> str | None:
        """Say what is wrong with ids; None if nothing is."""
        raise NotImplementedError

    def _checked(self) -> Parts:
        """Give the parts, with ids that can be relied on.

        Raises
        ------
        SparseFormatError
            If they cannot: also an IndexError and an MXNetError.
        """
        parts = self._chunk.parts
        if not parts.valid:
            problem = self._problem(parts)
            if problem is not None:
                raise SparseFormatError(
                    f"this {self.stype} array of shape {self._shape} cannot be used: {problem}. "
                    "Make it again from ids that ascend without repeats and are in range"
                )
            parts.valid = True
        return parts

    def _handle_on(self, buffer: Buffer) -> NDArray:
        """Give a dense array that shares a part's memory."""
        return NDArray.from_buffer(buffer, self._ctx, self._backend)

    def _copy_of(self, buffer: Buffer) -> NDArray:
        return self._handle_on(self._backend.copied(buffer))

    def _with_data(self, data: Buffer) -> Self:
        """Give the array with other values for the same ids, whose buffers it shares."""
        parts = self._chunk.parts
        made = Parts(data, parts.indices, parts.indptr, valid=parts.valid)
        return self.from_parts(self._shape, made, self._ctx, self._backend)

    # Properties

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension of the whole array."""
        return self._shape

    @property
    def data(self) -> NDArray:
        """A copy of what is stored: rows, or the values of a csr matrix."""
        return self._copy_of(self._chunk.parts.data)

    @data.setter
    def data(self, value: Any) -> None:
        self._refuse_part("data")

    @property
    def indices(self) -> NDArray:
        """A copy of the ids, int64: of stored rows, or the column of each value of a csr matrix."""
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
        """Give the dtype of one index array."""
        return self._aux_types[i]

    def _aux_data(self, i: int) -> NDArray:
        """Give a copy of one index array."""
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
        """
        if full_check:
            self._checked()

    # To other arrays

    def astype(self, dtype: Any, copy: bool = True) -> Self:
        """Convert what is stored; the storage type stays.

        Parameters
        ----------
        dtype : str, type or numpy.dtype
            The new dtype.
        copy : bool, default True
            With False, an array that has the dtype already is returned itself.

        Returns
        -------
        RowSparseNDArray or CSRNDArray
            With the same ids. What becomes zero stays stored.

        Raises
        ------
        UnsupportedDTypeError
            If there is no such dtype; also a TypeError.
        """
        wanted = as_dtype(dtype)
        data = self._chunk.parts.data
        if not copy and wanted == data.dtype:
            return self
        return self._with_data(self._backend.converted(data, wanted))

    def _parts_on(self, backend: Backend, dtype: np.dtype[Any]) -> Parts:
        """Give a copy of the parts on a device, with values of a dtype."""
        parts = self._chunk.parts
        data = moved(parts.data, self._backend, backend)
        if data.dtype != dtype:
            data = backend.converted(data, dtype)
        return Parts(
            data,
            moved(parts.indices, self._backend, backend),
            None if parts.indptr is None else moved(parts.indptr, self._backend, backend),
            valid=parts.valid,
        )

    def _to_context(self, context: Context) -> Self:
        backend = backend_of(context.device_type, context.device_id)
        parts = self._parts_on(backend, self._chunk.parts.data.dtype)
        return self.from_parts(self._shape, parts, context, backend)

    def copyto(self, other: Any) -> Any:
        """Copy into another array, or to another context.

        Parameters
        ----------
        other : NDArray or Context
            A dense array, or one of this storage type, of the same shape, which is written and
            returned; or the context of a new array.

        Returns
        -------
        NDArray
            The array that was written.

        Raises
        ------
        TypeError
            If `other` is of the other sparse storage type, or no array.
        MXNetError
            If the shapes differ.
        """
        if isinstance(other, Context):
            return self._to_context(other)
        if not isinstance(other, NDArray):
            raise TypeError(
                f"copyto writes into an NDArray or onto a Context, not {type(other).__name__}"
            )
        if isinstance(other, BaseSparseNDArray) and other._chunk is self._chunk:
            warnings.warn("an array was copied to itself", RuntimeWarning, stacklevel=2)
            return False
        if other.stype not in ("default", self.stype):
            raise StorageTypePairError(
                f"a {self.stype} array cannot be copied into a {other.stype} one; "
                "go through tostype('default')"
            )
        if other.shape != self._shape:
            raise MXNetError(
                f"copyto needs an array of shape {self._shape} to write into; "
                f"the one given has {other.shape}"
            )
        other._require_writable()
        if isinstance(other, BaseSparseNDArray):
            other._adopt(self._parts_on(other._backend, other._buffer.dtype))
        else:
            self._checked()
            backend = other._backend
            self._write_dense(backend, other._buffer, self._parts_on(backend, other._buffer.dtype))
        return other

    def _write_dense(self, backend: Backend, target: Buffer, parts: Parts) -> None:
        """Write all elements into a dense buffer of the shape, on the device of the parts."""
        raise NotImplementedError

    def tostype(self, stype: str) -> NDArray:
        """Convert to a storage type.

        Parameters
        ----------
        stype : {'default', 'row_sparse', 'csr'}
            The storage type wanted.

        Returns
        -------
        NDArray
            A copy. Stored zeros stay stored if the storage type does.

        Raises
        ------
        ValueError
            If it is the other sparse storage type, or there is no such one.
        """
        storage_type_id(stype)
        if stype == self.stype:
            return self.copy()
        if stype != "default":
            raise StorageTypePairError(
                f"a {self.stype} array does not convert to {stype}; go through tostype('default')"
            )
        parts = self._checked()
        backend = self._backend
        target = backend.empty(self._shape, parts.data.dtype)
        self._write_dense(backend, target, parts)
        return NDArray.from_buffer(target, self._ctx, backend)

    def detach(self) -> Self:
        """Give an array that shares the parts, but no marking for gradients.

        Returns
        -------
        RowSparseNDArray or CSRNDArray
            A new handle.
        """
        return self._on_chunk(self._shape, self._chunk, self._ctx, self._backend)

    def __copy__(self) -> Self:
        return self.detach()

    # To bytes and text

    def __getstate__(self) -> dict[str, bytearray]:
        from numparam.devices.locks import turn
        from numparam.formats import dumps_record
        from numparam.ndarray.files import record_of

        return {"handle": bytearray(dumps_record(record_of(self), hold=turn))}

    def __setstate__(self, state: dict[str, bytearray]) -> None:
        from numparam.formats import loads_record
        from numparam.ndarray.files import array_of

        loaded = array_of(loads_record(state["handle"]))
        if not isinstance(loaded, type(self)):
            raise TypeError(f"the state of a {loaded.stype} array came to a {self.stype} one")
        for name in ("_ctx", "_backend", "_marking", "writable", "_chunk", "_shape"):
            setattr(self, name, getattr(loaded, name))

    def __repr__(self) -> str:
        shape = "x".join(map(str, self._shape))
        return f"\n<{type(self).__name__} {shape} @{self._ctx}>"

    def __len__(self) -> int:
        return self._shape[0]
