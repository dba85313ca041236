"""Sums of squares of many arrays, and scaling of many arrays: their meaning."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from numparam.kernels import _gate
from numparam.kernels.reference import cast, table

_CHUNK = 4096
_LANES = 256


def sum_of_squares(arrays: Iterable[object]) -> np.ndarray:
    """Sum the squares of the elements of each array, in float64 and in a fixed order.

    Parameters and errors are those of `numparam.kernels.cpu.norm.sum_of_squares`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import norm
    >>> norm.sum_of_squares([np.float32([3, 4]), np.array([True, False, True])])
    array([25.,  2.])
    """
    ready = table.build(arrays, writeable=False)
    return np.array([_sum_of_squares(array) for array in ready], np.float64)


def _sum_of_squares(array: np.ndarray) -> float:
    wide = cast.cast(array.reshape(-1), np.float64)
    with np.errstate(all="ignore"):
        squares = wide * wide
        squares = np.append(squares, np.zeros(-len(squares) % _CHUNK))
        rows = squares.reshape(-1, _CHUNK // _LANES, _LANES)
        lanes = rows[:, 0]
        for row in range(1, _CHUNK // _LANES):
            lanes = lanes + rows[:, row]
        while lanes.shape[1] > 1:
            half = lanes.shape[1] // 2
            lanes = lanes[:, :half] + lanes[:, half:]
        total = np.float64(0)
        for partial in lanes[:, 0]:
            total = total + partial
    return total


def scale(arrays: Iterable[object], factor: float) -> None:
    """Multiply every element of every array by one number, in place.

    Parameters and errors are those of `numparam.kernels.cpu.norm.scale`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import norm
    >>> gradient = np.float32([3, 4])
    >>> norm.scale([gradient], 0.5)
    >>> gradient
    array([1.5, 2. ], dtype=float32)
    """
    ready = table.build(arrays)
    multiplier = _gate.multiplier(factor)
    for i, array in enumerate(ready):
        if _gate.kind(array.dtype) not in _gate.FLOATS:
            raise TypeError(
                f"arrays[{i}] is {array.dtype}; only floating-point arrays can be scaled in place. "
                "Cast it first"
            )
    filled = sorted((_gate.address(array), i) for i, array in enumerate(ready) if array.size)
    for (start, i), (following, j) in pairwise(filled):
        if following < start + ready[i].nbytes:
            raise ValueError(
                f"arrays[{min(i, j)}] and arrays[{max(i, j)}] share memory, which would be scaled "
                "twice; pass each array once, and no views of it"
            )
    for array in ready:
        with np.errstate(all="ignore"):
            product = cast.cast(array, np.float64) * multiplier
        cast.cast(product, out=array)
