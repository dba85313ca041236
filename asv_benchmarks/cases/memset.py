"""The baseline for zeroing many arrays: one memset for each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cases.inputs import MEBI
from competitors.competitors import Competitors


def memset_of_each(
    competitors: Competitors, arrays: list[np.ndarray]
) -> Callable[[], object] | None:
    """Return a call of one memset per array; on the caller's thread if all are small."""
    if competitors.c_loops is None:
        return None
    nbytes = [array.nbytes for array in arrays]
    addresses = np.array([array.ctypes.data for array in arrays] + nbytes, np.int64)
    count = len(arrays)
    piece = count if sum(nbytes) < 4 * MEBI else 1
    return competitors.c_loops.loop_at(
        "zero_many", count, addresses, count, piece=piece, keep=arrays
    )
