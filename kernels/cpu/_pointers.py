"""Pointer tables: the addresses and sizes of many arrays, ready for one call into compiled code.

A kernel that walks a table serves any number of arrays with one compilation and one call. A table
is immutable and holds its arrays, so that the memory it points to lives as long as it does; so does
each of its groups, which may outlive it. It is never pickled or copied deeply: an address means
nothing in another process.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

import numpy as np

from numparam.kernels import _gate

CHUNK = 4096  # elements; reductions combine the partial results of such chunks in their order

_KEPT_HERE = "a pointer table holds addresses of this process; pickle or copy its arrays instead"


class Group:
    """The arrays of one element kind in a table.

    Attributes
    ----------
    arrays : tuple of numpy.ndarray
        What it points to.
    kind : str
        Element kind.
    rows : numpy.ndarray
        int64, (4, arrays + 1), read-only: addresses; sizes in elements; number of each array's
        first chunk; positions. The last column holds the totals.
    positions : numpy.ndarray
        int64, (arrays,), read-only: where each array stands in the table.
    chunks : int
        Number of chunks of all arrays.
    nbytes : int
        Bytes of all arrays.
    """

    __slots__ = ("arrays", "chunks", "kind", "nbytes", "positions", "rows")

    def __init__(self, kind: str, arrays: Sequence[np.ndarray], positions: Sequence[int]) -> None:
        address = _gate.address
        # Python's own arithmetic: NumPy's calls cost more than they do here, up to some hundreds.
        addresses, sizes, firsts = [], [], [0]
        elements = chunks = 0
        for array in arrays:
            size = array.size
            addresses.append(address(array))
            sizes.append(size)
            elements += size
            chunks += -(-size // CHUNK)
            firsts.append(chunks)
        count = len(addresses)
        packed = struct.pack(
            f"{4 * count + 4}q", *addresses, 0, *sizes, elements, *firsts, *positions, 0
        )
        rows = np.frombuffer(packed, np.int64).reshape(4, count + 1)
        self.arrays = tuple(arrays)
        self.kind = kind
        self.rows = rows
        self.positions = rows[3, :count]
        self.chunks = chunks
        self.nbytes = elements * arrays[0].itemsize

    def __reduce__(self) -> NoReturn:
        raise TypeError(_KEPT_HERE)


class Table:
    """An immutable pointer table over host arrays.

    Attributes
    ----------
    arrays : tuple of numpy.ndarray
        What it points to, in the order given.
    writeable : bool
        Whether kernels may write through it.
    groups : tuple of Group
        One for each element kind.
    """

    __slots__ = ("_shared", "arrays", "groups", "writeable")

    arrays: tuple[np.ndarray, ...]
    groups: tuple[Group, ...]
    writeable: bool
    _shared: tuple[int, int] | None

    def __init__(self, arrays: Sequence[np.ndarray], writeable: bool) -> None:
        members: dict[str, tuple[list[np.ndarray], list[int]]] = {}
        for position, array in enumerate(arrays):
            same, positions = members.setdefault(_gate.kind(array.dtype), ([], []))
            same.append(array)
            positions.append(position)
        groups = tuple(Group(kind, *same) for kind, same in members.items())
        object.__setattr__(self, "arrays", tuple(arrays))
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "writeable", writeable)

    def __len__(self) -> int:
        return len(self.arrays)

    def shared(self) -> tuple[int, int] | None:
        """Return the positions of two arrays that share memory, or None; cached."""
        if len(self.arrays) < 2:
            return None
        try:
            return self._shared
        except AttributeError:
            pass
        spans = []
        for group in self.groups:
            addresses, sizes, _, positions = group.rows.tolist()
            itemsize = group.arrays[0].itemsize
            for address, size, position in zip(
                addresses[:-1], sizes[:-1], positions[:-1], strict=True
            ):
                if size:
                    spans.append((address, address + size * itemsize, position))
        # Two that overlap are next to each other once they are sorted by address.
        spans.sort()
        found = None
        for (_, stop, first), (start, _, second) in pairwise(spans):
            if start < stop:
                found = (min(first, second), max(first, second))
                break
        object.__setattr__(self, "_shared", found)
        return found

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a pointer table is immutable; build another one")

    def __reduce__(self) -> NoReturn:
        raise TypeError(_KEPT_HERE)
