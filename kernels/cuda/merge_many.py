"""The means of the copies of many row-sparse arrays, on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from numparam.kernels.cuda import merge


def mean(
    ids: Iterable[Iterable[object]],
    data: Iterable[Iterable[object]],
    rows: Iterable[int | None],
    allocate: Callable[[tuple[int, ...], np.dtype], np.ndarray] = np.empty,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Average the copies of each of many row-sparse arrays, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.merge_many.mean`, with arrays of one
    GPU. Each array takes the launches of `numparam.kernels.cuda.merge.merge`.
    """
    ids, data, limits = list(ids), list(data), list(rows)
    if not len(ids) == len(data) == len(limits):
        raise ValueError(
            f"ids is a list of {len(ids)}, data one of {len(data)} and rows one of {len(limits)}; "
            "each array needs all three"
        )
    sets = [
        (list(numbers), list(values), limit)
        for numbers, values, limit in zip(ids, data, limits, strict=True)
    ]
    return [
        merge.merge(numbers, values, limit, max(1, len(values)), allocate)
        for numbers, values, limit in sets
    ]
