"""Assignment and addition of many arrays to many others, in one compiled call for each dtype."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from numparam.kernels import _gate
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu import _walk, table
from numparam.kernels.cpu._elements import load, store
from numparam.kernels.cpu._jit import kernel, kernel_per_kind
from numparam.kernels.cpu._pointers import Group, Table
from numparam.kernels.cpu._streaming import STREAMED, copy_bytes
from numparam.kernels.cpu._walk import spans


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
    for target, source in _paired(targets, sources):
        streamed = target.nbytes >= STREAMED
        _walk.run(
            _assign_spans, target, source.rows, ITEMSIZE[target.kind], streamed,
            nbytes=2 * target.nbytes,
        )  # fmt: skip


def add(targets: Iterable[object], sources: Iterable[object]) -> None:
    """Add its source to each target, rounding once.

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
    The same bits as ``average.add_n([target, source])``: 16-bit floats are added in float32,
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
    for target, source in _paired(targets, sources):
        _walk.run(_add_spans(target.kind), target, source.rows, nbytes=3 * target.nbytes)


def _paired(targets: Iterable[object], sources: Iterable[object]) -> Iterator[tuple[Group, Group]]:
    """Check all targets and sources, and return their groups side by side."""
    ready = table.build(targets)
    read = _gate.each_source(sources)
    _gate.pairs_match(ready.arrays, read)
    # Of the same shapes and dtypes as the targets, so in the same groups and chunks.
    pointed = Table(read, writeable=False)
    return zip(ready.groups, pointed.groups, strict=True)


@kernel
def _assign_spans(targets, sources, itemsize, streamed, chunks_per_piece, counter):
    for array, start, stop in spans(targets, chunks_per_piece, counter):
        offset = start * itemsize
        nbytes = (stop - start) * itemsize
        copy_bytes(targets[0, array] + offset, sources[0, array] + offset, nbytes, streamed)


@kernel_per_kind
def _add_spans(kind):
    logical = kind == "bool"

    def add_spans(targets, sources, chunks_per_piece, counter):
        for array, start, stop in spans(targets, chunks_per_piece, counter):
            target = targets[0, array]
            source = sources[0, array]
            for i in range(start, stop):
                if logical:
                    store(target, i, load(target, i, kind) | load(source, i, kind), kind)
                else:
                    store(target, i, load(target, i, kind) + load(source, i, kind), kind)

    return add_spans
