"""MXNet's settings of the engine that runs operations in bulk; they have no effect here.

An operation of numparam has run when its call returns. Code that asks for bulk execution runs
unchanged.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager

from numparam._missing import show_public_names

__all__ = ["bulk", "set_bulk_size"]

_size = 0


def set_bulk_size(size: int) -> int:
    """Store a number and return the previous one; it has no other effect.

    Parameters
    ----------
    size : int
        How many operations MXNet would run in one go.

    Returns
    -------
    int
        The number of the previous call, at first 0.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.engine.set_bulk_size(15), mx.engine.set_bulk_size(0)
    (0, 15)
    """
    global _size
    previous, _size = _size, operator.index(size)
    return previous


@contextmanager
def bulk(size: int) -> Iterator[None]:
    """Set the number of `set_bulk_size` inside a ``with`` block.

    Parameters
    ----------
    size : int
        As for `set_bulk_size`.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.engine.bulk(10):
    ...     weight = mx.nd.ones((2,)) * 2
    """
    previous = set_bulk_size(size)
    try:
        yield
    finally:
        set_bulk_size(previous)


show_public_names(__name__)
