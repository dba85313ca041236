"""Exact sparse training: steps that rows without a gradient miss are made later.

A row that a row-sparse gradient does not hold still has weight decay, momentum and moments. To
update every row at every step is exact, and as slow as a dense step. Here each row notes the last
step it has had, and all steps are noted with what they computed with. Before a row is changed or
read, the steps that it missed are made with a gradient of zero, in the arithmetic of the dense
optimizer, so that the bits are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from numparam.devices.backend import Buffer
from numparam.devices.locks import in_turn, new_table
from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.row_gradients import Rows

__all__ = ["LIMIT", "RowHistory"]

#: Number of steps that are noted before all rows are brought up to date.
LIMIT = 4096

_FIRST_ROOM = 16

_in_use = new_table()


class RowHistory:
    """The steps that the rows of one weight may have missed.

    Whoever reads the weight calls `catch_up` first; whoever replaces its arrays, its states or the
    optimizer, too. A change of hyper-parameters needs nothing: each step is noted with its own.

    Parameters
    ----------
    kernel : module
        The optimizer's kernel on the weight's device.
    weight : NDArray or RowSparseNDArray
        The weight; a row-sparse one stores all rows.
    states : sequence of NDArray
        The optimizer's states of it.
    master : NDArray, optional
        Its float32 copy, if it is trained in mixed precision.

    Examples
    --------
    >>> import numparam as mx
    >>> optimizer = mx.optimizer.create("sgd", learning_rate=1, wd=0.5, lazy_update=False)
    >>> updater = mx.optimizer.get_updater(optimizer)
    >>> updater.delays_rows = True
    >>> weight = mx.nd.ones((3, 1)).tostype("row_sparse")
    >>> grad = mx.nd.sparse.row_sparse_array(([[1.0]], [1]), shape=(3, 1))
    >>> updater(0, grad, weight)
    >>> weight._buffer.ravel(), updater.histories[0].is_behind
    (array([ 1. , -0.5,  1. ], dtype=float32), True)
    >>> updater.catch_up()
    >>> weight._buffer.ravel()
    array([ 0.5, -0.5,  0.5], dtype=float32)
    """

    def __init__(
        self,
        kernel: ModuleType,
        weight: NDArray,
        states: Sequence[NDArray],
        master: NDArray | None = None,
    ) -> None:
        self.kernel = kernel
        self.weight = weight
        self.states = tuple(states)
        self.master = master
        backend = weight._backend
        self._last_steps: Buffer = backend.zeros((weight.shape[0],), np.dtype(np.int64))
        self._steps = np.empty((0, 0))
        # The number of the step in the first row of `_steps`, and the number of rows in use. One
        # object, so that an interrupt between the two does not make rows repeat their steps.
        self._span = 1, 0

    @property
    def _first(self) -> int:
        return self._span[0]

    @property
    def _count(self) -> int:
        return self._span[1]

    @property
    def is_behind(self) -> bool:
        """True if a row may have missed a step."""
        return self._count > 0

    def fits(
        self,
        kernel: ModuleType,
        weight: NDArray,
        states: Sequence[NDArray],
        master: NDArray | None,
    ) -> bool:
        """Return whether the steps were noted for these arrays and this kernel."""
        return (
            self.kernel is kernel
            and self.weight is weight
            and self.master is master
            and len(self.states) == len(states)
            and all(own is other for own, other in zip(self.states, states, strict=True))
        )

    def step(self, rows: Rows, coefficients: np.ndarray) -> None:
        """Make one step with a row-sparse gradient; the other rows make it later.

        Parameters
        ----------
        rows : Rows
            The gradient.
        coefficients : numpy.ndarray
            What the step computes with: one row, of the kernel's function of this name.
        """
        in_turn(_in_use, {id(self)}, lambda: self._step(rows, coefficients))

    def _step(self, rows: Rows, coefficients: np.ndarray) -> None:
        if self._count >= LIMIT:
            self._catch_up(None)
        noted = self._noted(coefficients)
        self.kernel.exact_rows(
            self.weight._buffer,
            rows.ids,
            rows.data,
            [state._buffer for state in self.states],
            self._last_steps,
            noted,
            self._first,
            None if self.master is None else self.master._buffer,
        )
        # Only now: a step that failed was not made.
        self._span = self._first, self._count + 1

    def _noted(self, coefficients: np.ndarray) -> np.ndarray:
        """Return the noted steps with one more."""
        count, width = self._count, coefficients.shape[1]
        if self._steps.shape[1] != width or len(self._steps) <= count:
            room = np.empty((max(_FIRST_ROOM, 2 * count), width))
            if count:
                room[:count] = self._steps[:count]
            self._steps = room
        self._steps[count] = coefficients[0]
        return self._steps[: count + 1]

    def catch_up(self, ids: Buffer | None = None) -> None:
        """Make the steps that rows have missed.

        Parameters
        ----------
        ids : Buffer, optional
            int64 ids of the rows, strictly ascending, on the weight's device; all rows if not
            given.
        """
        if self._count:
            in_turn(_in_use, {id(self)}, lambda: self._catch_up(ids))

    def _catch_up(self, ids: Buffer | None) -> None:
        first, count = self._span
        self.kernel.catch_up(
            self.weight._buffer,
            [state._buffer for state in self.states],
            self._last_steps,
            self._steps[:count],
            first,
            ids,
            None if self.master is None else self.master._buffer,
        )
        if ids is None:
            self._span = first + count, 0

    def __reduce__(self) -> NoReturn:
        raise TypeError("missed steps belong to one process; call catch_up() and pickle the weight")

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        raise TypeError("missed steps belong to one weight; call catch_up() and copy the weight")
