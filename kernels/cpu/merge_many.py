"""The means of the copies of many row-sparse arrays: one call into compiled code for each dtype."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate
from math import prod

import numpy as np

from numparam.kernels import _gate, _row_gate
from numparam.kernels.cpu import _order, _pool, _row_sums
from numparam.kernels.cpu._elements import claim
from numparam.kernels.cpu._jit import kernel_per_kind

_PIECE = 1 << 16  # elements of a mean that one claim computes
_ANY = 2**63 - 1

# What the compiled code knows of each array: where its sources and its occurrences begin, …
_SOURCE, _PLACE, _ROW_BYTES, _LAST, _LENGTH, _DIVISOR, _OUT, _BATCH = range(8)
# … and what it finds: the number of different ids, where the sorted rows are or the bad id is.
_COUNT, _FOUND, _POSITION = range(3)
_NO_MEMORY = -2

_Set = tuple[list[np.ndarray], list[np.ndarray], int | None]


def mean(
    ids: Iterable[Iterable[object]],
    data: Iterable[Iterable[object]],
    rows: Iterable[int | None],
    allocate: Callable[[tuple[int, ...], np.dtype], np.ndarray] = np.empty,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Average the copies of each of many row-sparse arrays, rounding once.

    Parameters
    ----------
    ids : iterable of iterables of array_like
        For each array the ids of each of its k ≥ 1 copies, in any order, repeats allowed.
    data : iterable of iterables of array_like
        For each array the rows of each copy: shape (its number of ids, …); one dtype and one row
        shape within an array.
    rows : iterable of int or None
        For each array the number of rows of its dense form; no id may reach it.
    allocate : callable, optional
        As for `numparam.kernels.cpu.merge.merge`: called for the memory of each result.

    Returns
    -------
    list of tuple of numpy.ndarray
        For each array what ``merge.merge(ids, data, rows, divisor=k)`` returns: the union of the
        ids, strictly ascending, and the means.

    Raises
    ------
    TypeError, ValueError, IndexError
        As `numparam.kernels.cpu.merge.merge`, and if the lists differ in length.
    MemoryError
        If there is not enough memory.

    Notes
    -----
    The same bits as ``merge.merge`` of each array, and of one dtype in one call into compiled code,
    whatever their number. Threads order the ids of different arrays at the same time, and share the
    sums of each. With N rows in all: at most 48 × N bytes and memory for N rows while it runs,
    since how many ids differ is not known before; O(N × digits of the largest id).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import merge_many
    >>> first = [[0], [2]], [np.float32([1]), np.float32([4])]
    >>> second = [[1, 0], [0]], [np.float64([2, 4]), np.float64([0])]
    >>> merge_many.mean([first[0], second[0]], [first[1], second[1]], [3, None])
    [(array([0, 2]), array([0.5, 2. ], dtype=float32)), (array([0, 1]), array([2., 1.]))]
    """
    sets = _row_gate.row_sparse_sets(ids, data, rows)
    by_kind: dict[str, list[int]] = {}
    for i, (_, values, _) in enumerate(sets):
        by_kind.setdefault(_gate.kind(values[0].dtype), []).append(i)
    means = {}
    for kind, positions in by_kind.items():
        for i, made in zip(positions, _means(kind, [sets[i] for i in positions]), strict=True):
            means[i] = made
    return [_owned(*means[i], allocate) for i in range(len(sets))]


def _owned(
    numbers: np.ndarray,
    values: np.ndarray,
    allocate: Callable[[tuple[int, ...], np.dtype], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Copy a result out of the memory that all of a dtype share."""
    out = _row_gate.row_output(allocate(values.shape, values.dtype), values.shape, values.dtype)
    out[...] = values
    return numbers.copy(), out


def _means(kind: str, sets: list[_Set]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Average arrays of one dtype; results are views of memory that they share."""
    counts = [sum(map(len, numbers)) for numbers, _, _ in sets]
    places = list(accumulate(counts, initial=0))
    firsts = list(accumulate((len(values) for _, values, _ in sets), initial=0))
    lengths = [prod(values[0].shape[1:]) for _, values, _ in sets]
    dtype = sets[0][1][0].dtype
    # No more ids than there are rows can differ.
    rooms = [
        count if limit is None else min(count, limit)
        for count, (_, _, limit) in zip(counts, sets, strict=True)
    ]
    starts = list(accumulate((room * n for room, n in zip(rooms, lengths, strict=True)), initial=0))
    sums = np.empty(starts[-1], dtype)
    sources = np.array(
        [
            [_gate.address(one) for numbers, _, _ in sets for one in numbers],
            [_gate.address(one) for _, values, _ in sets for one in values],
            [len(one) for numbers, _, _ in sets for one in numbers],
        ],
        np.int64,
    ).reshape(3, -1)
    arrays = np.zeros((len(sets) + 1, 8), np.int64)
    for i, (_, values, limit) in enumerate(sets):
        blocks = min(_row_sums.BLOCK, max(1, lengths[i]))
        arrays[i] = (
            firsts[i], places[i], lengths[i] * dtype.itemsize, _ANY if limit is None else limit - 1,
            lengths[i], len(values), _gate.address(sums) + starts[i] * dtype.itemsize,
            max(1, _PIECE // blocks),
        )  # fmt: skip
    arrays[-1, _SOURCE], arrays[-1, _PLACE] = firsts[-1], places[-1]
    total = places[-1]
    room = 2 * len(sets)  # two places more for each array
    numbers, others = np.empty(total, np.int64), np.empty(total, np.int64)
    union = np.empty(total, np.int64)
    found = np.zeros((len(sets), 3), np.int64)
    state = np.zeros((len(sets), 2), np.int64)  # pieces claimed, and whether the ids are in order
    differing = np.full((len(sets), 1), _ANY, np.int64)
    nbytes = sum(count * n * dtype.itemsize for count, n in zip(counts, lengths, strict=True))
    _pool.run(
        _average(kind), sources, arrays, numbers, np.empty(total + room, np.int64), others,
        np.empty(total + room, np.int64), union, found, state, differing,
        nbytes=2 * nbytes, pieces=max(len(sets), -(-sums.size // _PIECE)),
    )  # fmt: skip
    results = []
    for i, (given, values, limit) in enumerate(sets):
        count, k, position = found[i].tolist()
        if count == _NO_MEMORY:
            raise MemoryError("not enough memory to order the ids of row-sparse arrays")
        if count < 0:
            bad = int(given[k][position])
            raise _row_gate.outside(f"ids[{i}][{k}]", position, bad, limit)
        ids = union[places[i] : places[i] + count]
        if differing[i, 0] < count:
            raise _row_gate.booleans_differ(int(ids[differing[i, 0]]), len(values))
        part = sums[starts[i] : starts[i] + count * lengths[i]]
        results.append((ids, part.reshape(count, *values[0].shape[1:])))
    return results


@kernel_per_kind
def _average(kind):
    """Order the ids of each array, then sum the rows of each: both are claimed by threads."""
    kernel_of, stored = _row_sums.KERNELS[kind, True]
    sum_rows = kernel_of(stored)
    arrange = _order.arrange
    changed, rest = _pool.changed, _pool.rest
    yields = _pool.YIELDS

    def average(
        sources, arrays, ids, rows, other_ids, other_rows, union, found, state, differing, counter
    ):
        count = len(found)
        while True:
            i = claim(counter)
            if i >= count:
                break
            begin = arrays[i, _PLACE]
            end = arrays[i + 1, _PLACE]
            where = np.zeros(2, np.int64)
            number = _NO_MEMORY
            # Without memory, too, the others must not wait for this array.
            try:
                number = arrange(
                    sources[:, arrays[i, _SOURCE] : arrays[i + 1, _SOURCE]],
                    arrays[i, _ROW_BYTES],
                    arrays[i, _LAST],
                    ids[begin:end],
                    rows[begin + 2 * i : end + 2 * i + 2],
                    other_ids[begin:end],
                    other_rows[begin + 2 * i : end + 2 * i + 2],
                    where,
                )
            except Exception:
                number = _NO_MEMORY
            found[i, _COUNT] = number
            found[i, _FOUND] = where[0]
            found[i, _POSITION] = where[1]
            changed(state[i], 1)
        for i in range(count):
            rests = 0
            while changed(state[i], 0) == 0:
                rest(rests >= yields)
                rests += 1
            number = found[i, _COUNT]
            if number <= 0:
                continue
            begin = arrays[i, _PLACE]
            end = arrays[i + 1, _PLACE]
            sorted_rows = rows[begin + 2 * i : end + 2 * i + 2]
            starts = other_rows[begin + 2 * i : end + 2 * i + 2]
            unique = other_ids[begin:end]
            if found[i, _FOUND]:
                sorted_rows, starts, unique = starts, sorted_rows, ids[begin:end]
            sum_rows(
                sorted_rows, starts, unique, number, arrays[i, _LENGTH], arrays[i, _DIVISOR],
                union[begin:end], arrays[i, _OUT], differing[i], arrays[i, _BATCH], state[i],
            )  # fmt: skip

    return average
