"""Pointer tables for calls that are repeated on the same arrays, such as the steps of a training.

A device reads the addresses of any number of arrays from a table. Building one takes longer than
many a call that uses it, so tables are kept for as long as the memory stays the same.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, NoReturn

from numparam.devices import epochs
from numparam.devices.backend import Backend, Buffer
from numparam.devices.grouping import Row, grouped

__all__ = ["DeviceTables", "Tables"]


class DeviceTables(NamedTuple):
    """The tables of one device.

    Attributes
    ----------
    backend : Backend
        The device.
    columns : tuple of object
        A pointer table for each operand: the n-th entries of all of them belong together.
    rows : list of tuple of Buffer
        What they point to.
    positions : list of int
        Where each row stood among those that were given.
    """

    backend: Backend
    columns: tuple[Any, ...]
    rows: list[tuple[Buffer, ...]]
    positions: list[int]


class Tables:
    """Pointer tables over rows of operands: one for each device and operand.

    They are valid while the epoch is the one they were built in, or while `still_holds` says so,
    and they keep the memory that they point to alive until `release`.

    Parameters
    ----------
    rows : iterable of Row
        The operands, such as ``(weight, gradient, momentum)``.
    epoch : int
        `epochs.current()`, noted before the rows were looked at.
    previous : Tables, optional
        Tables that may be stale; those whose memory is still the same are used again.
    by_dtype : bool, default False
        Whether each table holds one dtype.

    Attributes
    ----------
    devices : list of DeviceTables
        The tables.
    is_released : bool
        Whether `release` was called.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.devices import epochs
    >>> from numparam.devices.registry import backend_of
    >>> host, gradients = backend_of("cpu"), [np.ones(2), np.ones((2, 2), np.float32)]
    >>> tables = Tables([Row(host, (array,)) for array in gradients], epochs.current())
    >>> for device in tables.devices:
    ...     device.backend.reset.zero(device.columns[0])
    >>> gradients[0]
    array([0., 0.])
    """

    def __init__(
        self,
        rows: Iterable[Row],
        epoch: int,
        previous: Tables | None = None,
        by_dtype: bool = False,
    ) -> None:
        self._epoch = epoch
        self.is_released = False
        given = list(rows)
        self._buffers = [buffer for row in given for buffer in row.buffers]
        earlier = [] if previous is None else previous.devices
        self.devices: list[DeviceTables] = []
        for backend, members, positions in grouped(given, by_dtype):
            columns = _columns_of(earlier, members) or tuple(
                backend.table.build(list(column)) for column in zip(*members, strict=True)
            )
            self.devices.append(DeviceTables(backend, columns, members, positions))

    @property
    def is_current(self) -> bool:
        """True if no array got other memory since the tables were built or last compared."""
        return self._epoch == epochs.current() and not self.is_released

    def still_holds(self, buffers: Sequence[Buffer], epoch: int) -> bool:
        """Return whether all buffers are still those of the tables, which are then valid again.

        The epoch is the process's, so most changes concern other arrays: to look is faster than to
        build the tables again.

        Parameters
        ----------
        buffers : sequence of Buffer
            The operands of all rows, in the order of `rows`.
        epoch : int
            `epochs.current()`, noted before the buffers were looked at.
        """
        held = self._buffers
        if len(buffers) != len(held) or not all(map(operator.is_, buffers, held)):
            return False
        self._epoch = epoch
        return True

    def release(self) -> None:
        """Release all memory; the tables are then invalid."""
        self.is_released = True
        self._buffers = []
        self.devices = []

    def __reduce__(self) -> NoReturn:
        raise TypeError("pointer tables belong to one process; they are built when needed")

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        raise TypeError("pointer tables belong to their arrays; they are built when needed")


def _columns_of(
    earlier: list[DeviceTables], rows: list[tuple[Buffer, ...]]
) -> tuple[Any, ...] | None:
    """Find the tables that were built from exactly these rows."""
    for device in earlier:
        if len(device.rows) == len(rows) and all(
            len(one) == len(other) and all(map(operator.is_, one, other))
            for one, other in zip(device.rows, rows, strict=True)
        ):
            return device.columns
    return None
