"""Errors of sparse arrays."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = [
    "NotSparseError",
    "RowIdRangeError",
    "SparseArgumentError",
    "SparseFormatError",
    "SparseKeyError",
    "StorageTypePairError",
]


class SparseFormatError(MXNetError, IndexError, ValueError):
    """The ids of a sparse array are out of range, out of order or repeated.

    Factories take such ids, as MXNet's do; whatever has to rely on them refuses.
    """


class RowIdRangeError(IndexError, MXNetError):
    """A row id is negative, or not below the number of rows."""


class SparseArgumentError(MXNetError, TypeError, ValueError):
    """Arguments of a factory do not describe a sparse array.

    MXNet raises one or another of the three types, depending on the argument.
    """


class NotSparseError(MXNetError, ValueError, AssertionError):
    """A dense array was given in place of a sparse one."""


class StorageTypePairError(MXNetError, TypeError, ValueError):
    """One sparse storage type does not convert to the other."""


class SparseKeyError(MXNetError, IndexError, TypeError, ValueError, AssertionError):
    """A key selects a part of a sparse array that cannot be read or written alone.

    MXNet raises one or another of these types, or a plain Exception, depending on the key.
    """
