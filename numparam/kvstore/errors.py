"""Errors of key-value stores; each is also of the type that MXNet raises."""

from __future__ import annotations

from numparam.base import MXNetError
from numparam.ndarray.sparse.errors import RowIdRangeError

__all__ = [
    "CapabilityError",
    "KeyTypeError",
    "NoUpdaterError",
    "RowIdError",
    "RowIdRangeError",
    "StoreArgumentError",
    "StoredKeyError",
    "UnknownStoreError",
    "ValueMismatchError",
]


class UnknownStoreError(MXNetError, ValueError):
    """There is no store of this type."""


class KeyTypeError(MXNetError, TypeError, AssertionError):
    """A key is neither an int nor a str, or a store mixes both types."""


class StoredKeyError(MXNetError, LookupError):
    """A key is not in the store, or is initialized twice."""


class StoreArgumentError(MXNetError, TypeError, ValueError, AssertionError):
    """Keys, values, outputs or row ids do not fit each other."""


class ValueMismatchError(MXNetError, ValueError):
    """Shapes, dtypes or storage types do not fit the stored value."""


class NoUpdaterError(MXNetError, AssertionError):
    """The store has no optimizer whose states could be saved or loaded."""


class CapabilityError(ValueError):
    """The capability is unknown."""


class RowIdError(MXNetError, ValueError):
    """A row id is not a whole number."""
