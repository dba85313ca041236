"""Arrays of files of any format: headers are known, values are read when needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from .headers import RecordHeader
from .records import CSRRecord, DenseRecord, Record, RowSparseRecord

__all__ = [
    "ArrayFile",
    "ArrayHeader",
    "ArrayStream",
    "RecordStream",
    "flat_pieces",
    "header_of",
    "header_of_record",
]

Array = np.ndarray[Any, np.dtype[Any]]
#: ``hold(function, *arrays)`` calls a function while no other thread uses the arrays.
Hold = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What a file of any format says about one array.

    Attributes
    ----------
    shape : tuple of int
        The shape of the whole array.
    dtype : numpy.dtype
        The dtype of the values.
    storage : str
        ``'default'``, ``'row_sparse'`` or ``'csr'``.
    stored_shape : tuple of int
        The shape of the stored values: `shape` if dense.
    index_shapes : tuple of tuple of int
        None if dense; of the indices if row_sparse; of indptr and indices if csr.
    dev_type, dev_id, version : int
        As in :class:`~numparam.formats.DenseRecord`.

    Examples
    --------
    >>> import numpy as np
    >>> ArrayHeader.dense((2, 3), np.dtype("float32")).nbytes
    24
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    storage: str
    stored_shape: tuple[int, ...]
    index_shapes: tuple[tuple[int, ...], ...] = ()
    dev_type: int = 1
    dev_id: int = 0
    version: int = 2
    #: Bytes of the values and the ids.
    nbytes: int = field(init=False)

    def __post_init__(self) -> None:
        ids = 8 * sum(math.prod(shape) for shape in self.index_shapes)
        values = self.dtype.itemsize * math.prod(self.stored_shape)
        object.__setattr__(self, "nbytes", values + ids)

    @classmethod
    def dense(cls, shape: tuple[int, ...], dtype: np.dtype[Any]) -> ArrayHeader:
        """Return the header of a dense array."""
        return cls(shape, dtype, "default", shape)


class ArrayStream(Protocol):
    """One array, whose values are read when needed."""

    @property
    def header(self) -> ArrayHeader:
        """The header, which is known without the values."""
        ...

    def read(self) -> Record:
        """Return the array, in memory of its own."""
        ...

    def pieces(self, count: int) -> Iterator[Array]:
        """Yield the elements of a dense array in order, `count` at a time except at the end.

        A piece is one-dimensional; its memory is used again for the next one.
        """
        ...


class ArrayFile(Protocol):
    """An open file of named arrays."""

    #: The format's name, such as ``'params'``.
    format: str
    #: False for a list: its names are then ``'0'``, ``'1'``, …
    named: bool
    #: The arrays, in file order.
    arrays: dict[str, ArrayStream]

    def close(self) -> None:
        """Close the file; no array of it can be read afterwards."""
        ...


class RecordStream:
    """An array in memory.

    Parameters
    ----------
    record : DenseRecord, RowSparseRecord or CSRRecord
        The array.
    hold : callable, optional
        ``hold(function, *arrays)`` calls a function while no other thread writes to the arrays.
    """

    def __init__(self, record: Record, hold: Hold | None = None):
        self._record = record
        self._hold = hold
        self.header = header_of_record(record)

    def read(self) -> Record:
        """Return a copy of the array."""
        record = self._record
        arrays = [
            getattr(record, name) for name in ("data", "indptr", "indices") if hasattr(record, name)
        ]

        def copy() -> list[Array]:
            return [np.array(array, order="C") for array in arrays]

        copies = copy() if self._hold is None else self._hold(copy, *arrays)
        saved = record.dev_type, record.dev_id, record.version
        if isinstance(record, RowSparseRecord):
            return RowSparseRecord(record.shape, copies[0], copies[1], *saved)
        if isinstance(record, CSRRecord):
            return CSRRecord(record.shape, copies[0], copies[1], copies[2], *saved)
        return DenseRecord(copies[0], *saved)

    def pieces(self, count: int) -> Iterator[Array]:
        """Yield the elements in order, `count` at a time."""
        data = self._record.data if self._hold is None else self.read().data
        return flat_pieces(data, count)


def flat_pieces(data: Array, count: int) -> Iterator[Array]:
    """Yield the elements of an array in C order, `count` at a time."""
    flat = np.ascontiguousarray(data).reshape(-1)
    for begin in range(0, flat.size, count):
        yield flat[begin : begin + count]


def header_of(header: RecordHeader) -> ArrayHeader:
    """Return the header of a ``.params`` record in the form that all formats share."""
    return ArrayHeader(
        header.shape,
        header.dtype,
        header.storage,
        header.stored_shape,
        tuple(index.shape for index in header.index_headers),
        header.dev_type,
        header.dev_id,
        header.version,
    )


def header_of_record(record: Record) -> ArrayHeader:
    """Return the header of an array in memory."""
    ids: tuple[Array, ...] = ()
    if isinstance(record, CSRRecord):
        ids = (record.indptr, record.indices)
    elif not isinstance(record, DenseRecord):
        ids = (record.indices,)
    return ArrayHeader(
        tuple(record.shape),
        record.dtype,
        record.storage,
        tuple(record.data.shape),
        tuple(tuple(array.shape) for array in ids),
        record.dev_type,
        record.dev_id,
        record.version,
    )
