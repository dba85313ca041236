"""Zeroing of gradients: of given arrays, or repeatedly of a dictionary by kept tables."""

from __future__ import annotations

import operator
import weakref
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from numparam.devices import epochs
from numparam.devices.grouping import Row, grouped
from numparam.devices.locks import ONE_STEP
from numparam.devices.tables import Tables
from numparam.gluon.entries import Entries, items_now
from numparam.gluon.placed import Placed
from numparam.ndarray.sparse.parts import empty_parts

__all__ = ["GradientTables", "release", "zero"]


def zero(arrays: Iterable[Any]) -> None:
    """Set arrays to zero; sparse ones then store nothing.

    Parameters
    ----------
    arrays : iterable of NDArray, RowSparseNDArray or CSRNDArray
        On any contexts.
    """
    rows: list[Row] = []
    sparse: list[Any] = []
    for array in arrays:
        if array.stype != "default":
            sparse.append(array)
            continue
        backend, buffer = array._backend, array._buffer
        if buffer.size <= ONE_STEP and backend.buffers_are_arrays:
            # Takes less time than to note its address for a kernel.
            array._require_writable()
            backend.write(buffer, 0)
        else:
            rows.append(_row(array))
    for group in grouped(rows):
        group.backend.reset.zero([buffer for (buffer,) in group.rows])
    for array in sparse:
        _make_empty(array, _nothing(array))


def release(tables: Iterable[weakref.ref[GradientTables]]) -> None:
    """Release those of the tables that still exist."""
    for reference in tables:
        table = reference()
        if table is not None:
            table.release()


def _row(array: Any) -> Row:
    array._require_writable()
    # By context: copies on cpu(0) and cpu(1) belong to different steps of a training.
    return Row(array._backend, (array._buffer,), array.context)


def _nothing(array: Any) -> Any:
    """Return the parts of a sparse array that stores nothing."""
    return empty_parts(array.stype, array.shape, array._data.dtype, array._backend)


def _make_empty(array: Any, nothing: Any) -> None:
    if array._parts is not nothing and array._data.shape[0]:
        array._adopt(nothing)


class GradientTables:
    """The gradients of many parameters as pointer tables: one for each context.

    Zeroing through it enters compiled code once for each context and dtype, however many
    parameters there are. Whatever may change a gradient begins an epoch, which makes the tables
    stale; where parameters or gradients are in collections that do not, they are compared at each
    call. Whoever replaces a parameter's gradients releases the tables.

    Parameters
    ----------
    parameters : mapping
        Objects with ``_state`` and ``_tables``.
    previous : GradientTables, optional
        One that may be stale; where its arrays are still the same, it is used again.
    """

    def __init__(
        self, parameters: Mapping[str, Any], previous: GradientTables | None = None
    ) -> None:
        self._parameters = parameters
        gradients: list[Any] = []
        announced = type(parameters) is Entries
        reference = weakref.ref(self)
        # Before any array is looked at: what changes from here on makes the tables stale.
        epoch = epochs.current()
        # What a thread releases that replaces a gradient before the tables are built.
        self._dense = unfinished = Tables((), epoch)
        self._members = [member for _, member in items_now(parameters)]
        for parameter in self._members:
            # Also of one without gradients: when it gets some, the tables are released.
            alive = [other for other in parameter._tables if other() is not None]
            parameter._tables = [*alive, reference]
            arrays = parameter._state.gradients
            if arrays is not None:
                announced = announced and type(arrays) is Placed
                gradients.extend(arrays)
        #: Whether every change of the collections begins an epoch.
        self._announced = announced
        self._gradients = gradients
        self._arrays = [array for array in gradients if array.stype == "default"]
        self._sparse = [(array, _nothing(array)) for array in gradients if array.stype != "default"]
        earlier = None if previous is None else previous._dense
        self._dense = Tables(map(_row, self._arrays), epoch, earlier)
        if unfinished.is_released:
            self.release()

    def is_valid(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether these are still all gradients of the parameters."""
        if self._parameters is not parameters:
            return False
        if self._announced and self._dense.is_current:
            return True
        return self._holds() and not self.is_released  # by another thread, meanwhile

    @property
    def is_released(self) -> bool:
        """True if `release` was called: arrays may be missing."""
        return self._dense.is_released

    def _holds(self) -> bool:
        """Return whether the same parameters have the same dense buffers."""
        epoch = epochs.current()
        members = [member for _, member in items_now(self._parameters)]
        gradients = [array for member in members for array in member._state.gradients or ()]
        if len(members) != len(self._members) or not all(map(operator.is_, members, self._members)):
            return False
        return (
            len(gradients) == len(self._gradients)
            and all(map(operator.is_, gradients, self._gradients))
            and self._dense.still_holds([array._buffer for array in self._arrays], epoch)
        )

    def zero(self) -> None:
        """Set all gradients to zero."""
        for device in self._dense.devices:
            device.backend.reset.zero(device.columns[0])
        for array, nothing in self._sparse:
            _make_empty(array, nothing)

    def release(self) -> None:
        """Release all arrays; the tables are then invalid."""
        self._dense.release()
        self._members = []
        self._gradients = []
        self._arrays = []
        self._sparse = []

    def __reduce__(self) -> NoReturn:
        raise TypeError("a table of gradients belongs to one process; it is built when needed")

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        raise TypeError("a table of gradients belongs to its arrays; it is built when needed")
