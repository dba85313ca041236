"""What a comparison of two arrays finds."""

from __future__ import annotations

from typing import NamedTuple


class Compared(NamedTuple):
    """How far two arrays differ.

    Attributes
    ----------
    differing : int
        The number of elements that differ by more than the tolerance.
    absolute, relative : float
        The largest difference, and the largest in proportion to the larger of both magnitudes.
    nan : tuple of int
        The number of NaN in each of the two arrays.
    """

    differing: int
    absolute: float
    relative: float
    nan: tuple[int, int]
