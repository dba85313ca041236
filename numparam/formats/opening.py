"""Open files, which are closed at the latest when nothing refers to them.

A signal such as Ctrl-C can arrive between opening a file and noting that it is open. Here both are
one call in C, within which no handler of Python runs.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

__all__ = ["MAX_PIECES", "OpenFile"]

#: The most pieces of memory that are read or written by one call of the system.
MAX_PIECES = 1000


class OpenFile(io.FileIO):
    """An unbuffered file. Closed when it is no longer referred to, without a warning.

    Parameters
    ----------
    file, mode, closefd, opener
        As for :class:`io.FileIO`, whose constructor this is.

    Examples
    --------
    >>> import os
    >>> with OpenFile(os.devnull, "w") as file:
    ...     file.write_pieces([b"any", b"thing"])
    """

    # FileIO would warn. A C function, so that no signal interrupts it.
    __del__ = io.FileIO.close

    def read_pieces(self, offset: int, pieces: Sequence[memoryview]) -> int:
        """Fill pieces of memory in order from an offset; return the number of bytes read."""
        if hasattr(os, "preadv"):
            return os.preadv(self.fileno(), pieces, offset)
        self.seek(offset)
        return self.readinto(pieces[0]) or 0

    def write_pieces(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Write pieces of memory completely, one after the other."""
        if hasattr(os, "writev"):
            for begin in range(0, len(pieces), MAX_PIECES):
                self._write_some(pieces[begin : begin + MAX_PIECES])
        else:
            for piece in pieces:
                self._write_one(memoryview(piece))

    def _write_some(self, pieces: Sequence[bytes | memoryview]) -> None:
        count = os.writev(self.fileno(), pieces)
        if count == sum(map(len, pieces)):
            return
        for piece in pieces:
            if count < len(piece):
                self._write_one(memoryview(piece)[count:])
            count = max(0, count - len(piece))

    def _write_one(self, piece: memoryview) -> None:
        while len(piece):
            # Linux writes 2 GiB at most in one call. None: it would have had to wait.
            count = self.write(piece)
            if count is None:
                raise BlockingIOError(11, "The file does not wait; make it blocking")
            piece = piece[count:]
