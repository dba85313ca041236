"""The errors of reading and writing files: one class for each kind of damage.

All are :class:`~numparam.base.MXNetError`, the type that MXNet raises for any trouble with a file.
"""

from __future__ import annotations

import errno
import os

from numparam.base import MXNetError

__all__ = [
    "CountMismatchError",
    "FileAccessError",
    "FormatError",
    "GitLfsPointerError",
    "HtmlPageError",
    "ImpossibleShapeError",
    "NameEncodingError",
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
    >>> print(FormatError("expected a count, got -1.", source="net.params", offset=24))
    net.params: byte 24: expected a count, got -1.
    """

    def __init__(self, message: str, *, source: str | None = None, offset: int | None = None):
        super().__init__(message)
        self.source = source
        self.offset = offset

    def __str__(self) -> str:
        where = [] if self.source is None else [self.source]
        if self.offset is not None:
            where.append(f"byte {self.offset}")
        return ": ".join([*where, str(self.args[0])])


class NotAParamsFileError(FormatError):
    """The first bytes belong to something else than a ``.params`` file."""


class HtmlPageError(NotAParamsFileError):
    """A web page was saved in place of the file: a failed or redirected download."""


class GitLfsPointerError(NotAParamsFileError):
    """A Git LFS pointer stands where the file should be: the repository was not fully fetched."""


class ZipArchiveError(NotAParamsFileError):
    """A zip archive: an ``.npz`` file, a PyTorch checkpoint or a packed ``.params`` file."""


class TruncatedFileError(FormatError):
    """The file ends too early; ``offset`` is where it ends."""


class RecordMagicError(FormatError):
    """An array does not begin with a number that marks an array."""


class ImpossibleShapeError(FormatError):
    """A shape with negative sizes, too many dimensions, or more elements than can be counted."""


class UnknownDtypeError(FormatError):
    """The number that stands for the dtype is none of the format's."""


class UnknownStorageTypeError(FormatError):
    """The number that stands for the storage type is not dense, row_sparse or csr."""


class CountMismatchError(FormatError):
    """Two counts that must agree do not: arrays and names, or rows and row ids."""


class NameEncodingError(FormatError):
    """A name is not UTF-8."""


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


class ParamsFileNotFoundError(FileAccessError, FileNotFoundError):
    """There is no such file or folder."""


class ParamsFilePermissionError(FileAccessError, PermissionError):
    """The file or its folder may not be read or written."""


class ParamsFileIsADirectoryError(FileAccessError, IsADirectoryError):
    """A folder stands where the file should be."""


def access_error(error: OSError, path: str, advice: str) -> FileAccessError:
    """Say an :class:`OSError` again as one that is also an :class:`~numparam.base.MXNetError`.

    Parameters
    ----------
    error : OSError
        What the operating system said.
    path : str
        The file.
    advice : str
        What was tried and what to do.

    Returns
    -------
    FileAccessError
        The same errno, of the class that fits it.

    Examples
    --------
    >>> missing = access_error(FileNotFoundError(2, "No such file"), "net.params", "Check it.")
    >>> isinstance(missing, FileNotFoundError), missing.filename
    (True, 'net.params')
    """
    kind = FileAccessError
    if isinstance(error, FileNotFoundError):
        kind = ParamsFileNotFoundError
    elif isinstance(error, PermissionError):
        kind = ParamsFilePermissionError
    elif isinstance(error, IsADirectoryError):
        kind = ParamsFileIsADirectoryError
    number = errno.EIO if error.errno is None else error.errno
    reason = error.strerror or os.strerror(number)
    return kind(number, f"{reason}. {advice}", path)
