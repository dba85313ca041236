"""Atomic replacement of files: a failed or killed save leaves the old file intact."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from numparam.kernels._callers import warn_caller

from .errors import FileAccessError, InPlaceWarning, access_error, missing_file_error
from .opening import OpenFile
from .quoting import shown_path

__all__ = ["TEMPORARY_PREFIX", "take_rights", "write_file"]

#: How the names of temporary files begin; a killed save leaves one behind until the next save.
TEMPORARY_PREFIX = ".numparam-"

# Temporary files of one target have these numbers, so that the next save finds what a killed one
# left without listing the folder. More saves at once than that take random names.
_NUMBERED = 16
# What the system answers where a file cannot be replaced, but perhaps written: folders that are
# not writeable, read-only file systems, files that others are mounted on.
_IRREPLACEABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV)

Fill = Callable[[OpenFile, bool], None]


def write_file(path: str | os.PathLike[Any], fill: Fill) -> None:
    """Write a file and replace the old one in a single step.

    Parameters
    ----------
    path : str or os.PathLike
        The file. A symbolic link is followed: the file that it points to is replaced.
    fill : callable
        Writes the contents. It takes the open file, and whether that is a regular file, which is
        never waited for, as a pipe is.

    Raises
    ------
    FileAccessError
        If the operating system refuses a step; the old file is then as it was.

    Warns
    -----
    InPlaceWarning
        If the file can be written but not replaced.

    Notes
    -----
    Write, fsync, rename, fsync of the folder (where the system can). A new file's permissions
    follow the umask. An old file's owner, group, mode and extended attributes stay as far as the
    system permits; the temporary file never has more rights than it. Whatever `fill` raises,
    signals too, the temporary file is removed. A process that is killed outright leaves it behind,
    under a name that begins with `TEMPORARY_PREFIX`; the next save of the same file removes it,
    unless its writer still holds its lock.

    Pipes, devices and the process's own descriptors (``/dev/stdout``, ``/dev/fd/3``) are written to
    directly. So is a file in a folder that is not writeable, or onto which another one is mounted:
    a failure then leaves it damaged.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
    >>> write_file(path, lambda file, regular: file.write_pieces([b"new"]))
    >>> path.read_bytes()
    b'new'
    """
    name = os.fsdecode(path)
    unchanged = "If there was a file, it is unchanged. "
    try:
        old = _stat(name)
        descriptor = _own_descriptor(name)
        if descriptor is not None or (old is not None and not stat.S_ISREG(old.st_mode)):
            unchanged = ""
            # A descriptor of the process itself stays open, and its position is kept.
            direct = name if descriptor is None else descriptor
            with OpenFile(direct, "w", closefd=descriptor is None) as file:
                fill(file, False)
            return
        # Renaming needs no right to write the old file. One that is read-only is meant to stay.
        if old is not None and not os.access(name, os.W_OK):
            raise PermissionError(errno.EACCES, "The file is read-only")
        _replace(os.path.realpath(name), name, old, fill)
    except _PartlyWrittenError as error:
        advice = "The file was being written in place and is damaged now: save it again."
        raise access_error(error, name, advice) from error
    except FileAccessError:
        raise
    except OSError as error:
        advice = (
            f"The file could not be saved. {unchanged}Check the folder, its permissions and the "
            "free space."
        )
        raise access_error(error, name, advice) from error


class _PartlyWrittenError(OSError):
    """Writing in place failed after it had begun."""


def _stat(name: str) -> os.stat_result | None:
    """Return the status of the file, or None if it does not exist yet."""
    try:
        old = os.stat(name)
    except FileNotFoundError:
        # A symbolic link to nothing is followed; os.path.realpath also loses a last separator.
        folder = os.path.dirname(os.path.realpath(name))
        if not name or _names_folder(name) or not os.path.isdir(folder):
            raise missing_file_error(name, saving=True) from None
        return None
    except ValueError as error:  # a NUL in it, or characters that no path has
        raise FileAccessError(errno.EINVAL, f"this is not a path: {error}.", name) from error
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, "This is a folder")
    return old


def _names_folder(name: str) -> bool:
    return os.path.basename(name) in ("", os.curdir, os.pardir)


def _own_descriptor(name: str) -> int | None:
    """Return the descriptor that a path such as ``/dev/stdout`` stands for, if it is one."""
    for _ in range(40):
        folder = os.path.realpath(os.path.dirname(os.path.abspath(name)))
        if re.fullmatch(rf"/dev/fd|/proc/(self|{os.getpid()})(/task/\d+)?/fd", folder):
            last = os.path.basename(name)
            return int(last) if last.isdecimal() else None
        if not os.path.islink(name):
            return None
        name = os.path.join(folder, os.readlink(name))
    return None


def _replace(target: str, name: str, old: os.stat_result | None, fill: Fill) -> None:
    folder = os.path.dirname(target)
    opened: list[OpenFile] = []
    temporary: list[str] = []
    try:
        try:
            _open_temporary(target, _first_mode(old), temporary, opened)
        except OSError as error:
            if old is None or error.errno not in _IRREPLACEABLE:
                raise
            _warn(name, error)
            _write_in_place(target, fill)
            return
        file = opened[-1]
        if old is not None:
            take_rights(file.fileno(), target, old)
        fill(file, True)
        os.fsync(file.fileno())
        try:
            _rename(temporary[-1], target, file)
        except OSError as error:
            if old is None or error.errno not in _IRREPLACEABLE:
                raise
            _warn(name, error)
            _write_in_place(target, functools.partial(_copy, temporary[-1]))
            return
        temporary.clear()
    finally:
        _remove(temporary, opened)
    _sync_folder(folder)


def _rename(temporary: str, target: str, file: OpenFile) -> None:
    if os.name == "nt":
        file.close()  # Windows renames no open file
    os.replace(temporary, target)


def _first_mode(old: os.stat_result | None) -> int:
    # os.open applies the umask to 0o666, as for any new file. An old file's group may be another
    # than the new one's: until that is settled, only the owner has access.
    return 0o666 if old is None else stat.S_IMODE(old.st_mode) & 0o600


def _open_temporary(target: str, mode: int, temporary: list[str], opened: list[OpenFile]) -> None:
    """Open a new file beside `target`; append its name and the file to the lists."""
    for candidate in _candidates(target):
        temporary.append(candidate)
        opener = functools.partial(os.open, mode=mode)
        try:
            # One call in C: an interrupt comes before the file is made or after it is in the list.
            opened.extend(map(functools.partial(OpenFile, mode="x", opener=opener), [candidate]))
        except FileExistsError:
            _remove_abandoned(candidate)
            continue
        if _lock(opened[-1].fileno()) and os.fstat(opened[-1].fileno()).st_nlink:
            return
        # Another save took it for abandoned before it was locked.


def _candidates(target: str) -> Iterator[str]:
    folder, name = os.path.split(target)
    digest = f"{zlib.crc32(os.fsencode(name)):08x}"
    for number in range(_NUMBERED):
        candidate = os.path.join(folder, f"{TEMPORARY_PREFIX}{digest}-{number}.tmp")
        yield candidate
        yield candidate  # what was abandoned there is removed by now
    while True:
        yield os.path.join(folder, f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}.tmp")


def _lock(descriptor: int) -> bool:
    """Lock a file for as long as it is open; return False if another process has locked it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # file systems without locks: then nothing is ever found abandoned
        return True
    return True


def _remove_abandoned(name: str) -> None:
    """Remove the temporary file of an earlier save, if its process is gone."""
    if fcntl is None:
        return
    try:
        if not stat.S_ISREG(os.lstat(name).st_mode):
            return
        with OpenFile(name) as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file.fileno(), name):
                os.unlink(name)
    except OSError:
        return


def _is_at(descriptor: int, name: str) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), os.lstat(name))
    return False


def _remove(temporary: list[str], opened: list[OpenFile]) -> None:
    """Remove and close the temporary files; one that was renamed stays."""
    for file in opened:
        for name in temporary[-1:]:
            # Windows needs it closed first; no other process uses its random name.
            if file.closed or _is_at(file.fileno(), name):
                with contextlib.suppress(OSError):
                    os.unlink(name)
        with contextlib.suppress(OSError):
            file.close()


def take_rights(descriptor: int, target: str, old: os.stat_result) -> None:
    """Copy owner, group, extended attributes and mode of an old file to a new one."""
    if not hasattr(os, "fchmod"):
        return
    mode = stat.S_IMODE(old.st_mode)
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except OSError:
            mode &= 0o777  # no program that runs as its owner
            try:
                os.fchown(descriptor, -1, old.st_gid)
            except OSError:
                # Its group is another one, which has no more rights than all others have.
                mode &= ~0o070 | (mode & 0o007) << 3
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for attribute in os.listxattr(target):
                with contextlib.suppress(OSError):
                    os.setxattr(descriptor, attribute, os.getxattr(target, attribute))
    with contextlib.suppress(PermissionError):
        os.fchmod(descriptor, mode)


def _warn(name: str, reason: OSError) -> None:
    warn_caller(
        f"{shown_path(name)} cannot be replaced in one step ({reason.strerror}): its folder is not "
        "writeable, or it is a mount point. It is written in place; if that fails or is "
        "interrupted, the file is damaged",
        InPlaceWarning,
    )


def _write_in_place(target: str, fill: Fill) -> None:
    with _open_existing(target) as file:
        try:
            fill(file, True)
            file.truncate(file.tell())
            os.fsync(file.fileno())
        except OSError as error:
            if isinstance(error, FileAccessError) and file.tell() == 0:
                raise  # `fill` refused before anything was written
            raise _PartlyWrittenError(error.errno, error.strerror) from error


def _open_existing(target: str) -> OpenFile:
    try:
        # Asking to create it is refused in shared folders, even where it exists.
        return OpenFile(target, "r+")
    except PermissionError:  # it may be written, but not read
        return OpenFile(target, "w")


def _copy(source: str, file: OpenFile, regular: bool) -> None:
    import shutil  # late: it imports five compressors

    with OpenFile(source) as complete:
        shutil.copyfileobj(complete, file, 1 << 20)


def _sync_folder(folder: str) -> None:
    """Make the rename itself survive a power failure, where the system and file system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptors: list[int] = []
    close = map(os.close, descriptors)
    with contextlib.suppress(OSError):
        try:
            # One call in C each, so that no interrupt comes between opening and noting it.
            descriptors.extend(map(os.open, [folder], [os.O_RDONLY | os.O_DIRECTORY]))
            os.fsync(descriptors[0])
        finally:
            any(close)
