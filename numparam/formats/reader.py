"""Reading ``.params`` files in two steps: all headers first, then values, straight into memory."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from .cursor import Cursor
from .errors import SparseIndexError
from .headers import (
    IndexHeader,
    RecordHeader,
    decode_names,
    parse_file,
    parse_record,
)
from .records import CSRRecord, DenseRecord, Record, RowSparseRecord
from .sources import ByteSource, open_source
from .sparse_layout import find_csr_defect, find_row_sparse_defect

__all__ = ["ParamsReader", "loads_record", "read", "read_headers"]

Array = np.ndarray[Any, np.dtype[Any]]
#: ``hold(function, *arrays)`` calls a function while no other thread uses the arrays.
Hold = Callable[..., Any]

# Values that lie so close together are read by one call of the system, with what is between them.
_GAP = 4096
_RUN_BYTES = 16 << 20
_RUN_ARRAYS = 256


class ParamsReader:
    """An open ``.params`` file: headers are read and checked at once, values later.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like or binary file object
        A path, the contents of a file, or something with ``read``, which is read to its end.
    encoding : str, default 'utf-8'
        What the names are encoded in, such as ``'gbk'`` for files that Python 2 saved on a Chinese
        system.
    errors : str, default 'strict'
        What becomes of bytes that are not so encoded, as for :func:`open`. With
        ``'surrogateescape'`` names keep them, and are saved as the same bytes.

    Attributes
    ----------
    names : list of str or None
        None if the file is a list. Names may repeat; in MXNet the last one wins.
    headers : list of RecordHeader
        One for each array, in file order.

    Raises
    ------
    FormatError
        Of the class that fits the damage; see :mod:`numparam.formats`.
    FileAccessError
        If the file is missing or may not be read.

    Notes
    -----
    All versions (V0 to V3) are read. Whether one fits the current ``np_shape`` is for the caller to
    decide, by ``header.version``. The memory taken is bounded by the size of the file.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam import formats
    >>> contents = formats.dumps(["bias"], [formats.DenseRecord(np.ones(3, np.float32))])
    >>> with formats.ParamsReader(contents) as params:
    ...     header = params.headers[0]
    ...     values = np.empty(header.shape, header.dtype)
    ...     params.read_into(header, values)
    >>> params.names, values.tolist()
    (['bias'], [1.0, 1.0, 1.0])
    """

    names: list[str] | None
    headers: list[RecordHeader]

    def __init__(self, source: Any, encoding: str = "utf-8", errors: str = "strict"):
        self._source = open_source(source)
        try:
            names, self.headers = parse_file(self._source)
            self.names = None
            if names is not None:
                self.names = decode_names(names, encoding, errors, self._source.name)
        except BaseException:
            self._source.close()
            raise

    def __enter__(self) -> ParamsReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file.

        Examples
        --------
        >>> import numparam as mx
        >>> from numparam.formats import ParamsReader
        >>> import io
        >>> file = io.BytesIO()
        >>> data = mx.nd.array([[1, 2], [3, 4]])
        >>> rows = mx.nd.sparse.row_sparse_array(([[5, 6]], [2]), shape=(4, 2))
        >>> mx.nd.save(file, {"weight": data, "table": rows})
        >>> reader = ParamsReader(file.getvalue())
        >>> reader.close()
        """
        self._source.close()

    def read(self, header: RecordHeader) -> Record:
        """Read one array into memory of its own.

        Parameters
        ----------
        header : RecordHeader
            One of `headers`.

        Returns
        -------
        DenseRecord, RowSparseRecord or CSRRecord
            Ids are int64, in range and in order.

        Raises
        ------
        SparseIndexError
            If ids are out of range or out of order.

        Examples
        --------
        >>> import numparam as mx
        >>> from numparam.formats import ParamsReader
        >>> import io
        >>> file = io.BytesIO()
        >>> data = mx.nd.array([[1, 2], [3, 4]])
        >>> rows = mx.nd.sparse.row_sparse_array(([[5, 6]], [2]), shape=(4, 2))
        >>> mx.nd.save(file, {"weight": data, "table": rows})
        >>> reader = ParamsReader(file.getvalue())
        >>> reader.read(reader.headers[0]).data
        array([[1., 2.],
               [3., 4.]], dtype=float32)
        """
        return _read_record(self._source, header)

    def read_into(self, header: RecordHeader, data: Array, *indexes: Array) -> None:
        """Read one array into given memory, without an intermediate copy.

        Parameters
        ----------
        header : RecordHeader
            One of `headers`.
        data : numpy.ndarray
            Of shape ``header.stored_shape`` and dtype ``header.dtype``, C-contiguous, writeable.
        *indexes : numpy.ndarray
            For sparse arrays, int64: indices of row_sparse; indptr and indices of csr.

        Raises
        ------
        SparseIndexError
            If ids are out of range or out of order; then nothing was written.
        ValueError
            If an array does not fit; then nothing was written.

        Examples
        --------
        >>> import numparam as mx
        >>> import numpy as np
        >>> from numparam.formats import ParamsReader
        >>> import io
        >>> file = io.BytesIO()
        >>> data = mx.nd.array([[1, 2], [3, 4]])
        >>> rows = mx.nd.sparse.row_sparse_array(([[5, 6]], [2]), shape=(4, 2))
        >>> mx.nd.save(file, {"weight": data, "table": rows})
        >>> reader = ParamsReader(file.getvalue())
        >>> header = reader.headers[0]
        >>> values = np.empty(header.stored_shape, header.dtype)
        >>> reader.read_into(header, values)
        >>> values
        array([[1., 2.],
               [3., 4.]], dtype=float32)
        """
        _check_output(data, header.stored_shape, header.dtype, "values")
        if len(indexes) != len(header.index_headers):
            raise ValueError(
                f"a {header.storage} array has {len(header.index_headers)} index arrays, got "
                f"{len(indexes)}"
            )
        for out, index in zip(indexes, header.index_headers, strict=True):
            _check_output(out, index.shape, np.dtype(np.int64), "ids")
        checked = _read_ids(self._source, header)
        _fill(self._source, header.data_offset, data)
        for out, ids in zip(indexes, checked, strict=True):
            out[...] = ids

    def read_many(
        self, pairs: Iterable[tuple[RecordHeader, Array]], hold: Hold | None = None
    ) -> None:
        """Read many dense arrays into given memory, with few system calls.

        Parameters
        ----------
        pairs : iterable of (RecordHeader, numpy.ndarray)
            Dense ones of `headers`, and for each an array as for :meth:`read_into`.
        hold : callable, optional
            ``hold(function, *arrays)`` calls the function while no other thread uses the arrays. It
            is called for some of the arrays at a time.

        Raises
        ------
        ValueError
            If an array does not fit; then nothing was written.

        Examples
        --------
        >>> import numparam as mx
        >>> import numpy as np
        >>> from numparam.formats import ParamsReader
        >>> import io
        >>> file = io.BytesIO()
        >>> data = mx.nd.array([[1, 2], [3, 4]])
        >>> rows = mx.nd.sparse.row_sparse_array(([[5, 6]], [2]), shape=(4, 2))
        >>> mx.nd.save(file, {"weight": data, "table": rows})
        >>> reader = ParamsReader(file.getvalue())
        >>> header = reader.headers[0]
        >>> values = np.empty(header.stored_shape, header.dtype)
        >>> reader.read_many([(header, values)])
        >>> values
        array([[1., 2.],
               [3., 4.]], dtype=float32)
        """
        checked = []
        for header, out in pairs:
            _check_output(out, header.shape, header.dtype, "values")
            if out.size:
                checked.append((header, out))
        checked.sort(key=_data_offset)
        for run in _runs(checked):
            if hold is None:
                _fill_run(self._source, run)
            else:
                hold(partial(_fill_run, self._source, run), *[out for _, out in run])

    def read_pieces(self, header: RecordHeader, count: int) -> Iterator[Array]:
        """Read a dense array piece by piece, each into the same memory.

        Parameters
        ----------
        header : RecordHeader
            A dense one of `headers`.
        count : int
            How many elements a piece has; the last one may have fewer.

        Yields
        ------
        numpy.ndarray
            One-dimensional; overwritten by the next one.

        Examples
        --------
        >>> import numparam as mx
        >>> from numparam.formats import ParamsReader
        >>> import io
        >>> file = io.BytesIO()
        >>> data = mx.nd.array([[1, 2], [3, 4]])
        >>> rows = mx.nd.sparse.row_sparse_array(([[5, 6]], [2]), shape=(4, 2))
        >>> mx.nd.save(file, {"weight": data, "table": rows})
        >>> reader = ParamsReader(file.getvalue())
        >>> [piece.tolist() for piece in reader.read_pieces(reader.headers[0], 3)]
        [[1.0, 2.0, 3.0], [4.0]]
        """
        size = math.prod(header.shape)
        buffer = np.empty(min(count, size), header.dtype)
        for begin in range(0, size, count):
            piece = buffer[: min(count, size - begin)]
            _fill(self._source, header.data_offset + begin * header.dtype.itemsize, piece)
            yield piece

    def check_ids(self, header: RecordHeader) -> None:
        """Read and check the ids of one array, without keeping them; dense arrays have none.

        Parameters
        ----------
        header : RecordHeader
            One of `headers`.

        Raises
        ------
        SparseIndexError
            If ids are out of range or out of order.

        Examples
        --------
        >>> import numparam as mx
        >>> from numparam.formats import ParamsReader
        >>> import io
        >>> file = io.BytesIO()
        >>> data = mx.nd.array([[1, 2], [3, 4]])
        >>> rows = mx.nd.sparse.row_sparse_array(([[5, 6]], [2]), shape=(4, 2))
        >>> mx.nd.save(file, {"weight": data, "table": rows})
        >>> reader = ParamsReader(file.getvalue())
        >>> reader.check_ids(reader.headers[1])
        """
        _read_ids(self._source, header)


def _data_offset(pair: tuple[RecordHeader, Array]) -> int:
    return pair[0].data_offset


def read_headers(
    source: Any, encoding: str = "utf-8", errors: str = "strict"
) -> tuple[list[str] | None, list[RecordHeader]]:
    """Read the names and headers of a ``.params`` file, and no values.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like or binary file object
        A path, the contents of a file, or something with ``read``, which is read to its end.
    encoding, errors : str
        How the names are encoded; as for `ParamsReader`.

    Returns
    -------
    names : list of str or None
        None if the file is a list.
    headers : list of RecordHeader
        Shapes, dtypes, storage types, versions, sizes and offsets (bytes).

    Raises
    ------
    FormatError
        Of the class that fits the damage.
    FileAccessError
        If the file is missing or may not be read.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam import formats
    >>> contents = formats.dumps(None, [formats.DenseRecord(np.zeros((2, 3), np.int8))])
    >>> names, headers = formats.read_headers(contents)
    >>> names, headers[0].shape, headers[0].nbytes
    (None, (2, 3), 6)
    """
    with ParamsReader(source, encoding, errors) as reader:
        return reader.names, reader.headers


def read(
    source: Any, encoding: str = "utf-8", errors: str = "strict"
) -> tuple[list[str] | None, list[Record]]:
    """Read a ``.params`` file.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like or binary file object
        A path, the contents of a file, or something with ``read``, which is read to its end.
    encoding, errors : str
        How the names are encoded; as for `ParamsReader`.

    Returns
    -------
    names : list of str or None
        None if the file is a list. Names may repeat; in MXNet the last one wins.
    records : list of DenseRecord, RowSparseRecord or CSRRecord
        In file order.

    Raises
    ------
    FormatError
        Of the class that fits the damage.
    FileAccessError
        If the file is missing or may not be read.

    Examples
    --------
    >>> from numparam import formats
    >>> formats.read(formats.dumps(None, []))
    (None, [])
    """
    with ParamsReader(source, encoding, errors) as reader:
        return reader.names, [reader.read(header) for header in reader.headers]


def loads_record(contents: Any) -> Record:
    """Read a single record without the header of a file: the state of a pickled MXNet NDArray.

    Parameters
    ----------
    contents : bytes-like
        The record. Bytes after its end are ignored.

    Returns
    -------
    DenseRecord, RowSparseRecord or CSRRecord
        The array.

    Raises
    ------
    FormatError
        Of the class that fits the damage.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam import formats
    >>> state = formats.dumps_record(formats.DenseRecord(np.array([1.5])))
    >>> formats.loads_record(state).data
    array([1.5])
    """
    if isinstance(contents, (str, os.PathLike)):
        raise TypeError("expected the bytes of one record, got a path; read files with read()")
    source = open_source(contents)
    return _read_record(source, parse_record(Cursor(source, "the array")))


def _read_record(source: ByteSource, header: RecordHeader) -> Record:
    indexes = _read_ids(source, header)
    data = np.empty(header.stored_shape, header.dtype)
    _fill(source, header.data_offset, data)
    saved = header.dev_type, header.dev_id, header.version
    if header.storage == "row_sparse":
        return RowSparseRecord(header.shape, data, indexes[0], *saved)
    if header.storage == "csr":
        return CSRRecord(header.shape, data, indexes[0], indexes[1], *saved)
    return DenseRecord(data, *saved)


def _read_ids(source: ByteSource, header: RecordHeader) -> list[Array]:
    """Read and check the index arrays: an invalid id must never reach code that trusts it."""
    if not header.index_headers:
        return []
    indexes = [_read_index(source, index) for index in header.index_headers]
    if header.storage == "row_sparse":
        defect = find_row_sparse_defect(indexes[0], header.shape[0])
    else:
        columns = header.shape[1] if len(header.shape) > 1 else 0
        defect = find_csr_defect(indexes[0], indexes[1], columns)
    if defect is not None:
        at = header.index_headers[defect.array]
        raise SparseIndexError(
            f"the {header.storage} array of shape {header.shape}: {defect.problem}. The file is "
            "damaged, or was saved from an array that fails check_format(): make a valid array "
            "and save it again.",
            source=source.name,
            offset=at.offset + defect.position * at.dtype.itemsize,
        )
    return indexes


def _read_index(source: ByteSource, index: IndexHeader) -> Array:
    ids = np.empty(index.shape, index.dtype)
    _fill(source, index.offset, ids)
    return ids.astype(np.int64, copy=False)


def _fill(source: ByteSource, offset: int, out: Array) -> None:
    """Read `out`'s bytes, C-contiguous and checked to lie within the source."""
    if out.size:
        source.read_into(offset, [_bytes_of(out)])
        _set_right(out)


def _bytes_of(out: Array) -> memoryview:
    return out.reshape(-1).view(np.uint8).data


def _set_right(out: Array) -> None:
    if out.dtype == np.bool_:
        # NumPy and Numba rely on booleans being 0 or 1; a file may hold any byte.
        np.not_equal(out.view(np.uint8), 0, out=out)
    elif sys.byteorder == "big":  # pragma: no cover - the file is little endian
        out.byteswap(inplace=True)


def _runs(pairs: list[tuple[RecordHeader, Array]]) -> Iterable[list[tuple[RecordHeader, Array]]]:
    """Divide arrays, sorted by their position, into runs that are read by one call each."""
    run: list[tuple[RecordHeader, Array]] = []
    begin = end = 0
    for pair in pairs:
        at, nbytes = pair[0].data_offset, pair[0].nbytes
        near = end <= at <= end + _GAP and at + nbytes - begin <= _RUN_BYTES
        if run and not (near and len(run) < _RUN_ARRAYS):
            yield run
            run = []
        if not run:
            begin = at
        run.append(pair)
        end = at + nbytes
    if run:
        yield run


def _fill_run(source: ByteSource, run: list[tuple[RecordHeader, Array]]) -> None:
    pieces = []
    between = memoryview(bytearray(_GAP))
    begin = end = run[0][0].data_offset
    for header, out in run:
        if header.data_offset > end:
            pieces.append(between[: header.data_offset - end])
        pieces.append(_bytes_of(out))
        end = header.data_offset + header.nbytes
    source.read_into(begin, pieces)
    for header, out in run:
        if header.dtype == np.bool_ or sys.byteorder == "big":
            _set_right(out)


def _check_output(out: Array, shape: Sequence[int], dtype: np.dtype[Any], what: str) -> None:
    if not isinstance(out, np.ndarray):
        raise TypeError(f"expected a NumPy array to read {what} into, got {type(out).__name__}")
    if out.shape != shape or out.dtype != dtype or not out.dtype.isnative:
        raise ValueError(
            f"expected an array of shape {tuple(shape)} and dtype {dtype} to read {what} into, got "
            f"shape {out.shape} and dtype {out.dtype}"
        )
    if not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(
            f"expected a C-contiguous, writeable array to read {what} into; make one with "
            "numpy.empty and copy from it"
        )
