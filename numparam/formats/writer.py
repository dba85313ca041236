"""Writing ``.params`` files, byte for byte as MXNet 1.9.1 writes them."""

from __future__ import annotations

import io
import os
import stat
import struct
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np

from numparam.devices.locks import exclusively
from numparam.types.dtypes import FLAG_BY_DTYPE, UnsupportedDTypeError, dtype_flag

from .atomic import replacing
from .errors import CountMismatchError, NameEncodingError, SparseIndexError, UnsupportedRecordError
from .headers import FILE_MAGIC, MAX_NDIM, RECORD_MAGICS, STORAGES
from .records import CSRRecord, DenseRecord, Record, RowSparseRecord
from .sparse_layout import find_count_mismatch, find_csr_defect, find_row_sparse_defect

__all__ = ["dumps", "dumps_record", "write"]

Array = np.ndarray[Any, np.dtype[Any]]

_INT64_FLAG = FLAG_BY_DTYPE[np.dtype(np.int64)]
_STORAGE_NUMBERS = {name: number for number, (name, _) in enumerate(STORAGES)}


def write(
    path: str | os.PathLike[Any],
    names: Sequence[str] | None,
    records: Sequence[Record],
    *,
    np_shape: bool = False,
) -> None:
    """Write a ``.params`` file, or leave the old one as it was.

    Parameters
    ----------
    path : str or os.PathLike
        The file. It is written beside the old one and put in its place at the end.
    names : sequence of str or None
        One name for each record, or None for a list. Names may repeat.
    records : sequence of DenseRecord, RowSparseRecord or CSRRecord
        The arrays.
    np_shape : bool, default False
        Write version 3 records, which can be zero-dimensional and cannot be sparse; else version 2.

    Raises
    ------
    UnsupportedRecordError
        If the format cannot hold a record. Before any file is touched, as are the next three.
    SparseIndexError
        If ids are out of range or out of order.
    CountMismatchError
        If the names are not as many as the records, or ids not as many as rows.
    NameEncodingError
        If a name cannot be encoded as UTF-8.
    FileAccessError
        If the operating system refuses; the old file is then as it was.

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
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"expected a path (str or os.PathLike), got {type(path).__name__}")
    encoded = _check(names, records, np_shape)
    with replacing(path) as file:
        _write_file(file, encoded, records, np_shape)


def dumps(
    names: Sequence[str] | None, records: Sequence[Record], *, np_shape: bool = False
) -> bytes:
    """Return what :func:`write` would write, as bytes.

    Parameters
    ----------
    names : sequence of str or None
        One name for each record, or None for a list.
    records : sequence of DenseRecord, RowSparseRecord or CSRRecord
        The arrays.
    np_shape : bool, default False
        Write version 3 records.

    Returns
    -------
    bytes
        The contents of a file.

    Raises
    ------
    UnsupportedRecordError, SparseIndexError, CountMismatchError, NameEncodingError
        As in :func:`write`.

    Examples
    --------
    >>> from numparam import formats
    >>> len(formats.dumps(None, []))
    32
    """
    encoded = _check(names, records, np_shape)
    with io.BytesIO() as file:
        _write_file(file, encoded, records, np_shape)
        return file.getvalue()


def dumps_record(record: Record, *, np_shape: bool = False) -> bytes:
    """Return one record without the header of a file: the state of a pickled MXNet NDArray.

    Parameters
    ----------
    record : DenseRecord, RowSparseRecord or CSRRecord
        The array.
    np_shape : bool, default False
        Write a version 3 record.

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
    _check_record(record, np_shape, "the record")
    return exclusively(lambda: b"".join(_record_chunks(record, np_shape)), record.data)


def _check(names: Sequence[str] | None, records: Sequence[Record], np_shape: bool) -> list[bytes]:
    """Check everything that can be checked before a file is touched; return the encoded names."""
    encoded = []
    if names is not None:
        if isinstance(names, str) or len(names) != len(records):
            raise CountMismatchError(
                f"expected one name for each of {len(records)} arrays, got {names!r:.200}"
            )
        for name in names:
            if not isinstance(name, str):
                raise UnsupportedRecordError(
                    f"expected names to be str, got {name!r} of type {type(name).__name__}"
                )
            try:
                encoded.append(name.encode("utf-8"))
            except UnicodeEncodeError as error:
                raise NameEncodingError(
                    f"the name {name!r} cannot be encoded as UTF-8 ({error.reason}): rename it"
                ) from error
    for index, record in enumerate(records):
        _check_record(record, np_shape, f"record {index} ({names[index] if names else 'no name'})")
    return encoded


def _check_record(record: Record, np_shape: bool, label: str) -> None:
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
    if isinstance(record, DenseRecord):
        if not record.shape and not np_shape:
            raise UnsupportedRecordError(
                f"{label}: a zero-dimensional array can be saved only under np_shape: without it "
                "the shape () means an unknown one, and MXNet cannot read the file. Turn on "
                "np_shape, or reshape to (1,)"
            )
        return
    if np_shape:
        raise UnsupportedRecordError(
            f"{label}: a {record.storage} array cannot be saved under np_shape. Turn it off for "
            "saving, or convert to dense first"
        )
    _check_sparse_record(record, label)


def _check_sparse_record(record: RowSparseRecord | CSRRecord, label: str) -> None:
    indexes = _indexes(record)
    for ids in indexes:
        if ids.dtype.kind not in "iu":
            raise UnsupportedRecordError(f"{label}: ids must be integers, got dtype {ids.dtype}")
    if not record.shape or min(record.shape) < 0:
        raise UnsupportedRecordError(f"{label}: impossible shape {record.shape}")
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


def _write_file(
    file: BinaryIO, encoded_names: list[bytes], records: Sequence[Record], np_shape: bool
) -> None:
    file.write(struct.pack("<QQQ", FILE_MAGIC, 0, len(records)))
    for record in records:
        _write_record(file, record, np_shape)
    file.write(struct.pack("<Q", len(encoded_names)))
    for name in encoded_names:
        file.write(struct.pack("<Q", len(name)))
        file.write(name)


def _write_record(file: BinaryIO, record: Record, np_shape: bool) -> None:
    if _may_wait(file):
        # The reader of a pipe may be a thread that needs the array first: copy, and then write.
        file.write(dumps_record(record, np_shape=np_shape))
        return

    def write() -> None:
        for chunk in _record_chunks(record, np_shape):
            file.write(chunk)

    exclusively(write, record.data)


def _may_wait(file: BinaryIO) -> bool:
    """Whether writing can wait for a reader: for pipes and devices, not for files or memory."""
    try:
        return not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except OSError:  # it is in memory
        return False


def _record_chunks(record: Record, np_shape: bool) -> Iterator[bytes | memoryview]:
    header = [struct.pack("<I", RECORD_MAGICS[3 if np_shape else 2])]
    header.append(struct.pack("<i", _STORAGE_NUMBERS[record.storage]))
    indexes = _indexes(record)
    if indexes:
        header.append(_shape_bytes(record.data.shape))
    header.append(_shape_bytes(record.shape))
    device = record.dev_type, record.dev_id
    header.append(struct.pack("<iii", *device, dtype_flag(record.dtype)))
    for ids in indexes:
        header.append(struct.pack("<i", _INT64_FLAG) + _shape_bytes(ids.shape))
    yield b"".join(header)
    yield _memory(record.data, record.dtype)
    for ids in indexes:
        yield _memory(ids, np.dtype(np.int64))


def _shape_bytes(shape: Sequence[int]) -> bytes:
    return struct.pack(f"<i{len(shape)}q", len(shape), *shape)


def _memory(array: Array, dtype: np.dtype[Any]) -> memoryview:
    """Return an array's bytes as the file has them: itself, where it is so in memory already."""
    little = np.ascontiguousarray(array, dtype=dtype.newbyteorder("<"))
    return little.reshape(-1).view(np.uint8).data
