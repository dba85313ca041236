"""Host memory of large arrays, kept when they go and given to the next ones of their size.

The operating system clears each page that it hands out, which takes longer than many a kernel
takes to fill it. Training, averaging and saving ask for the same sizes again and again.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["LARGE", "KeptMemory"]

#: Bytes from which on memory is kept; smaller pieces come from the C library, which keeps them too.
LARGE = 1 << 20

_DEFAULT_LIMIT = 256 << 20
# Large pieces of fresh memory all start at one place of a page. Kernels that read many such arrays
# at a time need cache lines of one set then, more than it has. So each array starts some lines
# after the one before.
_PAGE = 4096
_LINE = 64
_STRIDE = 9 * _LINE
_VARIABLE = "NUMPARAM_KEPT_BYTES"


class _Lease:
    """Memory in use: what an array and its views refer to, and what gives it back after them."""

    __slots__ = ("__array_interface__", "_block", "_give_back")

    def __init__(self, block: np.ndarray, give_back: Callable[[np.ndarray], None]) -> None:
        self._block = block
        self._give_back = give_back
        self.__array_interface__ = block.__array_interface__

    def __del__(self) -> None:
        self._give_back(self._block)


class KeptMemory:
    """Memory that arrays have left, up to a limit, and the arrays that are made of it.

    Parameters
    ----------
    limit : int, optional
        The most bytes that are kept. If not given, the environment variable
        ``NUMPARAM_KEPT_BYTES`` when it is first needed, or else 256 MiB; 0 keeps nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.devices.memory import KeptMemory
    >>> memory = KeptMemory(limit=1 << 24)
    >>> array = memory.empty((1024, 1024), np.dtype(np.float32))
    >>> del array
    >>> memory.nbytes
    4194304
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        # By identity, the block that was left last at the end. Each change is one operation of a
        # dict, so that nothing waits and nothing is half done: a lease may end in any thread, in a
        # signal, inside a method of this class, or just before a fork.
        self._blocks: dict[int, np.ndarray] = {}
        self._turns = itertools.count()

    @property
    def nbytes(self) -> int:
        """The number of bytes that are kept now."""
        return _total(self._blocks.copy())

    @property
    def limit(self) -> int:
        """The most bytes that are kept.

        Raises
        ------
        ValueError
            If the environment variable is no number of bytes.
        """
        if self._limit is None:
            text = os.environ.get(_VARIABLE)
            if text and not text.isdecimal():
                raise ValueError(
                    f"the environment variable {_VARIABLE} is {text!r}; set it to a number of "
                    "bytes, or unset it"
                )
            self._limit = int(text) if text else _DEFAULT_LIMIT
        return self._limit

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
        """Make an array whose elements are not set.

        Parameters
        ----------
        shape : tuple of int
            Its shape.
        dtype : numpy.dtype
            Its dtype.

        Returns
        -------
        numpy.ndarray
            C-contiguous. If it is large, its memory comes back here when it and its views are gone.

        Raises
        ------
        MemoryError, ValueError
            As ``numpy.empty``; what was kept has been given back to the system then.
        """
        nbytes = dtype.itemsize
        for length in shape:
            nbytes *= length
        try:
            if nbytes < LARGE or nbytes > self.limit:
                return np.empty(shape, dtype)
            size = _rounded(nbytes)
            block = self._take(size)
            if block is None:
                block = np.empty(size + _PAGE, np.uint8)
        except MemoryError:
            self.release()
            return np.empty(shape, dtype)
        memory = np.asarray(_Lease(block, self._keep))
        start = (next(self._turns) * _STRIDE - memory.ctypes.data) % _PAGE
        return memory[start : start + nbytes].view(dtype).reshape(shape)

    def release(self) -> None:
        """Give all memory that is kept back to the system."""
        self._trim(0)

    def _take(self, size: int) -> np.ndarray | None:
        for key, block in reversed(self._blocks.copy().items()):
            # Whoever pops it has it: another thread may have seen it too.
            if _size(block) == size and self._blocks.pop(key, None) is not None:
                return block
        return None

    def _keep(self, block: np.ndarray) -> None:
        self._blocks[id(block)] = block
        self._trim(self._limit or 0)

    def _trim(self, limit: int) -> None:
        """Drop what was left longest ago until the limit is kept."""
        blocks = self._blocks.copy()
        excess = _total(blocks) - limit
        for key, block in blocks.items():
            if excess <= 0:
                return
            self._blocks.pop(key, None)
            excess -= _size(block)


def _total(blocks: dict[int, np.ndarray]) -> int:
    return sum(map(_size, blocks.values()))


def _size(block: np.ndarray) -> int:
    """Give what a block can hold wherever in its first page an array starts."""
    return len(block) - _PAGE


def _rounded(nbytes: int) -> int:
    """Round up by at most an eighth, so that sizes which differ little can follow each other."""
    step = 1 << (nbytes.bit_length() - 4)
    return -(-nbytes // step) * step
