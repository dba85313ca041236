"""Sources of bytes: a file on disk or bytes in memory, read at any offset.

A file is opened once and kept open, so that all reads see the same file even if another process
replaces it meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from typing import Any, Protocol

from .errors import FileAccessError, TruncatedFileError, access_error, missing_file_error
from .opening import MAX_PIECES, OpenFile
from .signatures import PREFIX_LENGTH, check_file_magic

__all__ = ["ByteSource", "is_file_object", "open_source", "read_file"]

_CHUNK = 16 << 20


class ByteSource(Protocol):
    """Bytes that can be read at an offset."""

    #: What messages call it.
    name: str
    #: How many bytes there are.
    size: int

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset` on; the caller has checked that they exist."""
        ...

    def read_into(self, offset: int, pieces: Sequence[memoryview]) -> None:
        """Fill pieces of memory one after the other; the caller has checked that the bytes exist.

        Parameters
        ----------
        offset : int
            Where the first byte is.
        pieces : sequence of memoryview
            Plain bytes, writeable.
        """
        ...

    def close(self) -> None:
        """Release the bytes."""
        ...


class _FileSource:
    def __init__(self, path: str | os.PathLike[Any], kind: str):
        self.name = os.fsdecode(path)
        try:
            # Opening a pipe would wait for its writer, and a device has no size.
            mode = os.stat(self.name).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, "This is a folder")
            if not stat.S_ISREG(mode):
                raise OSError(errno.ESPIPE, "Not a regular file")
            self._file = OpenFile(self.name)
            self.size = os.fstat(self._file.fileno()).st_size
        except FileNotFoundError as error:
            raise missing_file_error(self.name, saving=False) from error
        except ValueError as error:  # a NUL in it, or characters that no path has
            raise FileAccessError(
                errno.EINVAL, f"this is not a path: {error}.", self.name
            ) from error
        except OSError as error:
            advice = (
                f"Expected {kind} to read. Data from a pipe can be read as bytes, or from a file "
                "object."
            )
            if error.errno in (errno.EMFILE, errno.ENFILE):
                advice = (
                    "The files of a checkpoint stay open while it is read. Close others, or raise "
                    "the limit, as with ulimit -n."
                )
            raise access_error(error, self.name, advice) from error

    def read_at(self, offset: int, count: int) -> bytes:
        data = bytearray(count)
        self.read_into(offset, [memoryview(data)])
        return bytes(data)

    def read_into(self, offset: int, pieces: Sequence[memoryview]) -> None:
        try:
            for begin in range(0, len(pieces), MAX_PIECES):
                offset = self._fill(offset, pieces[begin : begin + MAX_PIECES])
        except OSError as error:
            raise access_error(error, self.name, f"Could not read at byte {offset}.") from error

    def _fill(self, offset: int, pieces: Sequence[memoryview]) -> int:
        wanted = sum(map(len, pieces))
        while True:
            count = self._file.read_pieces(offset, pieces)
            offset += count
            if count == wanted:
                return offset
            if not count:
                raise self._shrank(offset)
            # Linux reads 2 GiB at most in one call.
            wanted -= count
            pieces = _rest(pieces, count)

    def close(self) -> None:
        self._file.close()

    def _shrank(self, offset: int) -> TruncatedFileError:
        return TruncatedFileError(
            f"the file had {self.size} bytes when it was opened and has become shorter since. "
            "Another process is writing it in place: read it again when that has ended.",
            source=self.name,
            offset=offset,
        )


def _rest(pieces: Sequence[memoryview], count: int) -> list[memoryview]:
    """Return the pieces without their first `count` bytes."""
    left = []
    for piece in pieces:
        if count < len(piece):
            left.append(piece[count:])
        count = max(0, count - len(piece))
    return left


class _BufferSource:
    def __init__(self, buffer: Any, name: str | None = None):
        try:
            view = memoryview(buffer)
            # Casting refuses zero sizes in a shape.
            self._bytes = view.cast("B") if view.nbytes else memoryview(b"")
        except (TypeError, ValueError) as error:
            raise TypeError(
                "expected a .params file: its path (str or os.PathLike), its contents as "
                f"contiguous bytes, or a binary file object; got {type(buffer).__name__}: {error}"
            ) from error
        self.size = len(self._bytes)
        self.name = name or f"<{self.size} bytes in memory>"

    def read_at(self, offset: int, count: int) -> bytes:
        return bytes(self._bytes[offset : offset + count])

    def read_into(self, offset: int, pieces: Sequence[memoryview]) -> None:
        for piece in pieces:
            piece[:] = self._bytes[offset : offset + len(piece)]
            offset += len(piece)

    def close(self) -> None:
        self._bytes.release()


def is_file_object(source: Any) -> bool:
    """Return whether an argument is used as a file object: it is neither a path nor bytes."""
    return not isinstance(source, (str, os.PathLike)) and (
        hasattr(source, "read") or hasattr(source, "write")
    )


def _contents_of(file: Any) -> _BufferSource:
    """Read a file object from its position to its end.

    What does not begin like a ``.params`` file is refused at once: some files have no end.
    """
    name = f"<{type(file).__name__}>"
    contents = bytearray()
    while True:
        wanted = _CHUNK if contents else PREFIX_LENGTH
        piece = file.read(wanted)
        if isinstance(piece, str):
            raise TypeError(
                "expected a binary file object, and its read() returns text; open it with mode 'rb'"
            )
        if piece is None:
            raise BlockingIOError(errno.EAGAIN, f"{name} has no bytes ready; make it blocking")
        begin = not contents
        contents += piece
        if begin:
            check_file_magic(bytes(contents[:PREFIX_LENGTH]), name)
        if not piece:
            return _BufferSource(contents, name)


def open_source(source: Any, kind: str = "a .params file") -> ByteSource:
    """Open a file by its path, or wrap bytes.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like or binary file object
        A path, the contents of a file, or something with ``read``. A ``bytes`` object is contents,
        never a path. A file object is read from its position to its end.
    kind : str, default 'a .params file'
        What messages say that a path should lead to.

    Returns
    -------
    ByteSource
        Open; the caller closes it.

    Raises
    ------
    FileAccessError
        If the file is missing, not a regular file or may not be read.
    TypeError
        If `source` is none of these.

    Examples
    --------
    >>> open_source(b"abcd").read_at(1, 2)
    b'bc'
    """
    if isinstance(source, (str, os.PathLike)):
        return _FileSource(source, kind)
    if hasattr(source, "read"):
        return _contents_of(source)
    return _BufferSource(source)


def read_file(path: str | bytes | os.PathLike[Any], kind: str) -> bytes:
    """Read a whole file.

    Parameters
    ----------
    path : str, bytes or os.PathLike
        Where it is.
    kind : str
        As for `open_source`.

    Raises
    ------
    FileAccessError
        If the file is missing, not a regular file or may not be read.
    """
    source = _FileSource(os.fsdecode(path), kind)
    try:
        return source.read_at(0, source.size)
    finally:
        source.close()
