"""NumPy's ``.npz`` format: a zip archive with an ``.npy`` file for each array.

Sparse arrays, and dtypes that ``.npy`` cannot describe, are stored as `numparam.formats.parts`
says. Nothing is unpickled.
"""

from __future__ import annotations

import errno
import io
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from .errors import FormatError, UnsupportedRecordError
from .parts import DensePart, check_names, join, split
from .quoting import quoted
from .sources import ByteSource, open_source
from .streams import ArrayStream, flat_pieces

__all__ = ["NpzError", "NpzFile", "SourceFile", "check_npz", "write_npz"]

Array = np.ndarray[Any, np.dtype[Any]]
Put = Callable[[list[bytes | memoryview]], None]

#: The dtypes whose names end the names of members; they are stored as unsigned integers.
_AS_INTEGERS = {
    np.dtype(dtype).name: np.dtype(dtype)
    for dtype in (
        ml_dtypes.bfloat16,
        ml_dtypes.float8_e4m3fn,
        ml_dtypes.float8_e5m2,
        ml_dtypes.float8_e8m0fnu,
        ml_dtypes.float8_e4m3fnuz,
        ml_dtypes.float8_e5m2fnuz,
    )
}
_BITS: dict[int, np.dtype[Any]] = {1: np.dtype("<u1"), 2: np.dtype("<u2")}
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError)
# The time that members are given, so that equal arrays make equal files.
_TIME = (1980, 1, 1, 0, 0, 0)
_MAX_NPY_HEADER = 10_000


class NpzError(FormatError):
    """The bytes are not an ``.npz`` file of plain arrays."""


class SourceFile(io.RawIOBase):
    """A byte source as a seekable file object.

    Parameters
    ----------
    source : ByteSource
        What is read.
    """

    def __init__(self, source: ByteSource):
        self._source = source
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position, as for any file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._source.size}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, f"There is no position {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill memory from the position on; return the number of bytes read."""
        out = memoryview(buffer).cast("B")
        count = max(0, min(len(out), self._source.size - self._position))
        if count:
            self._source.read_into(self._position, [out[:count]])
        self._position += count
        return count


class NpzFile:
    """An open ``.npz`` file.

    Parameters
    ----------
    source : str, os.PathLike or bytes-like
        The file, or its contents.
    """

    format = "npz"
    named = True

    def __init__(self, source: Any):
        self._source = open_source(source, "an .npz file")
        try:
            self._archive = zipfile.ZipFile(SourceFile(self._source))
            parts: dict[str, DensePart] = {}
            for info in self._archive.infolist():
                name = info.filename.removesuffix(".npy")
                part = _Member(self._archive, info, self._source.name)
                base, separator, kind = name.rpartition("#")
                if separator and kind in _AS_INTEGERS:
                    dtype = _AS_INTEGERS[kind]
                    if part.dtype == _BITS[dtype.itemsize]:
                        part.dtype, name = dtype, base
                parts[name] = part
            self.arrays: dict[str, ArrayStream] = join(parts, self._source.name)
        except _DAMAGED as error:
            self._source.close()
            if isinstance(error, FormatError):
                raise
            raise NpzError(
                f"this is not an .npz file: {error}", source=self._source.name
            ) from error
        except BaseException:
            self._source.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
        self._source.close()


class _Member:
    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: str):
        self._archive = archive
        self._info = info
        self._label = f"{source}: {quoted(info.filename)}"
        try:
            with archive.open(info) as file:
                self.shape, self._fortran, self._in_file = _npy_header(file)
                self._begin = file.tell()
        except _DAMAGED as error:
            reason = f"the member is damaged, or not an .npy file: {error}"
            raise NpzError(reason, source=self._label) from error
        self.dtype = self._in_file.newbyteorder("=")
        if self.dtype.kind not in "biufc" or self.dtype.itemsize > 16:
            raise NpzError(
                f"arrays of dtype {self.dtype} are not read; save numbers or booleans",
                source=self._label,
            )
        expected = self._begin + self._in_file.itemsize * math.prod(self.shape)
        if info.file_size < expected:
            raise NpzError(
                f"the member has {info.file_size} bytes, and its header says {expected}",
                source=self._label,
            )

    def read(self) -> Array:
        data = np.empty(math.prod(self.shape), self.dtype)
        at = 0
        for piece in self._in_file_order(max(1, data.size)):
            data[at : at + piece.size] = piece
            at += piece.size
        if self._fortran:
            return np.ascontiguousarray(data.reshape(self.shape[::-1]).T)
        return data.reshape(self.shape)

    def pieces(self, count: int) -> Iterator[Array]:
        return flat_pieces(self.read(), count) if self._fortran else self._in_file_order(count)

    def _in_file_order(self, count: int) -> Iterator[Array]:
        size = math.prod(self.shape)
        if not size:
            return
        buffer = np.empty(min(count, size), self._in_file)
        native = buffer.dtype.isnative
        with self._archive.open(self._info) as file:
            file.seek(self._begin)
            for begin in range(0, size, count):
                piece = buffer[: min(count, size - begin)]
                try:
                    _read_all(file, piece.view(np.uint8).data)
                except _DAMAGED as error:
                    raise NpzError(f"the member is damaged: {error}", source=self._label) from error
                if self.dtype.itemsize <= 2 and self.dtype.name in _AS_INTEGERS:
                    yield piece.astype(f"=u{piece.itemsize}", copy=False).view(self.dtype)
                else:
                    yield piece if native else piece.astype(self.dtype)


def _npy_header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file, _MAX_NPY_HEADER)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file, _MAX_NPY_HEADER)
    raise ValueError(f"version {version} describes fields, and plain arrays have none")


def _read_all(file: Any, out: memoryview) -> None:
    while len(out):
        count = file.readinto(out)
        if not count:
            raise EOFError("it ends too early")
        out = out[count:]


def check_npz(arrays: Mapping[str, ArrayStream]) -> None:
    """Raise unless the format can hold the arrays; no value is read.

    Raises
    ------
    UnsupportedRecordError
        If a dtype or a name cannot be stored.
    """
    check_names(arrays, ".npz")
    for name, array in arrays.items():
        dtype = array.header.dtype
        if dtype.name not in _AS_INTEGERS and (dtype.kind not in "biufc" or dtype.itemsize > 16):
            raise UnsupportedRecordError(f"{quoted(name)}: an .npz file has no dtype {dtype}")
        if name.rpartition("#")[2] in _AS_INTEGERS or name.endswith(".npy") or "\0" in name:
            raise UnsupportedRecordError(
                f"an .npz file would be read with another name than {quoted(name)}: rename it"
            )
        if len(name.encode()) > 60_000:
            raise UnsupportedRecordError(
                f"the name {quoted(name)} is too long for a zip archive: rename it"
            )


def write_npz(put: Put, arrays: Mapping[str, ArrayStream], count: int) -> None:
    """Write an ``.npz`` file, uncompressed, one array after the other.

    Parameters
    ----------
    put : callable
        Writes a list of pieces, and keeps none.
    arrays : mapping of str to ArrayStream
        Checked by `check_npz`.
    count : int
        How many bytes of an array are in memory at a time.
    """
    with zipfile.ZipFile(_Output(put), "w") as archive:  # type: ignore[call-overload]
        for name, part in split(arrays).items():
            stored, stored_name = part.dtype, name
            if stored.name in _AS_INTEGERS:
                stored_name, stored = f"{name}#{stored.name}", _BITS[stored.itemsize]
            info = zipfile.ZipInfo(f"{stored_name}.npy", _TIME)
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(
                    member,
                    {
                        "descr": np.lib.format.dtype_to_descr(stored),
                        "fortran_order": False,
                        "shape": part.shape,
                    },
                )
                for piece in part.pieces(max(1, count // part.dtype.itemsize)):
                    member.write(np.ascontiguousarray(piece).view(np.uint8).data)


class _Output:
    """The sequential output that a zip archive is written to."""

    def __init__(self, put: Put):
        self._put = put

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._put([view])
        return len(view)

    def flush(self) -> None:
        """Do nothing: everything is written at once."""
