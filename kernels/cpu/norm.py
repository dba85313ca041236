"""Sums of squares of many arrays and scaling of many arrays: for clipping by norm."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _gate
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu import _walk, table
from numparam.kernels.cpu._convert import convert
from numparam.kernels.cpu._elements import added, load, store
from numparam.kernels.cpu._jit import kernel_per_kind
from numparam.kernels.cpu._norm_lanes import LANES, chunk_sum
from numparam.kernels.cpu._pointers import CHUNK, Table
from numparam.kernels.cpu._walk import spans


def sum_of_squares(arrays: Iterable[object]) -> np.ndarray:
    """Sum the squares of the elements of each array, in float64 and in a fixed order.

    Parameters
    ----------
    arrays : iterable of numpy.ndarray, or Table
        n ≥ 0 C-contiguous arrays of any shapes and of the 13 dtypes of the kernels; they may be
        read-only. A table from `numparam.kernels.cpu.table.build` (``writeable=False`` will do)
        saves checking them again.

    Returns
    -------
    numpy.ndarray
        float64, (n,): one sum for each array; 0.0 for an empty one.

    Raises
    ------
    TypeError, ValueError
        If an array cannot be read in place (see `numparam.kernels.cpu.table.build`).

    Notes
    -----
    Every element is converted to float64 and squared there, so squares of float32, of 16-bit floats
    and of integers up to ``2**26`` are exact, and booleans are counted. A float64 beyond 1.3e154
    has an infinite square; below 1.5e-154 squares lose digits, and below 1.5e-162 they vanish.

    The order of additions depends on an array's size alone, so that neither threads nor backends
    change a bit: an array is cut into chunks of 4,096 elements; in a chunk, accumulator i of 256
    takes elements i, i + 256, i + 512, …; accumulators are added in halves (i and i + 128, then
    i and i + 64, …); the chunks' sums are added from the first to the last. Rounding errors
    of a chunk grow with 24 additions, not 4,096 (Higham, doi:10.1137/0914050). MXNet's
    ``multi_sum_sq`` accumulates in float32.

    Moves the sum of nbytes, read once; O(elements + arrays). One call into compiled code for each
    dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import norm
    >>> norm.sum_of_squares([np.float32([3, 4]), np.array([True, False, True])])
    array([25.,  2.])
    """
    ready = table.build(arrays, writeable=False)
    sums = np.empty(len(ready), np.float64)
    for group in ready.groups:
        partial = np.empty(group.chunks, np.float64)
        finished = np.zeros(1, np.int64)
        _walk.run(
            _sum_spans(group.kind), group, group.positions, partial, sums, finished,
            nbytes=group.nbytes,
        )  # fmt: skip
    return sums


def scale(arrays: Iterable[object], factor: float) -> None:
    """Multiply every element of every array by one number, in place.

    Parameters
    ----------
    arrays : iterable of numpy.ndarray, or Table
        Any number of C-contiguous, writeable floating-point arrays of any shapes, no two of which
        share memory. A table from `numparam.kernels.cpu.table.build` saves checking them again.
    factor : float
        Any real number; NaN and infinities too.

    Raises
    ------
    TypeError
        If an array is not of floating point, or the factor is not a real number; then no array has
        been touched.
    ValueError
        If an array cannot be written in place (see `numparam.kernels.cpu.table.build`), two arrays
        share memory, which would be multiplied twice, or the factor is a whole number beyond
        float64; then no array has been touched.

    Notes
    -----
    The product is formed in float64, and from there rounded once, to nearest even, to the dtype of
    the array. MXNet rounds the factor to the dtype first.

    Moves 2 × the sum of nbytes; O(elements + arrays × log(arrays)), the latter once a table.
    One call into compiled code for each dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import norm
    >>> gradients = [np.float32([3, 4]), np.float16([[1], [2]])]
    >>> norm.scale(gradients, 0.5)
    >>> gradients[0]
    array([1.5, 2. ], dtype=float32)
    """
    ready = table.build(arrays)
    multiplier = _gate.multiplier(factor)
    _refuse_integers(ready)
    _refuse_shared_memory(ready)
    for group in ready.groups:
        _walk.run(_scale_spans(group.kind), group, multiplier, nbytes=2 * group.nbytes)


def _refuse_integers(ready: Table) -> None:
    for group in ready.groups:
        if group.kind not in _gate.FLOATS:
            raise TypeError(
                f"arrays[{group.positions[0]}] is {group.kind}; only floating-point arrays can be "
                "scaled in place. Cast it first"
            )


def _refuse_shared_memory(ready: Table) -> None:
    shared = ready.shared()
    if shared is not None:
        raise ValueError(
            f"arrays[{shared[0]}] and arrays[{shared[1]}] share memory, which would be scaled "
            "twice; pass each array once, and no views of it"
        )


@kernel_per_kind
def _sum_spans(kind):
    """Sum the squares of each chunk; the thread that finishes the last piece adds up the chunks."""
    itemsize = ITEMSIZE[kind]
    sum_chunk = chunk_sum(kind)

    def sum_spans(rows, positions, partial, sums, finished, chunks_per_piece, counter):
        arrays = len(positions)
        chunks = rows[2, arrays]
        lanes = np.empty(LANES, np.float64)
        done = 0
        for array, begin, end in spans(rows, chunks_per_piece, counter):
            for start in range(begin, end, CHUNK):
                count = min(CHUNK, end - start)
                address = rows[0, array] + start * itemsize
                partial[rows[2, array] + start // CHUNK] = sum_chunk(address, count, lanes)
                done += 1
        if added(finished, done) + done < chunks or (done == 0 and chunks > 0):
            return
        for array in range(arrays):
            total = 0.0
            for chunk in range(rows[2, array], rows[2, array + 1]):
                total += partial[chunk]
            sums[positions[array]] = total

    return sum_spans


@kernel_per_kind
def _scale_spans(kind):
    def scale_spans(rows, factor, chunks_per_piece, counter):
        for array, start, stop in spans(rows, chunks_per_piece, counter):
            address = rows[0, array]
            for i in range(start, stop):
                product = convert(load(address, i, kind), kind, "float64") * factor
                store(address, i, convert(product, "float64", kind), kind)

    return scale_spans
