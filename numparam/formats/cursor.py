"""A cursor in a source of bytes."""

from __future__ import annotations

import struct
from typing import Any, NoReturn

from .errors import FormatError, TruncatedFileError
from .sources import ByteSource

__all__ = ["Cursor"]

_WINDOW = 8192


class Cursor:
    r"""A position in a source that advances as numbers are taken, and names its subject in errors.

    Parameters
    ----------
    source : ByteSource
        The bytes.
    what : str
        What is being read, for messages: ``'array 3 of 10'``.

    Examples
    --------
    >>> from numparam.formats.sources import open_source
    >>> cursor = Cursor(open_source(b"\x07\x00\x00\x00"), "the answer")
    >>> cursor.take(struct.Struct("<I"), "a number"), cursor.position
    ((7,), 4)
    """

    def __init__(self, source: ByteSource, what: str):
        self.source = source
        self.position = 0
        self.what = what
        self._window: bytes = b""
        self._window_begin = 0

    def fail(self, kind: type[FormatError], problem: str, offset: int) -> NoReturn:
        """Raise an error of `kind` about the byte at `offset`."""
        raise kind(f"{self.what}: {problem}", source=self.source.name, offset=offset)

    def require(self, count: int, purpose: str) -> None:
        """Raise unless `count` bytes are left."""
        size = self.source.size
        if count > size - self.position:
            self.fail(
                TruncatedFileError,
                f"expected {count} bytes of {purpose} at byte {self.position}, but the file ends "
                f"at byte {size}. It was cut short: fetch or save it again.",
                size,
            )

    def take(self, layout: struct.Struct, purpose: str) -> tuple[Any, ...]:
        """Read the numbers of `layout` and advance past them."""
        at = self._locate(layout.size, purpose)
        self.position += layout.size
        return layout.unpack_from(self._window, at)

    def take_bytes(self, count: int, purpose: str) -> bytes:
        """Read `count` bytes and advance past them."""
        at = self._locate(count, purpose)
        self.position += count
        return self._window[at : at + count]

    def peek(self, count: int) -> tuple[bytes, int] | tuple[None, int]:
        """Return a window and the place of the next `count` bytes in it; None if fewer are left."""
        at = self.position - self._window_begin
        if at < 0 or at + count > len(self._window):
            if count > self.source.size - self.position:
                return None, 0
            at = self._locate(count, "")
        return self._window, at

    def _locate(self, count: int, purpose: str) -> int:
        """Return the position of the next `count` bytes in the window, moving it if necessary."""
        at = self.position - self._window_begin
        if at < 0 or at + count > len(self._window):
            self.require(count, purpose)
            # Small reads would cost a call of the operating system each.
            size = min(max(count, _WINDOW), self.source.size - self.position)
            self._window = self.source.read_at(self.position, size)
            self._window_begin = self.position
            return 0
        return at

    def skip(self, count: int, purpose: str) -> int:
        """Skip `count` bytes and return the position of the first."""
        self.require(count, purpose)
        begin = self.position
        self.position += count
        return begin
