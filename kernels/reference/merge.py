"""Sum of row-sparse arrays: the union of their rows, each summed in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from numparam.kernels import _gate, _row_gate
from numparam.kernels.reference import average


def merge(
    ids: Iterable[object],
    data: Iterable[object],
    rows: int | None = None,
    divisor: int = 1,
    allocate: Callable[[tuple[int, ...], np.dtype], np.ndarray] = np.empty,
) -> tuple[np.ndarray, np.ndarray]:
    """Sum k row-sparse arrays: every row that any holds, in the order of ids, rounded once.

    Parameters and errors are those of `numparam.kernels.cpu.merge.merge`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import merge
    >>> merge.merge([[3, 0, 3]], [np.float32([1, 2, 10])])
    (array([0, 3]), array([ 2., 11.], dtype=float32))
    """
    numbers, values = _row_gate.row_sparse_list(ids, data)
    limit = _row_gate.row_count(rows)
    count = _row_gate.whole_divisor(divisor)
    for i, those in enumerate(numbers):
        _row_gate.check_ids(those, limit, f"ids[{i}]")
    kind = _gate.kind(values[0].dtype)
    every = np.concatenate([np.asarray(those, np.int64) for those in numbers])
    stored = np.concatenate(values)
    order = np.argsort(every, kind="stable")  # the rows of one id stay in the order of the arrays
    union, starts, times = np.unique(every[order], return_index=True, return_counts=True)
    shape, dtype = (len(union), *values[0].shape[1:]), values[0].dtype
    sums = _row_gate.row_output(allocate(shape, dtype), shape, dtype)
    for most in np.unique(times).tolist():
        places = np.flatnonzero(times == most)
        same = [stored[order[starts[places] + j]] for j in range(most)]
        if kind == "bool" and count > 1:
            _check_booleans(union[places], same, count)
        sums[places] = average._combined(same, count, kind)
    return union, sums


def _check_booleans(ids: np.ndarray, same: list[np.ndarray], count: int) -> None:
    """Raise if truth values to be averaged differ, or are missing in some of the arrays."""
    held = np.sum(same, axis=0).reshape(len(ids), -1)
    differ = ((held > 0) & (held != count)).any(axis=1)
    if differ.any():
        raise _row_gate.booleans_differ(int(ids[differ][0]), count)
