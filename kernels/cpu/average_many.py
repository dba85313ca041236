"""Sums and means of many arrays' copies: one call into compiled code for each dtype."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from numparam.kernels import _gate
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu import _float_sums, _integer_sums, _walk, table
from numparam.kernels.cpu._elements import load, minimum
from numparam.kernels.cpu._jit import kernel, kernel_per_kind
from numparam.kernels.cpu._pointers import Group
from numparam.kernels.cpu._streaming import copy_bytes
from numparam.kernels.cpu._walk import spans

_BLOCK = 16 << 10  # bytes of a mean that are still in the caches when they go to the other copies


def mean_in_place(copies: Iterable[Iterable[object]]) -> None:
    """Write the mean of the copies of each of many arrays into all its copies, rounding once.

    Parameters
    ----------
    copies : iterable of Table, or of iterables of numpy.ndarray
        k ≥ 1 of them, such as one for each context: each of n ≥ 0 C-contiguous, writeable arrays of
        any shapes and dtypes, array i of each having the shape and dtype of array i of the first.
        No two arrays share memory. Tables from `numparam.kernels.cpu.table.build` save checking
        the arrays again.

    Raises
    ------
    TypeError, ValueError
        If the numbers, shapes or dtypes differ, if memory is shared, if an array cannot be written,
        or if boolean copies differ; then no array has been touched.

    Notes
    -----
    The same bits as ``average.mean`` of each array's copies, and of one dtype in one call into
    compiled code, whatever their number. Moves 2k × the sum of nbytes, half of that for booleans,
    which are only compared; O(k × (bytes + n × log(k × n))).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import average_many
    >>> first, second = [np.zeros(2), np.int8([1])], [np.array([1.0, 2.0]), np.int8([4])]
    >>> average_many.mean_in_place([first, second])
    >>> first
    [array([0.5, 1. ]), array([2], dtype=int8)]
    """
    tables = [table.build(one) for one in _gate.several(copies, "copies")]
    _gate.copies_match([one.arrays for one in tables])
    if len(tables) == 1:
        return
    # Of the same shapes and dtypes in each table, so in the same groups and chunks.
    groups = list(zip(*(one.groups for one in tables), strict=True))
    for group in groups:
        if group[0].kind == "bool":
            _check_booleans(group)
    for group in groups:
        if group[0].kind != "bool":
            walked = group[0]
            nbytes = 2 * len(group) * walked.nbytes
            _walk.run(_kernel(walked.kind, len(group)), walked, _columns(group), nbytes=nbytes)


def add_n(sources: Iterable[Iterable[object]], outs: Iterable[object]) -> None:
    """Sum the copies of each of many arrays, in the order given, rounding once.

    Parameters
    ----------
    sources : iterable of Table, or of iterables of numpy.ndarray
        k ≥ 1 of them, such as one for each context: each of n ≥ 0 C-contiguous arrays of any shapes
        and dtypes.
    outs : iterable of numpy.ndarray, or Table
        n C-contiguous, writeable arrays: array i has the shape and dtype of array i of each source,
        and gets their sum. It may be exactly one of these; it shares no other memory. Tables from
        `numparam.kernels.cpu.table.build` save checking the arrays again.

    Raises
    ------
    TypeError, ValueError
        If the numbers, shapes or dtypes differ, if memory is shared, or if an array cannot be
        written; then no array has been touched.

    Notes
    -----
    The same bits as ``average.add_n`` of each array's copies, and of one dtype in one call into
    compiled code, whatever their number. Moves (k + 1) × the sum of nbytes;
    O(k × (bytes + n × log(n))).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import average_many
    >>> first, second = [np.float32([1]), np.int8([1])], [np.float32([2]), np.int8([4])]
    >>> average_many.add_n([first, second], outs=first)
    >>> first
    [array([3.], dtype=float32), array([5], dtype=int8)]
    """
    read = [table.build(one, writeable=False) for one in _gate.several(sources, "sources")]
    ready = table.build(outs)
    for k, one in enumerate(read):
        _gate.pairs_match(ready.arrays, one.arrays, names=("outs", f"sources[{k}]"))
    # Of the same shapes and dtypes in each table, so in the same groups and chunks.
    for out, *group in zip(ready.groups, *(one.groups for one in read), strict=True):
        nbytes = (len(group) + 1) * out.nbytes
        _walk.run(_add_spans(out.kind), out, _columns(group), nbytes=nbytes)


def _check_booleans(group: Sequence[Group]) -> None:
    """Raise if copies differ; if they do not, they are their mean."""
    differing = np.full(1, len(group), np.int64)
    nbytes = len(group) * group[0].nbytes
    _walk.run(_find_differing, group[0], _columns(group), differing, nbytes=nbytes)
    if differing[0] < len(group):
        raise ValueError(_gate.booleans_differ(int(differing[0]), "copies"))


def _columns(group: Sequence[Group]) -> np.ndarray:
    """Return the addresses of all copies: a row for each table."""
    return np.stack([one.rows[0] for one in group])


def _kernel(kind: str, count: int) -> Any:
    if kind in ("int8", "int16", "int32", "uint8", "uint16", "uint32"):
        few = count <= _integer_sums.MOST_NARROW
        return _average_few_integers(kind) if few else _average_integers(kind)
    return _average_spans(kind)


@kernel_per_kind
def _average_spans(kind):
    if kind == "float64":
        return _averaging(kind, _float_sums.combine_float64)
    if kind in _gate.FLOATS:
        return _averaging(kind, _float_sums.combine_narrow(kind))
    return _averaging(kind, _integer_sums.mean_64_bits(kind))


@kernel_per_kind
def _average_few_integers(kind):
    return _averaging(kind, _integer_sums.mean_integers(kind))


@kernel_per_kind
def _average_integers(kind):
    return _averaging(kind, _integer_sums.mean_many_integers(kind))


def _averaging(kind: str, mean: Any) -> Callable:
    """Return the walk that writes the result of `mean`, a loop over one array, into all copies."""
    itemsize = ITEMSIZE[kind]
    block = _BLOCK // itemsize

    def average(rows, columns, chunks_per_piece, counter):
        count = len(columns)
        addresses = np.empty(count + 1, np.int64)  # the last one is the output's
        taken = np.empty(1, np.int64)
        for array, start, stop in spans(rows, chunks_per_piece, counter):
            for first in range(start, stop, block):
                n = min(block, stop - first)
                for k in range(count):
                    addresses[k] = columns[k, array] + first * itemsize
                addresses[count] = addresses[0]
                taken[0] = 0
                mean(addresses, n, count, taken)
                for k in range(1, count):
                    copy_bytes(addresses[k], addresses[0], n * itemsize, False)

    return average


@kernel_per_kind
def _add_spans(kind):
    if kind == "float64":
        return _adding(kind, _float_sums.combine_float64)
    if kind in _gate.FLOATS:
        return _adding(kind, _float_sums.combine_narrow(kind))
    if kind == "bool":
        return _adding(kind, _integer_sums.combine_booleans(kind))
    return _adding(kind, _integer_sums.add_integers(kind))


def _adding(kind: str, combine: Any) -> Callable:
    """Return the walk over the outputs that writes what `combine` makes of the sources."""
    itemsize = ITEMSIZE[kind]

    def add(rows, columns, chunks_per_piece, counter):
        count = len(columns)
        addresses = np.empty(count + 1, np.int64)  # the last one is the output's
        taken = np.empty(1, np.int64)
        for array, start, stop in spans(rows, chunks_per_piece, counter):
            for k in range(count):
                addresses[k] = columns[k, array] + start * itemsize
            addresses[count] = rows[0, array] + start * itemsize
            taken[0] = 0
            combine(addresses, stop - start, 1, taken)

    return add


@kernel
def _find_differing(rows, columns, differing, chunks_per_piece, counter):
    """Lower differing[0] to the first table in which an array differs from table 0's, if any."""
    for array, start, stop in spans(rows, chunks_per_piece, counter):
        for k in range(1, len(columns)):
            for i in range(start, stop):
                if load(columns[k, array], i, "bool") != load(columns[0, array], i, "bool"):
                    minimum(differing, k)
                    break
