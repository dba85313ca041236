"""Pointer tables: the addresses and sizes of many arrays, ready for one call into compiled code.

A kernel that walks a table serves any number of arrays with one compilation and one call. A table
is immutable and holds its arrays, so that the memory it points to lives as long as it does; so does
each of its groups, which may outlive it. It is never pickled or copied deeply: an address means
nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        int64, (3, arrays + 1): addresses; sizes in elements; number of each array's first chunk.
        The last column holds the totals.
    positions : numpy.ndarray
        int64, (arrays,): where each array stands in the table.
    chunks : int
        Number of chunks of all arrays.
    nbytes : int
        Bytes of all arrays.
    """

    __slots__ = ("arrays", "chunks", "kind", "nbytes", "positions", "rows")

    def __init__(self, kind: str, arrays: Sequence[np.ndarray], positions: Sequence[int]) -> None:
        # Python's own arithmetic: NumPy's calls cost more than they do here, up to some hundreds.
        addresses, sizes, firsts = [], [], [0]
        elements = chunks = 0
        for array in arrays:
            size = array.size
            addresses.append(array.__array_interface__["data"][0])
            sizes.append(size)
            elements += size
            chunks += -(-size // CHUNK)
            firsts.append(chunks)
        rows = np.array([[*addresses, 0], [*sizes, elements], firsts], np.int64)
        rows.flags.writeable = False
        self.arrays = tuple(arrays)
        self.kind = kind
        self.rows = rows
        self.positions = np.array(positions, np.int64)
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

    __slots__ = ("arrays", "groups", "writeable")

    arrays: tuple[np.ndarray, ...]
    groups: tuple[Group, ...]
    writeable: bool

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

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a pointer table is immutable; build another one")

    def __reduce__(self) -> NoReturn:
        raise TypeError(_KEPT_HERE)
