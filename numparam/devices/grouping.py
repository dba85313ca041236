"""Arrays grouped by the device that computes on them, so that one call serves all of a group."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from numparam.devices.backend import Backend, Buffer

__all__ = ["Group", "Row", "grouped"]


class Row(NamedTuple):
    """Buffers that are operands of one computation, such as a weight and its gradient.

    Attributes
    ----------
    backend : Backend
        Computes on all of them.
    buffers : tuple of Buffer
        The operands; the first one identifies the row.
    place : hashable, optional
        Rows of different places are not grouped, even if one backend serves both.
    """

    backend: Backend
    buffers: tuple[Buffer, ...]
    place: Hashable = None


class Group(NamedTuple):
    """Rows that one call can serve.

    Attributes
    ----------
    backend : Backend
        Of all rows.
    rows : list of tuple of Buffer
        The operands of each row.
    positions : list of int
        Where each row stood among those that were given.
    """

    backend: Backend
    rows: list[tuple[Buffer, ...]]
    positions: list[int]


def grouped(rows: Iterable[Row], by_dtype: bool = False) -> list[Group]:
    """Group rows by backend and place, with each first buffer once.

    Parameters
    ----------
    rows : iterable of Row
        All with the same number of buffers. Of rows that share their first buffer, as tied
        gradients do, only the first one is kept.
    by_dtype : bool, default False
        Whether also the dtypes of the buffers must be the same within a group.

    Returns
    -------
    list of Group
        In the order in which their first rows came.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.devices.registry import backend_of
    >>> host = backend_of("cpu")
    >>> one, two = np.ones(2), np.ones(3, np.float32)
    >>> rows = [Row(host, (array,)) for array in (one, two, one)]
    >>> [group.positions for group in grouped(rows)]
    [[0, 1]]
    >>> [group.positions for group in grouped(rows, by_dtype=True)]
    [[0], [1]]
    """
    groups: dict[Hashable, Group] = {}
    seen: set[int] = set()
    for position, (backend, buffers, place) in enumerate(rows):
        if id(buffers[0]) in seen:
            continue
        seen.add(id(buffers[0]))
        key: Hashable = (id(backend), place)
        if by_dtype:
            key = (key, tuple(buffer.dtype for buffer in buffers))
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(backend, [], [])
        group.rows.append(buffers)
        group.positions.append(position)
    return list(groups.values())
