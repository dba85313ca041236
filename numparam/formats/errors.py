"""The errors of reading and writing files: one class for each kind of damage.

All are :class:`~numparam.base.MXNetError`, the type that MXNet raises for any trouble with a file.
"""

from __future__ import annotations

import errno
import itertools
import os

from numparam._missing import close_matches
from numparam.base import MXNetError

from .quoting import quoted, shown_path

__all__ = [
    "CountMismatchError",
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
    "ParamsFileIsADirectoryError",
    "ParamsFileNotFoundError",
    "ParamsFilePermissionError",
    "RecordMagicError",
    "SparseIndexError",
    "TruncatedFileError",
    "UnknownDtypeError",
    "UnknownStorageTypeError",
    "UnsupportedRecordError",
    "ZipArchiveError",
    "access_error",
    "missing_file_error",
]


class FormatError(MXNetError, ValueError):
    """The bytes are not what the ``.params`` format says.

    Parameters
    ----------
    message : str
        What was expected, what came and what to do.
    source : str, optional
        The file, or a name for the bytes in memory.
    offset : int, optional
        Where, in bytes from the start.

    Attributes
    ----------
    source : str or None
        As given.
    offset : int or None
        As given.

    Examples
    --------
    >>> import numparam as mx
    >>> print(mx.formats.FormatError("expected a count, got -1.", source="net.params", offset=24))
    net.params: byte 24: expected a count, got -1.
    """

    def __init__(self, message: str, *, source: str | None = None, offset: int | None = None):
        super().__init__(message)
        self.source = source
        self.offset = offset

    def __str__(self) -> str:
        where = [] if self.source is None else [shown_path(self.source)]
        if self.offset is not None:
            where.append(f"byte {self.offset}")
        return ": ".join([*where, str(self.args[0])])


class NotAParamsFileError(FormatError):
    """The first bytes belong to something else than a ``.params`` file."""


class HtmlPageError(NotAParamsFileError):
    """The file is a web page: a failed or redirected download."""


class GitLfsPointerError(NotAParamsFileError):
    """The file is a Git LFS pointer: the repository was not fully fetched."""


class ZipArchiveError(NotAParamsFileError):
    """A zip archive: an ``.npz`` file, a PyTorch checkpoint or a packed ``.params`` file."""


class TruncatedFileError(FormatError):
    """The file ends too early; ``offset`` is where it ends."""


class RecordMagicError(FormatError):
    """An array does not begin with one of the magic numbers of arrays."""


class ImpossibleShapeError(FormatError):
    """A shape with negative sizes, too many dimensions, or more elements than can be counted."""


class UnknownDtypeError(FormatError):
    """The dtype's number does not exist in the format."""


class UnknownStorageTypeError(FormatError):
    """The storage type's number does not exist in the format."""


class CountMismatchError(FormatError):
    """Two counts that must agree do not: arrays and names, or rows and row ids."""


class NameEncodingError(FormatError):
    """A name cannot be decoded or encoded."""


class NameLengthError(FormatError):
    """A name is too long: the file is damaged or malicious."""


class InPlaceWarning(UserWarning):
    """A file could not be replaced in one step, and was written in place."""


class SparseIndexError(FormatError, IndexError):
    """The ids of a sparse array are out of range or out of order."""


class NoneArrayError(FormatError):
    """A record of an array without shape and data, MXNet's "none" array."""


class UnsupportedRecordError(MXNetError, TypeError, ValueError):
    """The array cannot be written in the ``.params`` format."""


class FileAccessError(OSError, MXNetError):
    """The operating system refused to read or write the file.

    An :class:`OSError` with ``errno`` and ``filename`` set, and an
    :class:`~numparam.base.MXNetError`.
    """

    def __str__(self) -> str:
        return f"{shown_path(self.filename)}: {self.strerror}"


class ParamsFileNotFoundError(FileAccessError, FileNotFoundError):
    """There is no such file or folder. The message names both, and is shown without a path."""

    def __str__(self) -> str:
        return str(self.strerror)


class ParamsFilePermissionError(FileAccessError, PermissionError):
    """The file or its folder may not be read or written."""


class ParamsFileIsADirectoryError(FileAccessError, IsADirectoryError):
    """The path is that of a folder."""


def access_error(error: OSError, path: str, advice: str) -> FileAccessError:
    """Turn an :class:`OSError` into one that is also an :class:`~numparam.base.MXNetError`.

    Parameters
    ----------
    error : OSError
        What the operating system raised.
    path : str
        The file.
    advice : str
        What was tried and what to do.

    Returns
    -------
    FileAccessError
        With the same errno, of the class that fits it.

    Examples
    --------
    >>> refused = access_error(PermissionError(13, "Permission denied"), "net.params", "Check it.")
    >>> isinstance(refused, PermissionError), refused.filename
    (True, 'net.params')
    >>> print(refused)
    net.params: Permission denied. Check it.
    """
    number = errno.EIO if error.errno is None else error.errno
    reason = error.strerror or os.strerror(number)
    kind = _kind_of(error)
    where = f"{shown_path(path)}: " if kind is ParamsFileNotFoundError else ""
    return kind(number, f"{where}{reason}. {advice}", path)


def _kind_of(error: OSError) -> type[FileAccessError]:
    if isinstance(error, FileNotFoundError):
        return ParamsFileNotFoundError
    if isinstance(error, PermissionError):
        return ParamsFilePermissionError
    if isinstance(error, IsADirectoryError):
        return ParamsFileIsADirectoryError
    return FileAccessError


def missing_file_error(path: str, *, saving: bool) -> ParamsFileNotFoundError:
    """Return the error for a file, or a folder to save into, that does not exist.

    Parameters
    ----------
    path : str
        The file.
    saving : bool
        Whether it was to be written; then its folder is missing.

    Returns
    -------
    ParamsFileNotFoundError
        Its message names the folder, and one file there whose name is similar.

    Examples
    --------
    >>> print(missing_file_error("/nowhere/net.params", saving=False))
    there is no folder '/nowhere' to read 'net.params' from. Check the path.
    """
    folder, name = os.path.split(os.path.abspath(path))
    if not path:
        problem = "the path is empty."
    elif saving or not os.path.isdir(folder):
        folder = os.path.dirname(os.path.join(os.getcwd(), path)) if saving else folder
        hint = "Make it first, with os.makedirs." if saving else "Check the path."
        purpose = f"to {'save' if saving else 'read'} {quoted(name)} {'in' if saving else 'from'}"
        problem = f"there is no folder {quoted(folder, 300)} {purpose}. {hint}"
    else:
        near = _similar_name(folder, name)
        hint = "Check the path." if near is None else f"Did you mean {quoted(near)}?"
        problem = f"there is no file {quoted(name)} in the folder {quoted(folder, 300)}. {hint}"
    return ParamsFileNotFoundError(errno.ENOENT, problem, path)


def _similar_name(folder: str, name: str) -> str | None:
    """Find the most similar file name among the first thousand of a folder."""
    try:
        with os.scandir(folder) as entries:
            some = itertools.islice(entries, 1000)
            names = [entry.name for entry in some if not entry.is_dir()]
    except OSError:
        return None
    return next(iter(close_matches(name, names, 1)), None)
