"""The headers of ``.params`` files: everything but the arrays' values.

The values are stepped over, so that a caller can compare names, shapes, dtypes and sizes with what
it expects before a single value is read. What is known after this step: every value the headers
speak of lies within the file.
"""

from __future__ import annotations

import math
import struct
from typing import Any, NamedTuple, NoReturn

import numpy as np

from numparam.types.dtypes import DTYPE_BY_FLAG

from . import sparse_layout
from .cursor import Cursor
from .errors import (
    CountMismatchError,
    FormatError,
    ImpossibleShapeError,
    NameEncodingError,
    NameLengthError,
    NoneArrayError,
    RecordMagicError,
    TruncatedFileError,
    UnknownDtypeError,
    UnknownStorageTypeError,
)
from .signatures import FILE_MAGIC, PREFIX_LENGTH, RECORD_MAGICS, check_file_magic
from .sources import ByteSource

__all__ = [
    "FILE_MAGIC",
    "MAX_NAME_LENGTH",
    "MAX_NDIM",
    "RECORD_MAGICS",
    "STORAGES",
    "IndexHeader",
    "RecordHeader",
    "decode_names",
    "parse_file",
    "parse_record",
]

#: The storage types by their number in the file, with the number of index arrays of each.
STORAGES = (("default", 0), ("row_sparse", 1), ("csr", 2))
#: NumPy before version 2, and with it MXNet, has no array of more dimensions.
MAX_NDIM = 32
#: The most bytes of a name: far more than any name has, and little memory.
MAX_NAME_LENGTH = 1 << 20

_VERSIONS = {magic: version for version, magic in RECORD_MAGICS.items()}
_DAMAGED = "The file is damaged: fetch or save it again."


class IndexHeader(NamedTuple):
    """An index array of a sparse record: its dtype, shape and place in the file (bytes)."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    nbytes: int


class RecordHeader(NamedTuple):
    """What a file says about one array, apart from the values.

    Attributes
    ----------
    version : int
        0 to 3. 3 means saved under ``np_shape``.
    storage : str
        ``'default'``, ``'row_sparse'`` or ``'csr'``.
    shape : tuple of int
        The shape of the whole array.
    dtype : numpy.dtype
        The dtype of the values.
    dev_type, dev_id : int
        The context it was saved from; see :class:`~numparam.formats.DenseRecord`.
    offset : int
        Where the record begins, in bytes.
    stored_shape : tuple of int
        The shape of the values in the file: `shape` if dense.
    data_offset : int
        Where the values begin, in bytes.
    nbytes : int
        The size of the values in bytes.
    index_headers : tuple of IndexHeader
        None if dense; indices if row_sparse; indptr and indices if csr.
    """

    version: int
    storage: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    dev_type: int
    dev_id: int
    offset: int
    stored_shape: tuple[int, ...]
    data_offset: int
    nbytes: int
    index_headers: tuple[IndexHeader, ...]


_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
_U64 = struct.Struct("<Q")
_DEVICE_AND_DTYPE = struct.Struct("<iii")
# A version 2 or 3 header of a dense array: magic, storage and ndim; then shape, device and dtype.
_PLAIN_NDIM = 6
_PLAIN_BEGIN = struct.Struct("<Iii")
_PLAIN_END = [struct.Struct(f"<{ndim}qiii") for ndim in range(_PLAIN_NDIM + 1)]
_PLAIN_LENGTH = 24 + 8 * _PLAIN_NDIM
# A file with a number of arrays up to this, and too few bytes for them, was rather cut short.
_MANY_ARRAYS = 1 << 20
_DIMENSIONS = {
    "q": [struct.Struct(f"<{n}q") for n in range(MAX_NDIM + 1)],
    "I": [struct.Struct(f"<{n}I") for n in range(MAX_NDIM + 1)],
}


def parse_file(source: ByteSource) -> tuple[list[bytes] | None, list[RecordHeader]]:
    """Read the names and headers of a file.

    Parameters
    ----------
    source : ByteSource
        The open file.

    Returns
    -------
    names : list of bytes or None
        As they are in the file; None if the file is a list. Names may repeat.
    headers : list of RecordHeader
        One for each array, in file order.

    Raises
    ------
    FormatError
        Of the class that fits the damage.

    Notes
    -----
    Memory: some hundred bytes an array, and an array takes 16 bytes of a file at least. A count in
    the file never sizes an allocation.
    """
    cursor = Cursor(source, "the file's beginning")
    check_file_magic(source.read_at(0, min(source.size, PREFIX_LENGTH)), source.name)
    if source.size < 16:
        raise TruncatedFileError(
            f"expected a .params file, which has 32 bytes at least, found {source.size} bytes. "
            "It was cut short: fetch or save it again.",
            source=source.name,
            offset=source.size,
        )
    cursor.position = 16  # the second number is reserved: MXNet ignores it
    (count,) = cursor.take(_U64, "the number of arrays")
    if count > max(source.size, _MANY_ARRAYS):
        raise CountMismatchError(
            f"the number of arrays, {count}, is larger than the file, which has {source.size} "
            f"bytes. {_DAMAGED}",
            source=source.name,
            offset=16,
        )
    headers: list[RecordHeader] = []
    for index in range(count):
        header = _parse_plain(cursor)
        if header is not None:
            headers.append(header)
            continue
        cursor.what = f"array {index + 1} of {count}"
        begin = cursor.position
        try:
            headers.append(parse_record(cursor))
        except FormatError as error:
            if headers and headers[0].version and _is_version_0(source, begin):
                # No MXNet writes both kinds: the number of names was taken for an array.
                raise CountMismatchError(
                    f"{cursor.what}: no array follows the first {index}: the number of arrays at "
                    f"byte 16, {count}, is too large. {_DAMAGED}",
                    source=source.name,
                    offset=begin,
                ) from error
            raise
    return _parse_names(cursor, count), headers


def _is_version_0(source: ByteSource, offset: int) -> bool:
    if source.size - offset < _U32.size:
        return False
    return _U32.unpack(source.read_at(offset, _U32.size))[0] <= MAX_NDIM


def _parse_names(cursor: Cursor, count: int) -> list[bytes] | None:
    cursor.what = "the names"
    begin = cursor.position
    (name_count,) = cursor.take(_U64, "the number of names")
    if name_count not in (0, count):
        problem = (
            f"expected {count} names, one for each array, or none, found {name_count}: a count, or "
            "the shape or dtype of an array before it, is wrong. "
        )
        if name_count & 0xFFFFFFFF in _VERSIONS:
            problem = (
                f"expected the names of {count} arrays, found another array: the number of arrays "
                "at byte 16 is too small. "
            )
        cursor.fail(CountMismatchError, problem + _DAMAGED, begin)
    if not name_count:
        return None
    return [_take_name(cursor, index, name_count) for index in range(name_count)]


def _take_name(cursor: Cursor, index: int, count: int) -> bytes:
    window, at = cursor.peek(_U64.size)
    if window is not None:  # most names lie within the window
        end = at + _U64.size + _U64.unpack_from(window, at)[0]
        if end <= len(window):
            cursor.position += end - at
            return window[at + _U64.size : end]
    begin = cursor.position
    (length,) = cursor.take(_U64, "a name's length")
    cursor.what = f"name {index + 1} of {count}"
    if MAX_NAME_LENGTH < length <= cursor.source.size - cursor.position:
        cursor.fail(
            NameLengthError,
            f"expected a name of at most {MAX_NAME_LENGTH} bytes, found one of {length}. "
            f"{_DAMAGED}",
            begin,
        )
    return cursor.take_bytes(length, "a name")


def decode_names(names: list[bytes], encoding: str, errors: str, source: str) -> list[str]:
    """Decode the names of a file.

    Parameters
    ----------
    names : list of bytes
        As they are in the file.
    encoding, errors : str
        As for :meth:`bytes.decode`.
    source : str
        What messages call the file.

    Returns
    -------
    list of str
        The names.

    Raises
    ------
    NameEncodingError
        If a name is not encoded so, or there is no such encoding or error handler.

    Examples
    --------
    >>> decode_names(["权重".encode("gbk")], "gbk", "strict", "net.params")
    ['权重']
    """
    try:
        return [name.decode(encoding, errors) for name in names]
    except LookupError as error:
        raise NameEncodingError(
            f"{error}: name an encoding of Python's, such as 'gbk', 'shift_jis', 'cp1252' or "
            "'utf-8'",
            source=source,
        ) from error
    except UnicodeDecodeError as error:
        raise NameEncodingError(
            f"the name {error.object[:50]!r} is not encoded in {encoding} ({error.reason}). Pass "
            "the encoding of the system that saved the file, for example encoding='gbk' for "
            "Python 2 on a Chinese one; or errors='surrogateescape', which keeps such bytes in "
            "the names and saves them again as they were.",
            source=source,
        ) from error


def _parse_plain(cursor: Cursor) -> RecordHeader | None:
    """Read the header of an ordinary dense array; if it is not one, return None and read nothing.

    The same as `parse_record` in a tenth of the steps.
    """
    window, at = cursor.peek(_PLAIN_LENGTH)
    if window is None:
        return None
    magic, storage, ndim = _PLAIN_BEGIN.unpack_from(window, at)
    version = _VERSIONS.get(magic, 0)
    if version < 2 or storage or not 0 < ndim <= _PLAIN_NDIM:
        return None
    numbers = _PLAIN_END[ndim].unpack_from(window, at + 12)
    dimensions, (dev_type, dev_id, flag) = numbers[:ndim], numbers[ndim:]
    dtype = DTYPE_BY_FLAG.get(flag)
    if dtype is None:
        return None
    least = min(dimensions)
    if least < 0 or (not least and sparse_layout.find_shape_defect("default", dimensions)):
        return None
    nbytes = math.prod(dimensions) * dtype.itemsize
    offset = cursor.position
    data_offset = offset + 24 + 8 * ndim
    end = data_offset + nbytes
    if end > cursor.source.size:
        return None
    cursor.position = end
    return RecordHeader(
        version,
        "default",
        dimensions,
        dtype,
        dev_type,
        dev_id,
        offset,
        dimensions,
        data_offset,
        nbytes,
        (),
    )


def parse_record(cursor: Cursor) -> RecordHeader:
    """Read one record's header and skip its values.

    Parameters
    ----------
    cursor : Cursor
        At the record's beginning; left behind its end.

    Returns
    -------
    RecordHeader
        With offsets from the source's beginning.
    """
    offset = cursor.position
    (magic,) = cursor.take(_U32, "an array's magic number")
    version = _VERSIONS.get(magic, 0)
    storage, index_count, stored_shape = "default", 0, None
    if version >= 2:
        storage, index_count = _take_storage(cursor)
        if index_count:
            stored_shape = _take_shape(cursor, version, "the stored data's shape")
        shape = _take_shape(cursor, version, "the shape", storage)
    elif version == 1:
        shape = _take_shape(cursor, version, "the shape")
    elif magic <= MAX_NDIM:
        shape = _take_dimensions(cursor, magic, "I", version, "the shape")
    else:
        cursor.fail(
            RecordMagicError,
            f"expected the beginning of an array (f993fac8, f993fac9 or f993faca), found "
            f"{magic:08x}. {_DAMAGED}",
            offset,
        )
    dev_type, dev_id, flag = cursor.take(_DEVICE_AND_DTYPE, "device and dtype")
    dtype = _dtype(cursor, flag, cursor.position - 4)
    indexes = []
    for _ in range(index_count):
        at = cursor.position
        (index_flag,) = cursor.take(_I32, "the ids' dtype")
        index_dtype = _dtype(cursor, index_flag, at)
        if index_dtype not in (np.int64, np.int32):
            problem = f"expected ids of dtype int64, found {index_dtype}. {_DAMAGED}"
            cursor.fail(UnknownDtypeError, problem, at)
        indexes.append((index_dtype, _take_shape(cursor, 3, "the ids' shape")))
    if stored_shape is None:
        stored_shape = shape
    elif not shape:
        problem = f"a {storage} array has one dimension at least, found none. {_DAMAGED}"
        cursor.fail(ImpossibleShapeError, problem, offset)
    else:
        mismatch = sparse_layout.find_count_mismatch(
            storage, shape, stored_shape, [ids[1] for ids in indexes]
        )
        if mismatch:
            cursor.fail(CountMismatchError, f"{mismatch}. {_DAMAGED}", offset)
    nbytes = math.prod(stored_shape) * dtype.itemsize
    data_offset = cursor.skip(nbytes, "values")
    index_headers = []
    for index_dtype, index_shape in indexes:
        size = index_shape[0] * index_dtype.itemsize
        at = cursor.skip(size, "ids")
        index_headers.append(IndexHeader(index_dtype, index_shape, at, size))
    return RecordHeader(
        version,
        storage,
        shape,
        dtype,
        dev_type,
        dev_id,
        offset,
        stored_shape,
        data_offset,
        nbytes,
        tuple(index_headers),
    )


def _take_storage(cursor: Cursor) -> tuple[str, int]:
    at = cursor.position
    (storage,) = cursor.take(_I32, "the storage type")
    if not 0 <= storage < len(STORAGES):
        cursor.fail(
            UnknownStorageTypeError,
            f"expected the storage type 0 (dense), 1 (row_sparse) or 2 (csr), found {storage}. "
            f"{_DAMAGED}",
            at,
        )
    return STORAGES[storage]


def _dtype(cursor: Cursor, flag: int, offset: int) -> np.dtype[Any]:
    dtype = DTYPE_BY_FLAG.get(flag)
    if dtype is None:
        cursor.fail(
            UnknownDtypeError,
            f"expected a dtype number from 0 to 12, found {flag}. {_DAMAGED}",
            offset,
        )
    return dtype


def _take_shape(
    cursor: Cursor, version: int, purpose: str, storage: str = "default"
) -> tuple[int, ...]:
    at = cursor.position
    (ndim,) = cursor.take(_I32, purpose)
    if ndim == -1 and version == 3 and purpose == "the shape":
        _fail_none(cursor, at)
    if not 0 <= ndim <= MAX_NDIM:
        problem = f"{purpose} has {ndim} dimensions; expected 0 to {MAX_NDIM}. {_DAMAGED}"
        cursor.fail(ImpossibleShapeError, problem, at)
    return _take_dimensions(cursor, ndim, "q", version, purpose, storage)


def _take_dimensions(
    cursor: Cursor, ndim: int, code: str, version: int, purpose: str, storage: str = "default"
) -> tuple[int, ...]:
    at = cursor.position
    if not ndim and version != 3:
        _fail_none(cursor, at - 4)
    shape = cursor.take(_DIMENSIONS[code][ndim], purpose)
    problem = sparse_layout.find_shape_defect(storage, shape)
    if problem is not None:
        cursor.fail(ImpossibleShapeError, f"{purpose}, {shape}, {problem}. {_DAMAGED}", at)
    return shape


def _fail_none(cursor: Cursor, offset: int) -> NoReturn:
    cursor.fail(
        NoneArrayError,
        "no shape and no values: either an array that MXNet never gave any, or a zero-dimensional "
        "one that was saved without np_shape, which MXNet cannot read either. Save it again, with "
        "values, or under np_shape.",
        offset,
    )
