"""Sum of row-sparse arrays: the union of their rows, each summed in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from numparam.kernels import _gate, _row_gate
from numparam.kernels.cpu import _order, _pool, _row_sums

_PIECE = 1 << 16  # elements of the result that one claim computes
_ANY = 2**63 - 1


def merge(
    ids: Iterable[object],
    data: Iterable[object],
    rows: int | None = None,
    divisor: int = 1,
    allocate: Callable[[tuple[int, ...], np.dtype], np.ndarray] = np.empty,
) -> tuple[np.ndarray, np.ndarray]:
    """Sum k row-sparse arrays: every row that any holds, in the order of ids, rounded once.

    Parameters
    ----------
    ids : iterable of array_like
        For each of the k ≥ 1 arrays the ids of its rows, in any order, repeats allowed.
    data : iterable of array_like
        For each array its rows: shape (its number of ids, …); one dtype and one row shape.
    rows : int, optional
        Number of rows of the dense form; no id may reach it.
    divisor : int
        Divisor of each sum, before it is rounded: k for the mean of k arrays.
    allocate : callable, optional
        Called as ``allocate(shape, dtype)`` for the memory of the sums, whose number of rows is
        not known before; `numpy.empty` by default. It returns a C-contiguous, aligned array.

    Returns
    -------
    ids : numpy.ndarray
        The union of the ids: int64, strictly ascending.
    data : numpy.ndarray
        The sums. A row whose sum is zero is kept.

    Raises
    ------
    TypeError
        If ids are not numeric, or a dtype is not one of the kernels'.
    ValueError
        If there is no array, counts, dtypes or row shapes disagree, a floating-point id is not a
        whole number, `divisor` is not positive, or booleans have no mean.
    IndexError
        If an id is negative or not below `rows`.

    Notes
    -----
    A row is the sum of its occurrences, array after array and by position within each, whatever
    the number of threads. It is accumulated and divided as in
    `numparam.kernels.cpu.average`: merging arrays that hold all rows has the bits of ``add_n``,
    or, with ``divisor=k``, of ``mean``. An absent row counts as zero. For one array this is the
    conversion to valid form.
    With N rows in all: reads them and writes those of the union, and uses at most 48 × N bytes of
    memory to order them, on the caller's thread: by a bit map, O(N), where it takes no more memory
    than the ids; else by merging or a radix sort, O(N × digits of the largest id). Then O(N)
    additions of rows on all. Nothing of the dense form's size is allocated. MXNet's ``add_n``
    of row-sparse arrays keeps zero sums too, but accumulates in the dtype itself, and with ids out
    of range it corrupts memory.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import merge
    >>> ids, data = merge.merge([[0, 3], [3, 1]], [np.float32([1, 2]), np.float32([10, 20])])
    >>> ids
    array([0, 1, 3])
    >>> data
    array([ 1., 20., 12.], dtype=float32)
    """
    numbers, values = _row_gate.row_sparse_list(ids, data)
    limit = _row_gate.row_count(rows)
    count = _row_gate.whole_divisor(divisor)
    first = values[0]
    kind = _gate.kind(first.dtype)
    row_shape = first.shape[1:]
    length = 1
    for extent in row_shape:
        length *= extent
    order = _Order(numbers, values, length * first.itemsize, limit)
    union = np.empty(order.count, np.int64)
    shape = (order.count, *row_shape)
    sums = _row_gate.row_output(allocate(shape, first.dtype), shape, first.dtype)
    if not order.count:
        return union, sums
    blocks = max(1, -(-length // _row_sums.BLOCK))
    batch = max(1, _PIECE // min(_row_sums.BLOCK, max(1, length)))
    differing = np.full(1, order.count, np.int64)
    kernel_of, stored = _row_sums.KERNELS[kind, count > 1]
    _pool.run(
        kernel_of(stored), order.rows, order.starts, order.ids, order.count, length, count, union,
        _gate.address(sums), differing, batch,
        nbytes=order.nbytes + sums.nbytes + union.nbytes, pieces=-(-order.count * blocks // batch),
    )  # fmt: skip
    if differing[0] < order.count:
        raise _row_gate.booleans_differ(int(union[differing[0]]), count)
    return union, sums


class _Order:
    """The occurrences of each row.

    Attributes
    ----------
    count : int
        Number of different ids.
    ids : numpy.ndarray
        Those ids, ascending.
    starts : numpy.ndarray
        The occurrences of row i are starts[i] … starts[i + 1] - 1.
    rows : numpy.ndarray
        Addresses of the occurrences.
    nbytes : int
        Bytes of all occurrences.
    """

    def __init__(
        self,
        numbers: list[np.ndarray],
        values: list[np.ndarray],
        row_bytes: int,
        limit: int | None,
    ) -> None:
        lengths = [len(ids) for ids in numbers]
        total = sum(lengths)
        sources = np.array(
            [[_gate.address(ids) for ids in numbers], [_gate.address(v) for v in values], lengths],
            np.int64,
        )
        ids, other_ids = np.empty(total, np.int64), np.empty(total, np.int64)
        rows, other_rows = np.empty(total + 2, np.int64), np.empty(total + 2, np.int64)
        found = np.zeros(2, np.int64)
        last = _ANY if limit is None else limit - 1
        self.count = _pool.enter(
            _order.arrange, sources, row_bytes, last, ids, rows, other_ids, other_rows, found
        )
        if self.count < 0:
            k, position = found.tolist()
            bad = int(numbers[k][position])
            raise _row_gate.outside(f"ids[{k}]", position, bad, limit)
        if found[0]:
            self.ids, self.rows, self.starts = ids, other_rows, rows
        else:
            self.ids, self.rows, self.starts = other_ids, rows, other_rows
        self.nbytes = total * row_bytes
