"""Zeroing of many arrays."""

from __future__ import annotations

from collections.abc import Iterable

from numparam.kernels.reference import table


def zero(arrays: Iterable[object]) -> None:
    """Set every element of every array to zero: ``array[...] = 0``.

    Parameters and errors are those of `numparam.kernels.cpu.reset.zero`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import reset
    >>> weight = np.ones(2)
    >>> reset.zero([weight])
    >>> weight
    array([0., 0.])
    """
    for array in table.build(arrays):
        array[...] = 0
