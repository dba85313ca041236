"""Files of arrays: MXNet's ``.params`` format, on plain NumPy arrays.

This package knows bytes, NumPy arrays and nothing else of numparam: no NDArray, no Context, no
Parameter. The layers above turn records into arrays of their own.

Notes
-----
The format, as MXNet 1.9.1 writes it; everything is little endian::

    file   := u64 0x112 | u64 reserved | u64 N | N * record | u64 K | K * (u64 length | UTF-8 name)
    record := u32 magic | (depends on the version)
      V2 0xF993FAC9, V3 0xF993FACA (V3: saved under np_shape, so that () is a shape):
         i32 storage (0 dense, 1 row_sparse, 2 csr) | [shape of the stored data, if not dense]
         | shape | i32 device type, i32 device id | i32 dtype
         | [one (i32 dtype, shape) for each index array, if not dense] | data | index arrays
         index arrays: row_sparse [indices]; csr [indptr, indices]
      V1 0xF993FAC8: shape | i32 device type, i32 device id | i32 dtype | data
      V0 the magic is ndim itself: ndim * u32 | i32 device type, i32 device id | i32 dtype | data
    shape  := i32 ndim | ndim * i64

K is 0 (a list) or N (names). Bytes after the last name are ignored.

Examples
--------
>>> import numpy as np
>>> from numparam import formats
>>> weight = formats.DenseRecord(np.array([[1, 2], [3, 4]], dtype=np.float32))
>>> contents = formats.dumps(["weight"], [weight])
>>> names, records = formats.read(contents)
>>> names, records[0].shape, records[0].data.tolist()
(['weight'], (2, 2), [[1.0, 2.0], [3.0, 4.0]])
"""

from __future__ import annotations

from numparam._missing import show_public_names

from .errors import (
    CountMismatchError,
    FileAccessError,
    FormatError,
    GitLfsPointerError,
    HtmlPageError,
    ImpossibleShapeError,
    InPlaceWarning,
    NameEncodingError,
    NameLengthError,
    NoneArrayError,
    NotAParamsFileError,
    ParamsFileNotFoundError,
    RecordMagicError,
    SparseIndexError,
    TruncatedFileError,
    UnknownDtypeError,
    UnknownStorageTypeError,
    UnsupportedRecordError,
    ZipArchiveError,
)
from .headers import RecordHeader
from .reader import ParamsReader, loads_record, read, read_headers
from .records import CSRRecord, DenseRecord, Record, RowSparseRecord
from .writer import dumps, dumps_record, write

__all__ = [
    "CSRRecord",
    "CountMismatchError",
    "DenseRecord",
    "FileAccessError",
    "FormatError",
    "GitLfsPointerError",
    "HtmlPageError",
    "ImpossibleShapeError",
    "InPlaceWarning",
    "NameEncodingError",
    "NameLengthError",
    "NoneArrayError",
    "NotAParamsFileError",
    "ParamsFileNotFoundError",
    "ParamsReader",
    "Record",
    "RecordHeader",
    "RecordMagicError",
    "RowSparseRecord",
    "SparseIndexError",
    "TruncatedFileError",
    "UnknownDtypeError",
    "UnknownStorageTypeError",
    "UnsupportedRecordError",
    "ZipArchiveError",
    "dumps",
    "dumps_record",
    "loads_record",
    "read",
    "read_headers",
    "write",
]


show_public_names(__name__)
