"""Pointer tables for calls that are made again and again on the same arrays."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _gate


class Table(tuple):
    """The arrays themselves: the reference needs no addresses."""

    writeable: bool

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays in the order given."""
        return tuple(self)


def build(arrays: Iterable[object], *, writeable: bool = True) -> Table:
    """Check many arrays once, and return them as a table that other operations take.

    Parameters and errors are those of `numparam.kernels.cpu.table.build`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import table
    >>> len(table.build([np.ones(3), np.ones(2)]))
    2
    """
    if isinstance(arrays, Table):
        if writeable and not arrays.writeable:
            raise ValueError("the table was built with writeable=False; build a writeable one")
        return arrays
    built = Table(_gate.outputs(arrays, writeable=writeable))
    built.writeable = writeable
    return built
