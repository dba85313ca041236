"""Host memory: aligned to cache lines, and reused for large arrays.

JAX shares only memory that starts at a multiple of 64 bytes, and copies everything else without a
word. NumPy aligns to 16 bytes, so memory is cut out of pieces that are somewhat larger.

The operating system clears each page that it hands out, which takes longer than many kernels take
to fill it. Training, averaging and saving ask for the same sizes again and again, so memory of
large arrays is kept when they go and given to the next ones of their size.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from ctypes import addressof, c_char
from typing import Any

import numpy as np

from numparam.kernels import _kept_bytes

__all__ = ["LARGE", "LINE", "SMALL", "KeptMemory", "Memory", "SmallMemory", "owns_memory"]

#: Bytes from which on memory is kept; smaller pieces come from the C library, which keeps them too.
LARGE = 1 << 20

#: Bytes of a cache line, to which arrays are aligned.
LINE = 64

#: Bytes up to which arrays are cut out of one piece, a shelf of at least eight of them, which saves
#: finding an aligned address for each.
SMALL = 1024
_SHELF = 4096

_DEFAULT_LIMIT = 256 << 20
# Large pieces of fresh memory all start at one place of a page. Kernels that read many such arrays
# at a time need cache lines of one set then, more than it has. So each array starts some lines
# after the one before.
_PAGE = 4096
_STRIDE = 9 * LINE
_BYTE = np.dtype(np.uint8)
# For the address of an array: ten times as fast as asking NumPy.
_as_character: Any = c_char.from_buffer


class Memory(np.ndarray):
    """Memory that arrays are parts of: the `base` of arrays that are not views of others."""

    __slots__ = ()


def owns_memory(array: np.ndarray) -> bool:
    """Return whether only views of an array can share its memory.

    Parameters
    ----------
    array : numpy.ndarray
        A buffer of the host, or an array of the user's.

    Returns
    -------
    bool
        False also if that is not known, as for memory of another library.
    """
    base = array.base
    return base is None or type(base) is Memory


class SmallMemory:
    """Memory of arrays below `LARGE`, aligned to cache lines.

    Attributes
    ----------
    places : list of iterator of (Memory, int)
        By the number of cache lines that an array needs: shelves with the places on them that are
        still free. Taking the next place is one step of the interpreter, so threads and signal
        handlers need no lock.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.devices.memory import SmallMemory
    >>> array = SmallMemory().empty((3,), np.dtype(np.float32), 12)
    >>> array.ctypes.data % 64
    0
    """

    def __init__(self) -> None:
        self.places: list[Iterator[tuple[Memory, int]]] = [iter(())] * (SMALL // LINE + 1)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any], nbytes: int) -> np.ndarray:
        """Return a C-contiguous array; its elements are not set, or zero if it is on a shelf.

        Parameters
        ----------
        shape : tuple of int
            Its shape.
        dtype : numpy.dtype
            Its dtype.
        nbytes : int
            The bytes that it needs. Up to `SMALL` it is on a shelf.

        Raises
        ------
        MemoryError, ValueError
            As ``numpy.empty``.
        """
        if not 0 <= nbytes <= SMALL:
            return _aligned(shape, dtype, nbytes)
        lines = (nbytes + LINE - 1) // LINE
        for shelf, place in self.places[lines]:  # the next one; faster than `next`
            return np.ndarray(shape, dtype, shelf, place)
        self.places[lines] = _new_shelf(lines * LINE)
        return self.empty(shape, dtype, nbytes)


def _new_shelf(piece: int) -> Iterator[tuple[Memory, int]]:
    piece = max(piece, LINE)
    size = max(_SHELF, 8 * piece)
    shelf = Memory((size + LINE,), _BYTE)
    shelf.fill(0)  # all places at once
    start = -addressof(_as_character(shelf)) % LINE
    return zip(itertools.repeat(shelf), range(start, start + size - piece + 1, piece))


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any], nbytes: int) -> np.ndarray:
    memory = Memory((nbytes + LINE,), _BYTE)
    return np.ndarray(shape, dtype, memory, -addressof(_as_character(memory)) % LINE)


class _Lease:
    """Memory in use: an array and its views refer to it, and its end returns the memory."""

    __slots__ = ("__array_interface__", "_block", "_give_back")

    def __init__(self, block: np.ndarray, give_back: Callable[[np.ndarray], None]) -> None:
        self._block = block
        self._give_back = give_back
        self.__array_interface__ = block.__array_interface__

    def __del__(self) -> None:
        self._give_back(self._block)


class KeptMemory:
    """A cache of the memory of large arrays that are gone, which new arrays reuse.

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
        self._starts = itertools.count()

    @property
    def nbytes(self) -> int:
        """The number of bytes that are kept now."""
        return _total(self._blocks.copy())

    @property
    def limit(self) -> int:
        """The largest number of bytes that are kept.

        Raises
        ------
        ValueError
            If the environment variable is not a number of bytes.
        """
        if self._limit is None:
            wanted = _kept_bytes.wanted()
            self._limit = _DEFAULT_LIMIT if wanted is None else wanted
        return self._limit

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
        """Return an array whose elements are not set.

        Parameters
        ----------
        shape : tuple of int
            Its shape.
        dtype : numpy.dtype
            Its dtype.

        Returns
        -------
        numpy.ndarray
            C-contiguous, aligned to a cache line. If it is large, its memory comes back here when
            it and its views are gone.

        Raises
        ------
        MemoryError, ValueError
            As ``numpy.empty``. Before a MemoryError all kept memory was returned to the system.
        """
        nbytes = dtype.itemsize
        for length in shape:
            nbytes *= length
        try:
            if nbytes < LARGE or nbytes > self.limit:
                return _aligned(shape, dtype, nbytes)
            size = _rounded(nbytes)
            block = self._take(size)
            if block is None:
                block = Memory((size + _PAGE,), _BYTE)
        except MemoryError:
            self.release()
            return _aligned(shape, dtype, nbytes)
        memory = np.asarray(_Lease(block, self._keep))
        start = (next(self._starts) * _STRIDE - addressof(_as_character(memory))) % _PAGE
        return memory[start : start + nbytes].view(dtype).reshape(shape)

    def release(self) -> None:
        """Release all kept memory to the system."""
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
        """Drop the oldest blocks until the limit is respected."""
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
    """Return how many bytes a block can hold wherever in its first page an array starts."""
    return len(block) - _PAGE


def _rounded(nbytes: int) -> int:
    """Round up by at most an eighth, so that arrays of similar sizes can reuse a block."""
    step = 1 << (nbytes.bit_length() - 4)
    return -(-nbytes // step) * step
