"""Writing and adding many arrays to many others, in one call into compiled code for each dtype."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numparam.kernels import _gate
from numparam.kernels.cpu import _pool, table
from numparam.kernels.cpu._elements import ITEMSIZE, claim, load, store
from numparam.kernels.cpu._jit import kernel_per_kind
from numparam.kernels.cpu._pointers import CHUNK, Table

_PIECE = 1 << 20  # bytes of targets that one claim works on: large against the cost of a claim


def assign(targets: Iterable[object], sources: Iterable[object]) -> None:
    """Set each target to its source.

    Parameters
    ----------
    targets : iterable of numpy.ndarray, or Table
        n ≥ 0 C-contiguous, writeable arrays of any shapes and dtypes, no two of which share memory.
        A table from `numparam.kernels.cpu.table.build` saves checking them again.
    sources : iterable of array_like
        n arrays, each of its target's shape and dtype, of any layout. A source may be exactly its
        own target; otherwise it shares no memory with any target.

    Raises
    ------
    TypeError, ValueError
        If the numbers, shapes or dtypes differ, if memory is shared, or if a target cannot be
        written; then no target has been touched.

    Notes
    -----
    Moves 2 × the sum of nbytes; O(bytes + n × log(n)).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import accumulate
    >>> gradients = [np.ones(2), np.ones(1, np.float16)]
    >>> accumulate.assign(gradients, [np.array([2.0, 3.0]), np.float16([5])])
    >>> gradients
    [array([2., 3.]), array([5.], dtype=float16)]
    """
    _run(_assign_pieces, targets, sources, 2)


def add(targets: Iterable[object], sources: Iterable[object]) -> None:
    """Add to each target its source, rounding once.

    Parameters
    ----------
    targets : iterable of numpy.ndarray, or Table
        n ≥ 0 C-contiguous, writeable arrays of any shapes and dtypes, no two of which share memory.
        A table from `numparam.kernels.cpu.table.build` saves checking them again.
    sources : iterable of array_like
        n arrays, each of its target's shape and dtype, of any layout. A source may be exactly its
        own target; otherwise it shares no memory with any target.

    Raises
    ------
    TypeError, ValueError
        If the numbers, shapes or dtypes differ, if memory is shared, or if a target cannot be
        written; then no target has been touched.

    Notes
    -----
    Gives the bits of ``average.add_n([target, source])``: 16-bit floats are added in float32,
    integers wrap, booleans are or-ed. This is what ``grad_req='add'`` does with each gradient.
    Moves 3 × the sum of nbytes; O(bytes + n × log(n)).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import accumulate
    >>> gradients = [np.ones(2), np.ones(1, np.float16)]
    >>> accumulate.add(gradients, [np.array([2.0, 3.0]), np.float16([5])])
    >>> gradients
    [array([3., 4.]), array([6.], dtype=float16)]
    """
    _run(_add_pieces, targets, sources, 3)


def _run(kernel: Any, targets: Iterable[object], sources: Iterable[object], moves: int) -> None:
    ready = table.build(targets)
    read = _gate.each_source(sources)
    _gate.pairs_match(ready.arrays, read)
    # Of the same shapes and dtypes as the targets, so in the same groups and chunks.
    pointed = Table(read, writeable=False)
    for target, source in zip(ready.groups, pointed.groups, strict=True):
        chunks_per_piece = _PIECE // (CHUNK * ITEMSIZE[target.kind])
        _pool.run(
            kernel(target.kind), target.rows, source.rows, chunks_per_piece,
            nbytes=moves * target.nbytes, pieces=-(-target.chunks // chunks_per_piece),
        )  # fmt: skip


@kernel_per_kind
def _assign_pieces(kind):
    itemsize = ITEMSIZE[kind]

    def assign_range(targets, sources, chunks_per_piece, counter):
        chunks = targets[2, targets.shape[1] - 1]
        array = 0
        while True:
            chunk = claim(counter) * chunks_per_piece
            if chunk >= chunks:
                return
            last = min(chunk + chunks_per_piece, chunks)
            while chunk < last:
                while targets[2, array + 1] <= chunk:
                    array += 1
                start = (chunk - targets[2, array]) * CHUNK
                stop = min((last - targets[2, array]) * CHUNK, targets[1, array])
                target = targets[0, array] + start * itemsize
                source = sources[0, array] + start * itemsize
                for i in range((stop - start) * itemsize):
                    store(target, i, load(source, i, "uint8"), "uint8")
                chunk = min(last, targets[2, array + 1])

    return assign_range


@kernel_per_kind
def _add_pieces(kind):
    logical = kind == "bool"

    def add_range(targets, sources, chunks_per_piece, counter):
        chunks = targets[2, targets.shape[1] - 1]
        array = 0
        while True:
            chunk = claim(counter) * chunks_per_piece
            if chunk >= chunks:
                return
            last = min(chunk + chunks_per_piece, chunks)
            while chunk < last:
                while targets[2, array + 1] <= chunk:
                    array += 1
                start = (chunk - targets[2, array]) * CHUNK
                stop = min((last - targets[2, array]) * CHUNK, targets[1, array])
                target = targets[0, array]
                source = sources[0, array]
                for i in range(start, stop):
                    if logical:
                        store(target, i, load(target, i, kind) | load(source, i, kind), kind)
                    else:
                        store(target, i, load(target, i, kind) + load(source, i, kind), kind)
                chunk = min(last, targets[2, array + 1])

    return add_range
