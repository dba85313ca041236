"""Writing ``.params`` files, byte for byte as MXNet 1.9.1 writes them."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numparam.types.dtypes import FLAG_BY_DTYPE, UnsupportedDTypeError, dtype_flag

from .atomic import write_file
from .errors import (
    CountMismatchError,
    NameEncodingError,
    NameLengthError,
    SparseIndexError,
    UnsupportedRecordError,
)
from .headers import FILE_MAGIC, MAX_NAME_LENGTH, MAX_NDIM, RECORD_MAGICS, STORAGES
from .quoting import quoted
from .records import CSRRecord, DenseRecord, Record, RowSparseRecord
from .sources import is_file_object
from .sparse_layout import (
    find_count_mismatch,
    find_csr_defect,
    find_row_sparse_defect,
    find_shape_defect,
)

__all__ = ["FileObject", "dumps", "dumps_record", "encode_names", "record_header", "write"]

Array = np.ndarray[Any, np.dtype[Any]]
#: ``hold(function, *arrays)`` calls a function while no other thread uses the arrays.
Hold = Callable[..., Any]
Put = Callable[[list[bytes | memoryview]], None]

_INT64 = np.dtype(np.int64)
_INT64_FLAG = FLAG_BY_DTYPE[_INT64]
_STORAGE_NUMBERS = {name: number for number, (name, _) in enumerate(STORAGES)}
# Arrays up to so many bytes are copied, and many of them written by one call of the system.
_SMALL = 64 << 10
_BATCH_BYTES = 4 << 20
_BATCH_PIECES = 1000


def write(
    target: Any,
    names: Sequence[str] | None,
    records: Sequence[Record],
    *,
    np_shape: bool = False,
    hold: Hold | None = None,
) -> None:
    """Write a ``.params`` file; if that fails, the old one stays as it was.

    Parameters
    ----------
    target : str, os.PathLike or binary file object
        The file. A path's file is written beside the old one and put in its place at the end. A
        file object is written to from its position.
    names : sequence of str or None
        One name for each record, or None for a list. Names may repeat.
    records : sequence of DenseRecord, RowSparseRecord or CSRRecord
        The arrays.
    np_shape : bool, default False
        Write dense arrays as version 3, as MXNet does where NumPy shapes are on; else as version 2.
        Sparse arrays are always of version 2, zero-dimensional ones of version 3, since the other
        version cannot hold them.
    hold : callable, optional
        ``hold(function, *arrays)`` calls a function while no other thread writes to the arrays, so
        that the file holds each array as it was at one moment. None if no other thread does.

    Raises
    ------
    UnsupportedRecordError
        If the format cannot hold a record. Before any file is touched, as are the next three.
    SparseIndexError
        If ids are out of range or out of order.
    CountMismatchError
        If the names are not as many as the records, or ids not as many as rows.
    NameEncodingError, NameLengthError
        If a name cannot be encoded as UTF-8, or is too long.
    FileAccessError
        If the operating system refuses; the old file is then as it was.

    Notes
    -----
    Large arrays are written to regular files from where they are, within `hold`: no memory is taken
    for them, and writing a regular file never waits for another process. For pipes,
    devices and file objects each array is copied within `hold` and written outside of it, which
    takes the memory of one array.

    MXNet reads files that have both versions only where NumPy shapes are on for the whole process,
    ``mx.npx.set_np(shape=True)`` or ``set_np_shape(2)``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from numparam import formats
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
    >>> formats.write(path, ["bias"], [formats.DenseRecord(np.ones(3, np.float32))])
    >>> formats.read(path)[1][0].data
    array([1., 1., 1.], dtype=float32)
    """
    to_object = is_file_object(target)
    if not to_object and not isinstance(target, (str, os.PathLike)):
        raise TypeError(
            "expected a path (str or os.PathLike) or a binary file object, got "
            f"{type(target).__name__}"
        )
    encoded = _check(names, records)
    if to_object:
        file = FileObject(target)
        _write_file(file.write_pieces, False, encoded, records, np_shape, hold)
        return
    write_file(
        target,
        lambda file, regular: _write_file(
            file.write_pieces, regular, encoded, records, np_shape, hold
        ),
    )


class FileObject:
    """A binary file object that pieces are written to."""

    def __init__(self, file: Any) -> None:
        if isinstance(file, io.TextIOBase):
            raise TypeError(
                "expected a binary file object, got one for text; open it with mode 'wb'"
            )
        if not callable(getattr(file, "write", None)):
            raise TypeError(
                f"expected a path or a file object to write to; {type(file).__name__} has no "
                "write()"
            )
        self._file = file

    def write_pieces(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Write pieces of memory completely, one after the other."""
        for piece in pieces:
            left = memoryview(piece)
            while len(left):
                count = self._file.write(left)
                if count is None and isinstance(self._file, io.RawIOBase):
                    raise BlockingIOError(11, "the file object does not wait; make it blocking")
                if not isinstance(count, int):
                    break  # file objects that do not count write everything
                left = left[count:]


def dumps(
    names: Sequence[str] | None,
    records: Sequence[Record],
    *,
    np_shape: bool = False,
    hold: Hold | None = None,
) -> bytes:
    """Return the contents of the file that :func:`write` would write.

    Parameters
    ----------
    names : sequence of str or None
        One name for each record, or None for a list.
    records : sequence of DenseRecord, RowSparseRecord or CSRRecord
        The arrays.
    np_shape : bool, default False
        Write dense arrays as version 3.
    hold : callable, optional
        As for :func:`write`.

    Returns
    -------
    bytes
        The contents of a file.

    Raises
    ------
    UnsupportedRecordError, SparseIndexError, CountMismatchError, NameEncodingError, NameLengthError
        As in :func:`write`.

    Examples
    --------
    >>> from numparam import formats
    >>> len(formats.dumps(None, []))
    32
    """
    encoded = _check(names, records)
    pieces: list[bytes | memoryview] = []
    _write_file(pieces.extend, False, encoded, records, np_shape, hold)
    return b"".join(pieces)


def dumps_record(record: Record, *, np_shape: bool = False, hold: Hold | None = None) -> bytes:
    """Return one record without the header of a file: the state of a pickled MXNet NDArray.

    Parameters
    ----------
    record : DenseRecord, RowSparseRecord or CSRRecord
        The array.
    np_shape : bool, default False
        Write a dense array as version 3.
    hold : callable, optional
        As for :func:`write`.

    Returns
    -------
    bytes
        For :func:`~numparam.formats.loads_record`.

    Raises
    ------
    UnsupportedRecordError, SparseIndexError, CountMismatchError
        As in :func:`write`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam import formats
    >>> formats.dumps_record(formats.DenseRecord(np.zeros(4, np.int8))).hex(" ", 4)
    'c9fa93f9 00000000 01000000 04000000 00000000 01000000 00000000 05000000 00000000'
    """
    _check_record(record, "the record")
    arrays = [record.data, *_indexes(record)]
    return _held(
        hold,
        lambda: b"".join(
            [record_header(record, np_shape), *map(_memory, arrays, _file_dtypes(record))]
        ),
        *arrays,
    )


def _held(hold: Hold | None, function: Callable[[], Any], *arrays: Array) -> Any:
    """Call a function through `hold`, if that is given."""
    return function() if hold is None else hold(function, *arrays)


def _check(names: Sequence[str] | None, records: Sequence[Record]) -> list[bytes]:
    """Check everything that can be checked before a file is touched; return the encoded names."""
    encoded = [] if names is None else encode_names(names, len(records))
    for index, record in enumerate(records):
        if not _is_plain(record):
            name = quoted(names[index]) if names else "no name"
            _check_record(record, f"record {index} ({name})")
    return encoded


def encode_names(names: Sequence[str], count: int) -> list[bytes]:
    """Return the names of `count` arrays as a file has them."""
    if isinstance(names, str) or len(names) != count:
        raise CountMismatchError(
            f"expected one name for each of {count} arrays, got {names!r:.200}"
        )
    encoded = []
    for name in names:
        if not isinstance(name, str):
            raise UnsupportedRecordError(
                f"expected names to be str, got {name!r:.200} of type {type(name).__name__}"
            )
        try:
            # Bytes that are not UTF-8 come from files, and go back as they were.
            encoded.append(name.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError as error:
            raise NameEncodingError(
                f"the name {quoted(name)} cannot be encoded as UTF-8 ({error.reason}): rename it"
            ) from error
        if len(encoded[-1]) > MAX_NAME_LENGTH:
            raise NameLengthError(
                f"the name {quoted(name)} is longer than {MAX_NAME_LENGTH} bytes, which no reader "
                "accepts: rename it"
            )
    return encoded


def _is_plain(record: Record) -> bool:
    """Return whether a record is an ordinary dense array, which can be written as it is."""
    if type(record) is not DenseRecord or type(record.data) is not np.ndarray:
        return False
    return record.data.dtype in FLAG_BY_DTYPE and record.data.ndim <= MAX_NDIM


def _check_record(record: Record, label: str) -> None:
    if not isinstance(record, (DenseRecord, RowSparseRecord, CSRRecord)):
        raise UnsupportedRecordError(
            f"{label}: expected a DenseRecord, RowSparseRecord or CSRRecord, got "
            f"{type(record).__name__}"
        )
    for array in (record.data, *_indexes(record)):
        if not isinstance(array, np.ndarray):
            raise UnsupportedRecordError(
                f"{label}: expected NumPy arrays, got {type(array).__name__}"
            )
    try:
        dtype_flag(record.dtype)
    except UnsupportedDTypeError as error:
        raise UnsupportedRecordError(
            f"{label}: the format has no dtype {record.dtype}. Convert first, for example to "
            "float32; it has float16, float32, float64, bfloat16, bool and integers of 8 to 64 bits"
        ) from error
    if len(record.shape) > MAX_NDIM:
        raise UnsupportedRecordError(
            f"{label}: {len(record.shape)} dimensions are more than the {MAX_NDIM} that a reader "
            "accepts. Reshape first"
        )
    if not isinstance(record, DenseRecord):
        _check_sparse_record(record, label)


def _check_sparse_record(record: RowSparseRecord | CSRRecord, label: str) -> None:
    indexes = _indexes(record)
    for ids in indexes:
        if ids.dtype.kind not in "iu":
            raise UnsupportedRecordError(f"{label}: ids must be integers, got dtype {ids.dtype}")
    if not record.shape:
        raise UnsupportedRecordError(
            f"{label}: a {record.storage} array has one dimension at least, not the shape ()"
        )
    problem = find_shape_defect(record.storage, record.shape)
    if problem is not None:
        raise UnsupportedRecordError(f"{label}: the shape {record.shape} {problem}")
    mismatch = find_count_mismatch(
        record.storage, record.shape, record.data.shape, [ids.shape for ids in indexes]
    )
    if mismatch:
        raise CountMismatchError(f"{label}: {mismatch}")
    if isinstance(record, RowSparseRecord):
        defect = find_row_sparse_defect(record.indices, record.shape[0])
    else:
        columns = record.shape[1] if len(record.shape) > 1 else 0
        defect = find_csr_defect(record.indptr, record.indices, columns)
    if defect is not None:
        raise SparseIndexError(
            f"{label}: {defect.problem} (element {defect.position}). Such a file could not be read "
            "back: sort the ids, drop those out of range, and save again"
        )


def _indexes(record: Record) -> list[Array]:
    if isinstance(record, RowSparseRecord):
        return [record.indices]
    if isinstance(record, CSRRecord):
        return [record.indptr, record.indices]
    return []


def _file_dtypes(record: Record) -> list[np.dtype[Any]]:
    return [record.dtype, *[_INT64 for _ in _indexes(record)]]


def _write_file(
    put: Put,
    regular: bool,
    encoded_names: list[bytes],
    records: Sequence[Record],
    np_shape: bool,
    hold: Hold | None,
) -> None:
    batch = _Batch(put, regular, hold)
    batch.add(struct.pack("<QQQ", FILE_MAGIC, 0, len(records)))
    for record in records:
        batch.add(record_header(record, np_shape))
        batch.add_array(record.data, record.data.dtype)
        for ids in _indexes(record):
            batch.add_array(ids, _INT64)
    batch.add(struct.pack("<Q", len(encoded_names)))
    for name in encoded_names:
        batch.add(struct.pack("<Q", len(name)) + name)
    batch.flush()


class _Batch:
    """A buffer that collects small pieces and writes them together.

    Parameters
    ----------
    put : callable
        Writes a list of pieces.
    regular : bool
        Whether it does so without ever waiting for another process.
    hold : callable or None
        As for `write`.
    """

    def __init__(self, put: Put, regular: bool, hold: Hold | None) -> None:
        self._put = put
        self._regular = regular
        self._hold = hold
        self._pieces: list[bytes | memoryview] = []
        self._size = 0

    def add(self, piece: bytes | memoryview) -> None:
        """Add bytes that nothing else modifies."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _BATCH_BYTES or len(self._pieces) >= _BATCH_PIECES:
            self.flush()

    def add_array(self, array: Array, dtype: np.dtype[Any]) -> None:
        """Add an array's elements; its memory is not referred to afterwards."""
        if not self._regular or array.nbytes <= _SMALL:
            self.add(_held(self._hold, lambda: _in_file_order(array, dtype).tobytes(), array))
            return

        def write() -> None:
            self._pieces.append(_memory(array, dtype))
            self.flush()

        _held(self._hold, write, array)

    def flush(self) -> None:
        """Write all added pieces."""
        if self._pieces:
            pieces, self._pieces, self._size = self._pieces, [], 0
            self._put(pieces)


def record_header(record: Record, np_shape: bool) -> bytes:
    """Return the header of a record, which precedes the values; see `write` for the version."""
    data = record.data
    shape = record.shape
    indexes = _indexes(record)
    version = 3 if not shape or (np_shape and not indexes) else 2
    flag = FLAG_BY_DTYPE.get(data.dtype)
    if flag is None:
        flag = dtype_flag(data.dtype)
    device = record.dev_type, record.dev_id
    if not indexes:
        layout = f"<Iii{len(shape)}qiii"
        return struct.pack(layout, RECORD_MAGICS[version], 0, len(shape), *shape, *device, flag)
    header = [struct.pack("<Ii", RECORD_MAGICS[version], _STORAGE_NUMBERS[record.storage])]
    header += [_shape_bytes(data.shape), _shape_bytes(shape), struct.pack("<iii", *device, flag)]
    for ids in indexes:
        header.append(struct.pack("<i", _INT64_FLAG) + _shape_bytes(ids.shape))
    return b"".join(header)


def _shape_bytes(shape: Sequence[int]) -> bytes:
    return struct.pack(f"<i{len(shape)}q", len(shape), *shape)


def _in_file_order(array: Array, dtype: np.dtype[Any]) -> Array:
    """Return an array in the file's layout: the array itself, if it has that layout."""
    return np.ascontiguousarray(array, dtype=dtype.newbyteorder("<"))


def _memory(array: Array, dtype: np.dtype[Any]) -> memoryview:
    return _in_file_order(array, dtype).reshape(-1).view(np.uint8).data
