"""Pointer tables on a GPU: the addresses and sizes of many arrays, ready for one launch.

A table is immutable and holds its arrays. It is never pickled or copied deeply: an address means
nothing in another process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from numparam.kernels.cuda import _device_gate, _memory
from numparam.kernels.cuda._memory import DeviceArray

CHUNK = 1 << 15  # bytes that one block of threads takes at a time


def rows(arrays: Sequence[DeviceArray]) -> np.ndarray:
    """Return addresses, sizes in bytes, and numbers of first chunks of arrays.

    Returns
    -------
    numpy.ndarray
        int64, (3, arrays + 1); the last column holds the totals.
    """
    count = len(arrays)
    made = np.zeros((3, count + 1), np.int64)
    made[0, :count] = [array.address for array in arrays]
    made[1, :count] = [array.nbytes for array in arrays]
    np.cumsum((made[1, :count] + (CHUNK - 1)) // CHUNK, out=made[2, 1:])
    made[1, count] = made[1, :count].sum()
    made.flags.writeable = False
    return made


class Table:
    """An immutable pointer table over arrays of one GPU, itself on that GPU.

    Attributes
    ----------
    arrays : tuple of DeviceArray
        What it points to, in the order given.
    writeable : bool
        Whether kernels may write through it.
    device_id : int
        Number of the GPU.
    chunks : int
        Number of chunks of all arrays.
    chunk_bytes : int
        Bytes of a chunk.
    """

    __slots__ = ("_rows", "arrays", "chunk_bytes", "chunks", "device_id", "writeable")

    arrays: tuple[DeviceArray, ...]
    chunk_bytes: int
    chunks: int
    device_id: int
    writeable: bool
    _rows: DeviceArray | None

    def __init__(self, arrays: Sequence[DeviceArray], writeable: bool) -> None:
        names = [f"arrays[{i}]" for i in range(len(arrays))]
        device_id = _device_gate.one_device(arrays, names) if arrays else 0
        chunks = sum(-(-array.nbytes // CHUNK) for array in arrays)
        values = {
            "arrays": tuple(arrays),
            "writeable": writeable,
            "device_id": device_id,
            "chunks": chunks,
            "chunk_bytes": CHUNK,
            "_rows": None,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def rows(self) -> DeviceArray | None:
        """The numbers of `rows` on the GPU, sent at their first use; None for no chunk."""
        if self._rows is None and self.chunks:
            object.__setattr__(self, "_rows", _memory.upload(rows(self.arrays), self.device_id))
        return self._rows

    def __len__(self) -> int:
        return len(self.arrays)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a pointer table is immutable; build another one")

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a pointer table holds addresses of this process; pickle or copy its arrays instead"
        )
