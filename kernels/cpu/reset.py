"""Zeroing of many arrays in one call."""

from __future__ import annotations

from collections.abc import Iterable

from numparam.kernels.cpu import _pool, table
from numparam.kernels.cpu._elements import ITEMSIZE, claim
from numparam.kernels.cpu._jit import kernel
from numparam.kernels.cpu._pointers import CHUNK, Group
from numparam.kernels.cpu._streaming import STREAMED, zero_bytes

_PIECE = 1 << 20  # bytes that one claim zeroes: large against the cost of a claim


@kernel
def _zero_pieces(rows, itemsize, chunks_per_piece, streamed, counter):
    count = rows.shape[1] - 1
    chunks = rows[2, count]
    array = 0
    while True:
        first = claim(counter) * chunks_per_piece
        if first >= chunks:
            return
        last = min(first + chunks_per_piece, chunks)
        # Claims only grow, so the search goes on from the last piece's array.
        while rows[2, array + 1] <= first:
            array += 1
        chunk = first
        while chunk < last:
            while rows[2, array + 1] <= chunk:
                array += 1
            start = (chunk - rows[2, array]) * CHUNK
            stop = min((last - rows[2, array]) * CHUNK, rows[1, array])
            place = rows[0, array]
            zero_bytes(place + start * itemsize, place + stop * itemsize, streamed)
            chunk = min(last, rows[2, array + 1])


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
    itemsize = ITEMSIZE[group.kind]
    chunks_per_piece = _PIECE // (CHUNK * itemsize)
    pieces = -(-group.chunks // chunks_per_piece)
    _pool.run(
        _zero_pieces, group.rows, itemsize, chunks_per_piece, group.nbytes >= STREAMED,
        nbytes=group.nbytes, pieces=pieces,
    )  # fmt: skip
