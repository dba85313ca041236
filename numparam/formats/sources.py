"""Where the bytes come from: a file on disk or bytes in memory, read at any offset.

A file is opened once and kept open, so that all reads see the same file even if another process
replaces it meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Any, Protocol

from .errors import TruncatedFileError, access_error

__all__ = ["Source", "open_source"]


class Source(Protocol):
    """Bytes that can be read at an offset."""

    #: What messages call it.
    name: str
    #: How many bytes there are.
    size: int

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset` on; the caller has checked that they exist."""
        ...

    def read_into(self, offset: int, out: memoryview) -> None:
        """Fill `out`, plain bytes, from `offset` on; the caller has checked that they exist."""
        ...

    def close(self) -> None:
        """Let go of the bytes."""
        ...


class _FileSource:
    def __init__(self, path: str | os.PathLike[Any]):
        self.name = os.fsdecode(path)
        try:
            # Opening a pipe would wait for its writer, and a device has no size.
            if not stat.S_ISREG(os.stat(self.name).st_mode) and not os.path.isdir(self.name):
                raise OSError(errno.ESPIPE, "Not a regular file")
            self._file = open(self.name, "rb", buffering=0)  # noqa: SIM115 - closed by close()
        except OSError as error:
            advice = (
                "Expected a .params file to read: check the path, the working directory and the "
                "permissions. What comes from a pipe can be read as bytes."
            )
            raise access_error(error, self.name, advice) from error
        self.size = os.fstat(self._file.fileno()).st_size
        self._position = 0

    def read_at(self, offset: int, count: int) -> bytes:
        data = bytearray(count)
        self.read_into(offset, memoryview(data))
        return bytes(data)

    def read_into(self, offset: int, out: memoryview) -> None:
        begin, end = offset, offset + len(out)
        try:
            if offset != self._position:
                self._file.seek(offset)
            while offset < end:
                # Linux reads 2 GiB at most in one call.
                count = self._file.readinto(out[offset - begin :])
                if not count:
                    raise self._shrank(offset)
                offset += count
        except OSError as error:
            self._position = -1
            raise access_error(error, self.name, f"Could not read at byte {offset}.") from error
        self._position = end

    def close(self) -> None:
        self._file.close()

    def _shrank(self, offset: int) -> TruncatedFileError:
        return TruncatedFileError(
            f"the file had {self.size} bytes when it was opened and has become shorter since. "
            "Another process is writing it in place: read it again when that has ended.",
            source=self.name,
            offset=offset,
        )


class _BufferSource:
    def __init__(self, buffer: Any):
        try:
            view = memoryview(buffer)
            # Casting refuses zero sizes in a shape.
            self._bytes = view.cast("B") if view.nbytes else memoryview(b"")
        except (TypeError, ValueError) as error:
            raise TypeError(
                "expected the path of a .params file (str or os.PathLike) or its contents as "
                f"contiguous bytes, got {type(buffer).__name__}: {error}"
            ) from error
        self.size = len(self._bytes)
        self.name = f"<{self.size} bytes in memory>"

    def read_at(self, offset: int, count: int) -> bytes:
        return bytes(self._bytes[offset : offset + count])

    def read_into(self, offset: int, out: memoryview) -> None:
        out[:] = self._bytes[offset : offset + len(out)]

    def close(self) -> None:
        self._bytes.release()


def open_source(source: Any) -> Source:
    """Open a file by its path, or wrap bytes.

    Parameters
    ----------
    source : str, os.PathLike or bytes-like
        A path, or the contents of a file. A ``bytes`` object is contents, never a path.

    Returns
    -------
    Source
        Open; the caller closes it.

    Raises
    ------
    FileAccessError
        If the file is missing, not a regular file or may not be read.
    TypeError
        If `source` is neither.

    Examples
    --------
    >>> open_source(b"abcd").read_at(1, 2)
    b'bc'
    """
    if isinstance(source, (str, os.PathLike)):
        return _FileSource(source)
    return _BufferSource(source)
