"""Rows by their ids: unique ids, rows taken from tables, rows written and added to tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from numparam.kernels import _gate, _row_gate
from numparam.kernels.cpu import _order, _pool, _rows, merge

_PIECE = 1 << 18  # bytes of rows that one claim moves
_ANY = 2**63 - 1


def unique_ids(ids: object, rows: int | None = None) -> np.ndarray:
    """Sort row ids and drop repeats.

    Parameters
    ----------
    ids : array_like
        Row ids of any shape and number dtype; floating-point ids must be whole numbers.
    rows : int, optional
        Number of rows that there are; by default any id from 0 on is taken.

    Returns
    -------
    numpy.ndarray
        A new int64 array, strictly ascending.

    Raises
    ------
    TypeError
        If `ids` is not numeric, or `rows` not a whole number.
    ValueError
        If a floating-point id is not a whole number, or `rows` is negative.
    IndexError
        If an id is negative or not below `rows`.

    Notes
    -----
    Ids that ascend already cost a copy and one pass. Others go through a bit map where it takes no
    more memory than the ids, O(n + largest / 64), else through a radix sort of 11-bit digits,
    O(n × digits). Reads the ids three or four times and writes them twice. MXNet does this in the
    key-value store's ``row_sparse_pull``.

    Examples
    --------
    >>> from numparam.kernels.cpu import retain
    >>> retain.unique_ids([3, 0, 3, 1])
    array([0, 1, 3])
    """
    limit = _row_gate.row_count(rows)
    # A copy before the check: another thread may write the ids in between.
    numbers = _gate.row_ids(ids, None).copy()
    count = len(numbers)
    place = _gate.address(numbers)
    falling, largest = _survey(numbers, place, limit, "ids")
    if falling >= count:
        return numbers
    if largest < _order.BIT_MAP * count:
        bits = np.zeros((largest >> 6) + 1, np.uint64)
        unique = np.empty(_pool.enter(_order.mark, place, count, bits), np.int64)
        _pool.enter(_order.list_marked, bits, unique)
        return unique
    unique = np.empty(count, np.int64)
    unique.resize(_pool.enter(_order.sort_unique, place, unique, largest), refcheck=False)
    return unique


def retain(
    ids: object,
    data: object,
    wanted: object,
    out: np.ndarray | None = None,
    rows: int | None = None,
) -> np.ndarray:
    """Take the wanted rows of a row-sparse array; a row that it does not hold is zero.

    Parameters
    ----------
    ids : array_like
        Ids of the n rows that the array holds, strictly ascending.
    data : array_like
        Those rows: shape (n, …), any dtype.
    wanted : array_like
        m row ids in any order, repeats allowed.
    out : numpy.ndarray, optional
        Receives the rows: C-contiguous, (m, …), of `data`'s dtype; it shares no memory with the
        other arguments. A new array by default.
    rows : int, optional
        Number of rows of the dense form; no id may reach it.

    Returns
    -------
    numpy.ndarray
        `out`, or a new array: row i is the row of id ``wanted[i]``. With `wanted` as its ids it is
        the retained row-sparse array, of valid form if `wanted` ascends strictly.

    Raises
    ------
    TypeError
        If ids are not numeric, a dtype is not one of the kernels', or `out` is not an array.
    ValueError
        If `ids` does not ascend strictly or is not as long as `data`, a floating-point id is not a
        whole number, or `out` cannot be used.
    IndexError
        If an id is negative or not below `rows`.

    Notes
    -----
    Keeps the order and the repeats of `wanted`, as MXNet's ``sparse.retain`` does. Ids out of range
    raise; with them MXNet reads or writes foreign memory.
    Moves 2 × m rows, and n + m ids; O(m × log n), and O(m) where the array holds all rows up to its
    last or `wanted` ascends as densely as `ids`. Nothing of the dense form's size is allocated.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import retain
    >>> retain.retain([0, 1, 3], np.float32([[1, 2], [3, 4], [5, 6]]), [3, 2])
    array([[5., 6.],
           [0., 0.]], dtype=float32)
    """
    limit = _row_gate.row_count(rows)
    numbers, values = _row_gate.row_sparse(ids, data)
    asked = _gate.row_ids(wanted, None, "wanted")
    shape = (len(asked), *values.shape[1:])
    target = _target(out, shape, values.dtype)
    places = _row_gate.apart(target, "out", ids=numbers, data=values, wanted=asked)
    count = len(numbers)
    falling, largest = _survey(numbers, places[1], limit, "ids")
    if falling < count:
        previous, bad = numbers[falling - 1 : falling + 1].tolist()
        raise _row_gate.not_ascending("ids", falling, previous, bad)
    if out is not None:
        _survey(asked, places[3], limit, "wanted")
    # Ascending ids from 0 to count - 1 are the positions themselves.
    _take(places, count, largest == count - 1, asked, target.nbytes, limit, "wanted")
    return target if out is None else out


def gather(table: object, ids: object, out: np.ndarray | None = None) -> np.ndarray:
    """Take rows of a dense array.

    Parameters
    ----------
    table : array_like
        Shape (rows, …), any dtype; may be read-only.
    ids : array_like
        m row ids in any order, repeats allowed.
    out : numpy.ndarray, optional
        Receives the rows: C-contiguous, (m, …), of the table's dtype; it shares no memory with the
        other arguments. A new array by default.

    Returns
    -------
    numpy.ndarray
        `out`, or a new array: row i is ``table[ids[i]]``.

    Raises
    ------
    TypeError
        If ids are not numeric, a dtype is not one of the kernels', or `out` is not an array.
    ValueError
        If a floating-point id is not a whole number, or `out` cannot be used.
    IndexError
        If an id is negative or not below the number of rows.

    Notes
    -----
    Moves 2 × m rows, and m ids; O(m). MXNet's ``take`` and ``Embedding`` clip
    ids that are out of range; here they raise.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import retain
    >>> retain.gather(np.float32([[1, 2], [3, 4]]), [1, 1, 0])
    array([[3., 4.],
           [3., 4.],
           [1., 2.]], dtype=float32)
    """
    values = _row_gate.with_rows(_gate.source(table, "table"), "table")
    numbers = _gate.row_ids(ids, None)
    shape = (len(numbers), *values.shape[1:])
    target = _target(out, shape, values.dtype)
    target_at, ids_at, table_at = _row_gate.apart(target, "out", ids=numbers, table=values)
    rows = len(values)
    if out is not None:
        _survey(numbers, ids_at, rows, "ids")
    _take((target_at, 0, table_at, ids_at), rows, True, numbers, target.nbytes, rows, "ids")
    return target if out is None else out


def scatter(table: np.ndarray, ids: object, rows: object) -> None:
    """Write rows into a dense array, in place; of repeated ids the last one stays.

    Parameters
    ----------
    table : numpy.ndarray
        Shape (any, …): C-contiguous, writeable.
    ids : array_like
        m row ids in any order, repeats allowed.
    rows : array_like
        Shape (m, …), of the table's dtype; shares no memory with it.

    Raises
    ------
    TypeError
        If ids are not numeric, a dtype is not one of the kernels', or `table` is not an array.
    ValueError
        If a floating-point id is not a whole number, `table` cannot be written, shares memory with
        another argument, or `rows` does not fit. Then nothing has been written.
    IndexError
        If an id is negative or not below the number of rows. Then nothing has been written.

    Notes
    -----
    Moves 2 × m rows, and m ids; O(m). Ids that do not ascend strictly are written on one thread, in
    their order. MXNet's ``cast_storage`` writes repeated rows in the same order.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import retain
    >>> weight = np.zeros(4)
    >>> retain.scatter(weight, [2, 0, 2], [1.0, 2.0, 3.0])
    >>> weight
    array([2., 0., 3., 0.])
    """
    target, numbers, values, (table_at, ids_at, rows_at) = _placed(table, ids, rows)
    count = len(numbers)
    falling, _ = _survey(numbers, ids_at, len(target), "ids")
    if not values.nbytes:
        return
    row_bytes = values.nbytes // count
    batch = max(1, _PIECE // row_bytes) if falling >= count else count
    found = np.array((count,), np.int64)
    _pool.run(
        _rows.put_rows, table_at, ids_at, count, len(target) - 1, rows_at, row_bytes, found, batch,
        nbytes=2 * values.nbytes, pieces=-(-count // batch),
    )  # fmt: skip
    _raise_found(found, numbers, len(target), "ids")


def add_rows(table: np.ndarray, ids: object, rows: object) -> None:
    """Add rows to rows of a dense array, in place; all rows of a repeated id are added.

    Parameters
    ----------
    table : numpy.ndarray
        Shape (any, …): C-contiguous, writeable.
    ids : array_like
        m row ids in any order, repeats allowed.
    rows : array_like
        Shape (m, …), of the table's dtype; shares no memory with it.

    Raises
    ------
    TypeError
        If ids are not numeric, a dtype is not one of the kernels', or `table` is not an array.
    ValueError
        If a floating-point id is not a whole number, `table` cannot be written, shares memory with
        another argument, or `rows` does not fit. Then nothing has been written.
    IndexError
        If an id is negative or not below the number of rows. Then nothing has been written.

    Notes
    -----
    A row of the table becomes the sum of itself and of its rows, in the order of `ids`, with the
    bits of ``average.add_n``: accumulated wider and rounded once, whatever the number of threads.
    Integers wrap, booleans are or-ed. Moves 3 × m rows, and m ids; O(m). Ids that do not ascend
    strictly are sorted first, which takes copies of m rows. This is what ``a += row_sparse`` does
    to a dense array.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import retain
    >>> weight = np.ones(4)
    >>> retain.add_rows(weight, [2, 0, 2], [1.0, 2.0, 3.0])
    >>> weight
    array([3., 1., 5., 1.])
    """
    _add(table, ids, rows, False)


def subtract_rows(table: np.ndarray, ids: object, rows: object) -> None:
    """Subtract rows from rows of a dense array, in place; all rows of a repeated id count.

    Parameters
    ----------
    table : numpy.ndarray
        Shape (any, …): C-contiguous, writeable, not of booleans.
    ids : array_like
        m row ids in any order, repeats allowed.
    rows : array_like
        Shape (m, …), of the table's dtype; shares no memory with it.

    Raises
    ------
    TypeError
        If ids are not numeric, a dtype is not one of the kernels' or boolean, or `table` is not an
        array.
    ValueError
        If a floating-point id is not a whole number, `table` cannot be written, shares memory with
        another argument, or `rows` does not fit. Then nothing has been written.
    IndexError
        If an id is negative or not below the number of rows. Then nothing has been written.

    Notes
    -----
    `add_rows` of the negated rows, without a copy of them where the ids ascend strictly. Moves
    3 × m rows, and m ids; O(m). This is what ``a -= row_sparse`` does to a dense array.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import retain
    >>> weight = np.ones(4)
    >>> retain.subtract_rows(weight, [2, 0, 2], [1.0, 2.0, 3.0])
    >>> weight
    array([-1.,  1., -3.,  1.])
    """
    _add(table, ids, rows, True)


def _add(table: np.ndarray, ids: object, rows: object, subtract: bool) -> None:
    target, numbers, values, (table_at, ids_at, rows_at) = _placed(table, ids, rows)
    kind = _gate.kind(target.dtype)
    if subtract:
        _row_gate.has_differences(kind)
    count = len(numbers)
    falling, _ = _survey(numbers, ids_at, len(target), "ids")
    if not values.nbytes:
        return
    if falling < count:
        # Each row once: the table's own row first, then the others in the order of their ids.
        unique = unique_ids(numbers, len(target))
        added = np.negative(values) if subtract else values
        _, sums = merge.merge([unique, numbers], [gather(target, unique), added], len(target))
        scatter(target, unique, sums)
        return
    length = values.size // count
    batch = max(1, _PIECE // (length * values.itemsize))
    found = np.array((count,), np.int64)
    _pool.run(
        _rows.add_rows(kind), table_at, ids_at, count, len(target) - 1, rows_at, length,
        int(subtract), found, batch,
        nbytes=3 * values.nbytes, pieces=-(-count // batch),
    )  # fmt: skip
    _raise_found(found, numbers, len(target), "ids")


def _placed(
    table: np.ndarray, ids: object, rows: object
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[int]]:
    """Check a table, ids and the rows for it, except the ids' range; return the addresses too."""
    target = _row_gate.with_rows(_gate.output(table, "table"), "table")
    numbers = _gate.row_ids(ids, None)
    values = _row_gate.scattered(target, numbers, rows)
    return target, numbers, values, _row_gate.apart(target, "table", ids=numbers, rows=values)


def _target(out: np.ndarray | None, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    return np.empty(shape, dtype) if out is None else _row_gate.row_output(out, shape, dtype)


def _survey(ids: np.ndarray, ids_at: int, rows: int | None, name: str) -> tuple[int, int]:
    """Check the range of ids; return the first position where they do not ascend, and the largest.

    Ids that ascend strictly never cease: the first number is then their count. The largest of no
    ids is 0.
    """
    count = len(ids)
    found = np.array([count, count, 0], np.int64)
    _pool.run(
        _rows.check_ids, ids_at, count, _ANY if rows is None else rows - 1, found,
        nbytes=ids.nbytes, pieces=-(-count // _rows.CHECKED),
    )  # fmt: skip
    _raise_found(found, ids, rows, name)
    _, falling, largest = found.tolist()
    return falling, -largest


def _raise_found(found: np.ndarray, ids: np.ndarray, rows: int | None, name: str) -> None:
    """Raise if a kernel has found an id out of range: its position is below the number of ids."""
    position = found.item(0)
    if position < len(ids):
        raise _row_gate.outside(name, position, int(ids[position]), rows)


def _take(
    places: Sequence[int],
    count: int,
    direct: bool,
    wanted: np.ndarray,
    nbytes: int,
    rows: int | None,
    name: str,
) -> None:
    """Check wanted ids and copy their rows.

    Places are the addresses of the output, the ids, their rows and the wanted ids.
    """
    number = len(wanted)
    if not nbytes:  # rows without elements, or no rows
        _survey(wanted, places[3], rows, name)
        return
    row_bytes = nbytes // number
    batch = max(1, _PIECE // row_bytes)
    last = _ANY if rows is None else rows - 1
    found = np.array((number,), np.int64)
    _pool.run(
        _rows.take_rows, *places, count, int(direct), number, last, row_bytes, found, batch,
        nbytes=2 * nbytes, pieces=-(-number // batch),
    )  # fmt: skip
    _raise_found(found, wanted, rows, name)
