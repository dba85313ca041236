"""Assignment and addition of many arrays to many others, as gradients are accumulated."""

from __future__ import annotations

from collections.abc import Iterable

from numparam.kernels import _gate
from numparam.kernels.reference import average, table


def assign(targets: Iterable[object], sources: Iterable[object]) -> None:
    """Set each target to its source: ``target[...] = source``.

    Parameters and errors are those of `numparam.kernels.cpu.accumulate.assign`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import accumulate
    >>> gradient = np.ones(2)
    >>> accumulate.assign([gradient], [np.array([2.0, 3.0])])
    >>> gradient
    array([2., 3.])
    """
    for target, source in zip(*_pairs(targets, sources), strict=True):
        target[...] = source


def add(targets: Iterable[object], sources: Iterable[object]) -> None:
    """Add its source to each target: ``target[...] += source``.

    Parameters and errors are those of `numparam.kernels.cpu.accumulate.add`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import accumulate
    >>> gradient = np.ones(2)
    >>> accumulate.add([gradient], [np.array([2.0, 3.0])])
    >>> gradient
    array([3., 4.])
    """
    for target, source in zip(*_pairs(targets, sources), strict=True):
        average.add_n([target, source], target)


def _pairs(targets: Iterable[object], sources: Iterable[object]) -> tuple[table.Table, list]:
    ready = table.build(targets)
    read = _gate.each_source(sources)
    _gate.pairs_match(ready.arrays, read)
    return ready, read
