"""``.params`` files as streams of arrays, which are read and written one at a time."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from numparam.types.dtypes import FLAG_BY_DTYPE

from .errors import UnsupportedRecordError
from .headers import FILE_MAGIC, MAX_NDIM, RecordHeader
from .quoting import quoted
from .reader import ParamsReader
from .records import CSRRecord, DenseRecord, Record, RowSparseRecord
from .streams import ArrayHeader, ArrayStream, header_of
from .writer import encode_names, record_header

__all__ = ["ParamsFile", "check_params", "write_params"]

Array = np.ndarray[Any, np.dtype[Any]]
Put = Callable[[list[bytes | memoryview]], None]

_INT64 = np.dtype("<i8")


class ParamsFile:
    """An open ``.params`` file.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like or binary file object
        As for `ParamsReader`.
    encoding, errors : str
        How names are encoded; as for `ParamsReader`.
    """

    format = "params"

    def __init__(self, source: Any, encoding: str = "utf-8", errors: str = "strict"):
        self._reader = ParamsReader(source, encoding, errors)
        names = self._reader.names
        self.named = names is not None or not self._reader.headers
        if names is None:
            names = [str(position) for position in range(len(self._reader.headers))]
        # Of arrays of one name the last one counts, as in MXNet.
        self.arrays: dict[str, ArrayStream] = {
            name: _ParamsArray(self._reader, header)
            for name, header in zip(names, self._reader.headers, strict=True)
        }

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


class _ParamsArray:
    def __init__(self, reader: ParamsReader, header: RecordHeader):
        self._reader = reader
        self._header = header
        self.header = header_of(header)

    def read(self) -> Record:
        return self._reader.read(self._header)

    def pieces(self, count: int) -> Iterator[Array]:
        return self._reader.read_pieces(self._header, count)


def check_params(arrays: Mapping[str, ArrayStream]) -> None:
    """Raise unless the format can hold the arrays; no value is read.

    Raises
    ------
    UnsupportedRecordError, NameEncodingError, NameLengthError
        As from `numparam.formats.write`.
    """
    encode_names(list(arrays), len(arrays))
    for name, array in arrays.items():
        header = array.header
        if header.dtype not in FLAG_BY_DTYPE:
            known = ", ".join(dtype.name for dtype in FLAG_BY_DTYPE)
            raise UnsupportedRecordError(
                f"{quoted(name)}: a .params file has no dtype {header.dtype}. Convert it first, "
                f"with astype, or save as .safetensors. There are {known}"
            )
        if len(header.shape) > MAX_NDIM:
            raise UnsupportedRecordError(
                f"{quoted(name)}: {len(header.shape)} dimensions are more than the {MAX_NDIM} of "
                "a .params file"
            )


def write_params(
    put: Put,
    arrays: Mapping[str, ArrayStream],
    count: int,
    *,
    named: bool = True,
    np_shape: bool | None = None,
) -> None:
    """Write a ``.params`` file, one array after the other.

    Parameters
    ----------
    put : callable
        Writes a list of pieces, and keeps none.
    arrays : mapping of str to ArrayStream
        Checked by `check_params`.
    count : int
        How many bytes of an array are in memory at a time.
    named : bool, default True
        Write the names; otherwise a list.
    np_shape : bool, optional
        Write dense arrays as version 3. By default if one of them was read as version 3, or if
        all are dense and one has a shape that version 2 cannot hold.
    """
    if np_shape is None:
        headers = [array.header for array in arrays.values()]
        # MXNet reads files of one version only, so the one that holds everything is taken for all.
        dense = all(header.storage == "default" for header in headers)
        np_shape = any(header.version == 3 and header.shape for header in headers) or (
            dense and any(not header.shape or 0 in header.shape for header in headers)
        )
    put([struct.pack("<QQQ", FILE_MAGIC, 0, len(arrays))])
    for array in arrays.values():
        header = array.header
        put([record_header(_stand_in(header), np_shape)])
        if header.storage == "default":
            for piece in array.pieces(max(1, count // header.dtype.itemsize)):
                put([_memory(piece, header.dtype)])
            continue
        record = array.read()
        put([_memory(record.data, header.dtype)])
        if isinstance(record, CSRRecord):
            put([_memory(record.indptr, _INT64)])
        if not isinstance(record, DenseRecord):
            put([_memory(record.indices, _INT64)])
    names = encode_names(list(arrays), len(arrays)) if named else []
    pieces = b"".join(struct.pack("<Q", len(name)) + name for name in names)
    put([struct.pack("<Q", len(names)) + pieces])


def _stand_in(header: ArrayHeader) -> Record:
    """Return a record with that header, whose values take no memory."""

    def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        return np.broadcast_to(np.empty((), dtype), shape)

    data = empty(header.stored_shape, header.dtype)
    ids = [empty(shape, _INT64) for shape in header.index_shapes]
    saved = header.dev_type, header.dev_id, header.version
    if header.storage == "row_sparse":
        return RowSparseRecord(header.shape, data, ids[0], *saved)
    if header.storage == "csr":
        return CSRRecord(header.shape, data, ids[0], ids[1], *saved)
    return DenseRecord(data, *saved)


def _memory(array: Array, dtype: np.dtype[Any]) -> memoryview:
    in_order = np.ascontiguousarray(array, dtype=dtype.newbyteorder("<"))
    return in_order.reshape(-1).view(np.uint8).data
