"""Pointer tables for calls that are made again and again on the same arrays."""

from __future__ import annotations

from collections.abc import Iterable

from numparam.kernels import _gate
from numparam.kernels.cpu._pointers import Table


def build(arrays: Iterable[object], *, writeable: bool = True) -> Table:
    """Check many arrays once, and return them as a table that other operations take.

    Parameters
    ----------
    arrays : iterable of numpy.ndarray
        Any shapes and dtypes. Only C-contiguous, native-endian, aligned arrays enter.
    writeable : bool
        Whether operations may write through the table; then each array must be writeable.

    Returns
    -------
    Table
        Immutable; holds the arrays. `arrays` are its members.

    Raises
    ------
    TypeError
        If a member is not an array, or its dtype is not one of the kernels'.
    ValueError
        If a member is read-only, not contiguous, not aligned or not in native byte order.

    Notes
    -----
    A table is valid as long as each array keeps its memory: not after ``ndarray.resize``.
    Building takes about 1.5 microseconds for each array; O(arrays).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import reset, table
    >>> gradients = [np.ones(3), np.ones((2, 2), np.float32)]
    >>> ready = table.build(gradients)
    >>> reset.zero(ready)
    >>> gradients[0]
    array([0., 0., 0.])
    """
    if isinstance(arrays, Table):
        if writeable and not arrays.writeable:
            raise ValueError("the table was built with writeable=False; build a writeable one")
        return arrays
    return Table(_gate.outputs(arrays, writeable=writeable), writeable)
