"""Sums and means of many arrays' copies."""

from __future__ import annotations

from collections.abc import Iterable

from numparam.kernels import _gate
from numparam.kernels.reference import average, table


def mean_in_place(copies: Iterable[Iterable[object]]) -> None:
    """Write the mean of the copies of each of many arrays into all its copies, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.average_many.mean_in_place`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import average_many
    >>> first, second = [np.zeros(2)], [np.array([1.0, 2.0])]
    >>> average_many.mean_in_place([first, second])
    >>> second
    [array([0.5, 1. ])]
    """
    tables = [table.build(one) for one in _gate.several(copies, "copies")]
    _gate.copies_match(tables)
    if len(tables) == 1:
        return
    means = []
    for arrays in zip(*tables, strict=True):
        if arrays[0].dtype == bool:
            for k, array in enumerate(arrays):
                if (array != arrays[0]).any():
                    raise ValueError(_gate.booleans_differ(k, "copies"))
        means.append(average.mean(arrays))
    for arrays, mean in zip(zip(*tables, strict=True), means, strict=True):
        for array in arrays:
            array[...] = mean


def add_n(sources: Iterable[Iterable[object]], outs: Iterable[object]) -> None:
    """Sum the copies of each of many arrays, in the order given, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.average_many.add_n`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import average_many
    >>> out = np.zeros(2)
    >>> average_many.add_n([[np.ones(2)], [np.array([1.0, 2.0])]], [out])
    >>> out
    array([2., 3.])
    """
    read = [table.build(one, writeable=False) for one in _gate.several(sources, "sources")]
    ready = table.build(outs)
    for k, arrays in enumerate(read):
        _gate.pairs_match(ready, arrays, names=("outs", f"sources[{k}]"))
    for out, *arrays in zip(ready, *read, strict=True):
        average.add_n(arrays, out)
