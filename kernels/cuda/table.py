"""Pointer tables for calls that are made again and again on the same arrays."""

from __future__ import annotations

from collections.abc import Iterable

from numparam.kernels.cuda import _device_gate
from numparam.kernels.cuda._pointers import Table


def build(arrays: Iterable[object], *, writeable: bool = True) -> Table:
    """Check many arrays once, and return them as a table that other operations take.

    Parameters
    ----------
    arrays : iterable of arrays with ``__cuda_array_interface__``
        Any shapes and dtypes, on one GPU. Only C-contiguous, native-endian, aligned arrays enter.
    writeable : bool
        Whether operations may write through the table; then each array must be writeable.

    Returns
    -------
    Table
        Immutable; holds the arrays. `arrays` are its members.

    Raises
    ------
    TypeError
        If a member is not in a GPU's memory, or its dtype is not one of the kernels'.
    ValueError
        If a member is read-only, not contiguous, not aligned, not in native byte order, or on
        another GPU than the first.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has no room for the table.

    Notes
    -----
    Copies 24 bytes for each array to the GPU at the first use. O(arrays).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, reset, table
    >>> gradient = _memory.upload(np.ones(3))  # doctest: +SKIP
    >>> ready = table.build([gradient])  # doctest: +SKIP
    >>> reset.zero(ready)  # doctest: +SKIP
    >>> _memory.download(gradient)  # doctest: +SKIP
    array([0., 0., 0.])
    """
    if isinstance(arrays, Table):
        if writeable and not arrays.writeable:
            raise ValueError("the table was built with writeable=False; build a writeable one")
        return arrays
    return Table(_device_gate.outputs(arrays, writeable=writeable), writeable)
