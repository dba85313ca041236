"""Replacing a file in one step, so that a failed or killed save leaves the old file whole."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import Any, BinaryIO

from .errors import access_error

__all__ = ["TEMPORARY_PREFIX", "replacing"]

#: How the names of temporary files begin; a killed save can leave one behind.
TEMPORARY_PREFIX = ".numparam-"


@contextlib.contextmanager
def replacing(path: str | os.PathLike[Any]) -> Iterator[BinaryIO]:
    """Open a file whose new contents take the place of the old ones when the block ends well.

    Parameters
    ----------
    path : str or os.PathLike
        The file. A symbolic link is followed: the file it points to is replaced.

    Yields
    ------
    BinaryIO
        A new file beside the old one, under a temporary name.

    Raises
    ------
    FileAccessError
        If the operating system refuses a step; the old file is then as it was.

    Notes
    -----
    Write, fsync, rename, fsync of the folder (where the system can). A new file's permissions
    follow the umask, an old file's stay. If the block raises anything, the temporary file is
    removed. Only a process that is killed outright leaves it behind, under a name that begins with
    `TEMPORARY_PREFIX`. A pipe or device cannot be replaced and is written to directly.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
    >>> with replacing(path) as file:
    ...     _ = file.write(b"new")
    >>> path.read_bytes()
    b'new'
    """
    target = os.path.realpath(os.fsdecode(path))
    try:
        mode = _existing_mode(target)
        if mode is not None and not stat.S_ISREG(mode):
            with open(target, "wb") as device:
                yield device
            return
        yield from _replace(target, mode)
    except OSError as error:
        advice = (
            "The file could not be saved; if there was one, it is unchanged. Check the folder, "
            "its permissions and the free space."
        )
        raise access_error(error, os.fsdecode(path), advice) from error


def _existing_mode(target: str) -> int | None:
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    # Renaming needs no right to write the old file. One that is marked read-only is meant to stay.
    if stat.S_ISREG(mode) and not os.access(target, os.W_OK):
        raise PermissionError(13, "The file is read-only")
    return mode


def _replace(target: str, mode: int | None) -> Iterator[BinaryIO]:
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}.tmp")
    # os.open applies the umask to 0o666, as for any new file; tempfile would give 0o600.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(descriptor, stat.S_IMODE(mode))
            yield file
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Make the rename itself survive a power cut; Windows cannot, nor can some file systems."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
