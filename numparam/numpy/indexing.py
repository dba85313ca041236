"""Reading and writing parts of ``mx.np`` arrays by index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.modes.np_mode import is_np_shape, np_shape
from numparam.ndarray import keys
from numparam.ndarray.indexing import Indexing as ClassicIndexing

__all__ = ["Indexing"]


class Indexing(ClassicIndexing):
    """The part of ``mx.np.ndarray`` behind ``array[key]`` and ``array[key] = value``.

    Keys are NumPy's, with boolean masks, bools, and ``...``; one element has shape ``()``. What is
    contiguous in memory shares it; the rest is copied.
    """

    __slots__ = ()

    def __getitem__(self: Any, key: Any) -> Any:
        if type(key) is int:
            return self._at(key)
        key = _with_masks(key)
        if is_np_shape():
            return super().__getitem__(key)
        with np_shape(True):
            return super().__getitem__(key)

    def _at(self: Any, position: int) -> Any:
        shape = self.shape
        if not shape:
            raise IndexError(keys.too_many(1, shape))
        size = math.prod(shape[1:])
        start = keys.checked(position, 0, shape[0]) * size
        buffer = self._backend.view(self._buffer, start, shape[1:])
        return self._array_class.from_buffer(buffer, self._ctx, self._backend, self.writable)

    def __setitem__(self: Any, key: Any, value: Any) -> None:
        if hasattr(value, "_buffer") and not isinstance(value, self._array_class):
            raise TypeError(
                f"an {type(value).__name__} cannot be written into an mx.np array; write its "
                "as_np_ndarray(), which shares its memory"
            )
        super().__setitem__(_with_masks(key), value)

    def __contains__(self: Any, value: Any) -> bool:
        return bool((self == value).any())


def _with_masks(key: Any) -> Any:
    """Make masks without dimensions of the bools in a key, as NumPy does."""
    if isinstance(key, (bool, np.bool_)):
        return np.asarray(key)
    if isinstance(key, tuple) and any(isinstance(entry, (bool, np.bool_)) for entry in key):
        return tuple(
            np.asarray(entry) if isinstance(entry, (bool, np.bool_)) else entry for entry in key
        )
    return key
