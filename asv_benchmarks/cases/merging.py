"""The baseline for sums of row-sparse arrays: a C loop over an order of rows made beforehand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from competitors.competitors import Competitors


def merge_baseline(
    competitors: Competitors, ids: list[np.ndarray], data: list[np.ndarray]
) -> Callable[[], object] | None:
    """Return a C loop that adds the rows of all sources; finding equal ids is not timed."""
    every, rows = np.concatenate(ids), np.concatenate(data)
    union, inverse, times = np.unique(every, return_inverse=True, return_counts=True)
    out = np.zeros((len(union), rows.shape[1]), rows.dtype)
    order = np.argsort(inverse, kind="stable")
    first = np.concatenate([[0], np.cumsum(times)])
    arrays = [rows, first, order, out]
    return competitors.c_loop("merge", len(union), arrays, rows.shape[1], piece=4096)
