"""Memory that was shared with other libraries, which may write to it unnoticed."""

from __future__ import annotations

import weakref
from typing import Any

from numparam.devices.backend import Buffer

__all__ = ["is_exported", "note"]

# By the buffer's id, for as long as it lives.
_exported: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


def note(buffer: Buffer) -> None:
    """Note that a buffer's memory was shared with another library.

    Parameters
    ----------
    buffer : Buffer
        A host array.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.devices import exports
    >>> values = np.ones(2)
    >>> exports.note(values)
    >>> exports.is_exported(values), exports.is_exported(np.ones(2))
    (True, False)
    """
    _exported[id(buffer)] = buffer


def is_exported(buffer: Buffer) -> bool:
    """Return whether a buffer's memory was ever shared with another library."""
    return _exported.get(id(buffer)) is buffer
