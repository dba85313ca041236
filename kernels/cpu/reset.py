"""Zeroing of many arrays in one call."""

from __future__ import annotations

from collections.abc import Iterable

from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu import _walk, table
from numparam.kernels.cpu._jit import kernel
from numparam.kernels.cpu._pointers import Group
from numparam.kernels.cpu._streaming import STREAMED, zero_bytes
from numparam.kernels.cpu._walk import spans


@kernel
def _zero_spans(rows, itemsize, streamed, chunks_per_piece, counter):
    for array, start, stop in spans(rows, chunks_per_piece, counter):
        place = rows[0, array]
        zero_bytes(place + start * itemsize, place + stop * itemsize, streamed)


def zero(arrays: Iterable[object]) -> None:
    """Set every element of every array to zero, in one call into compiled code for each dtype.

    Parameters
    ----------
    arrays : iterable of numpy.ndarray, or Table
        Any number of C-contiguous, writeable arrays of any shapes and dtypes; also none. A table
        from `numparam.kernels.cpu.table.build` saves checking them again.

    Raises
    ------
    TypeError, ValueError
        If an array cannot be written in place (see `numparam.kernels.cpu.table.build`); then none
        has been touched.

    Notes
    -----
    Writes each byte once and reads nothing: sum of nbytes. O(bytes + arrays). The bits become
    zero: a -0.0 does not stay.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import reset
    >>> gradients = [np.ones(3), np.ones((2, 2), np.int32)]
    >>> reset.zero(gradients)
    >>> gradients[1].tolist()
    [[0, 0], [0, 0]]
    """
    for group in table.build(arrays).groups:
        _zero_group(group)


def _zero_group(group: Group) -> None:
    streamed = group.nbytes >= STREAMED
    _walk.run(_zero_spans, group, ITEMSIZE[group.kind], streamed, nbytes=group.nbytes)
