"""Rows by their ids: unique ids, rows taken from tables, rows written and added to tables."""

from __future__ import annotations

import numpy as np

from numparam.kernels import _gate, _row_gate
from numparam.kernels.reference import average


def unique_ids(ids: object, rows: int | None = None) -> np.ndarray:
    """Sort row ids and drop repeats.

    Parameters and errors are those of `numparam.kernels.cpu.retain.unique_ids`.

    Examples
    --------
    >>> from numparam.kernels.reference import retain
    >>> retain.unique_ids([3, 0, 3, 1])
    array([0, 1, 3])
    """
    limit = _row_gate.row_count(rows)
    numbers = _gate.row_ids(ids, None)
    _row_gate.check_ids(numbers, limit, "ids")
    return np.unique(numbers)


def retain(
    ids: object,
    data: object,
    wanted: object,
    out: np.ndarray | None = None,
    rows: int | None = None,
) -> np.ndarray:
    """Take the wanted rows of a row-sparse array; a row that it does not hold is zero.

    Parameters and errors are those of `numparam.kernels.cpu.retain.retain`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import retain
    >>> retain.retain([0, 1, 3], np.float32([[1, 2], [3, 4], [5, 6]]), [3, 2])
    array([[5., 6.],
           [0., 0.]], dtype=float32)
    """
    limit = _row_gate.row_count(rows)
    numbers, values = _row_gate.row_sparse(ids, data)
    asked = _gate.row_ids(wanted, None, "wanted")
    shape = (len(asked), *values.shape[1:])
    if out is None:
        target = np.empty(shape, values.dtype)
    else:
        target = _row_gate.row_output(out, shape, values.dtype)
        _row_gate.apart(target, "out", ids=numbers, data=values, wanted=asked)
    _row_gate.check_ids(numbers, limit, "ids")
    for i in range(1, len(numbers)):
        if numbers[i] <= numbers[i - 1]:
            raise _row_gate.not_ascending("ids", i, int(numbers[i - 1]), int(numbers[i]))
    _row_gate.check_ids(asked, limit, "wanted")
    position = {number: i for i, number in enumerate(numbers.tolist())}
    for i, number in enumerate(asked.tolist()):
        if number in position:
            target[i] = values[position[number]]
        else:
            target[i] = np.zeros(shape[1:], values.dtype)
    return target if out is None else out


def gather(table: object, ids: object, out: np.ndarray | None = None) -> np.ndarray:
    """Take rows of a dense array: ``table[ids]``.

    Parameters and errors are those of `numparam.kernels.cpu.retain.gather`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import retain
    >>> retain.gather(np.float32([1, 2, 3]), [2, 0])
    array([3., 1.], dtype=float32)
    """
    values = _row_gate.with_rows(_gate.source(table, "table"), "table")
    numbers = _gate.row_ids(ids, None)
    if out is not None:
        shape = (len(numbers), *values.shape[1:])
        target = _row_gate.row_output(out, shape, values.dtype)
        _row_gate.apart(target, "out", ids=numbers, table=values)
    _row_gate.check_ids(numbers, len(values), "ids")
    if out is None:
        return values[numbers]
    target[...] = values[numbers]
    return out


def scatter(table: np.ndarray, ids: object, rows: object) -> None:
    """Write rows into a dense array, in place; of repeated ids the last one stays.

    Parameters and errors are those of `numparam.kernels.cpu.retain.scatter`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import retain
    >>> weight = np.zeros(4)
    >>> retain.scatter(weight, [2, 0, 2], [1.0, 2.0, 3.0])
    >>> weight
    array([2., 0., 3., 0.])
    """
    target, numbers, values = _placed(table, ids, rows)
    _row_gate.check_ids(numbers, len(target), "ids")
    for number, row in zip(numbers.tolist(), values, strict=True):
        target[number] = row


def add_rows(table: np.ndarray, ids: object, rows: object) -> None:
    """Add rows to rows of a dense array, in place; all rows of a repeated id are added.

    Parameters and errors are those of `numparam.kernels.cpu.retain.add_rows`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import retain
    >>> weight = np.ones(4)
    >>> retain.add_rows(weight, [2, 0, 2], [1.0, 2.0, 3.0])
    >>> weight
    array([3., 1., 5., 1.])
    """
    _add(*_placed(table, ids, rows), False)


def subtract_rows(table: np.ndarray, ids: object, rows: object) -> None:
    """Subtract rows from rows of a dense array, in place; all rows of a repeated id count.

    Parameters and errors are those of `numparam.kernels.cpu.retain.subtract_rows`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import retain
    >>> weight = np.ones(4)
    >>> retain.subtract_rows(weight, [2, 0, 2], [1.0, 2.0, 3.0])
    >>> weight
    array([-1.,  1., -3.,  1.])
    """
    _add(*_placed(table, ids, rows), True)


def _add(target: np.ndarray, numbers: np.ndarray, values: np.ndarray, subtract: bool) -> None:
    kind = _gate.kind(target.dtype)
    if subtract:
        _row_gate.has_differences(kind)
    _row_gate.check_ids(numbers, len(target), "ids")
    added = np.negative(values) if subtract else values
    for number in np.unique(numbers).tolist():
        same = [added[i : i + 1] for i in np.flatnonzero(numbers == number).tolist()]
        place = slice(number, number + 1)
        target[place] = average._combined([target[place], *same], 1, kind)


def _placed(
    table: np.ndarray, ids: object, rows: object
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check a table, ids and the rows for it, except the ids' range."""
    target = _row_gate.with_rows(_gate.output(table, "table"), "table")
    numbers = _gate.row_ids(ids, None)
    values = _row_gate.scattered(target, numbers, rows)
    _row_gate.apart(target, "table", ids=numbers, rows=values)
    return target, numbers, values
