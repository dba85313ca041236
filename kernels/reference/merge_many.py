"""The means of the copies of many row-sparse arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from numparam.kernels import _row_gate
from numparam.kernels.reference import merge


def mean(
    ids: Iterable[Iterable[object]],
    data: Iterable[Iterable[object]],
    rows: Iterable[int | None],
    allocate: Callable[[tuple[int, ...], np.dtype], np.ndarray] = np.empty,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Average the copies of each of many row-sparse arrays, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.merge_many.mean`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import merge_many
    >>> first = [[0], [2]], [np.float32([1]), np.float32([4])]
    >>> merge_many.mean([first[0]], [first[1]], [3])
    [(array([0, 2]), array([0.5, 2. ], dtype=float32))]
    """
    sets = _row_gate.row_sparse_sets(ids, data, rows)
    return [
        merge.merge(numbers, values, limit, len(values), allocate)
        for numbers, values, limit in sets
    ]
