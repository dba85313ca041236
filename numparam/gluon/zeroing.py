"""Setting gradients to zero: some arrays at once, or all of a dictionary again and again."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn
from weakref import WeakSet

from numparam.context import Context
from numparam.devices import epochs
from numparam.devices.backend import Backend, Buffer

__all__ = ["GradientTables", "zero"]


def zero(arrays: Iterable[Any]) -> None:
    """Set arrays to zero; sparse ones come to store nothing.

    Parameters
    ----------
    arrays : iterable of NDArray, RowSparseNDArray or CSRNDArray
        On any contexts.
    """
    dense, sparse = _by_context(arrays)
    for backend, buffers in dense:
        backend.reset.zero(buffers)
    for array in sparse:
        _make_empty(array, _nothing(array))


def _by_context(arrays: Iterable[Any]) -> tuple[list[tuple[Backend, list[Buffer]]], list[Any]]:
    """Sort arrays: dense buffers by context, each once, and sparse arrays."""
    groups: dict[Context, tuple[Backend, dict[int, Buffer]]] = {}
    sparse = []
    for array in arrays:
        if array.stype != "default":
            sparse.append(array)
            continue
        array._require_writable()
        buffer = array._buffer
        # Tied gradients share a buffer, or are views of the same memory.
        groups.setdefault(array.context, (array._backend, {}))[1][id(buffer)] = buffer
    return [(backend, list(buffers.values())) for backend, buffers in groups.values()], sparse


def _nothing(array: Any) -> Any:
    """Give the parts of a sparse array that stores nothing."""
    from numparam.ndarray.sparse.parts import empty_parts

    return empty_parts(array.stype, array.shape, array._data.dtype, array._backend)


def _make_empty(array: Any, nothing: Any) -> None:
    if array._parts is not nothing and array._data.shape[0]:
        array._adopt(nothing)


class GradientTables:
    """The gradients of many parameters as pointer tables: one for each context.

    Zeroing through it enters compiled code once for each context and dtype, however many
    parameters there are. It is valid while the dense epoch is the one it was built in and holds
    arrays until then; whoever replaces a parameter's gradients releases it.

    Parameters
    ----------
    parameters : mapping
        Objects with ``_grad`` and ``_tables``.
    previous : GradientTables, optional
        One that may be stale; where its arrays are still the same, it is used again.
    """

    def __init__(
        self, parameters: Mapping[str, Any], previous: GradientTables | None = None
    ) -> None:
        # Before any array is looked at: what changes from here on makes the table stale.
        self._epoch = epochs.dense_epoch()
        self._released = False
        self._parameters = parameters
        self._members = list(parameters.values())
        gradients: list[Any] = []
        for parameter in self._members:
            # Also of one without gradients: when it gets some, the table is released.
            if parameter._tables is None:
                parameter._tables = WeakSet()
            parameter._tables.add(self)
            gradients.extend(parameter._grad or ())
        self._gradients = gradients
        self._arrays = [array for array in gradients if array.stype == "default"]
        self._buffers = [array._buffer for array in self._arrays]
        dense, sparse = _by_context(gradients)
        self._sparse = [(array, _nothing(array)) for array in sparse]
        earlier = [] if previous is None else previous._dense
        self._dense: list[tuple[Backend, list[Buffer], Any]] = [
            (backend, buffers, _table_of(earlier, buffers) or backend.table.build(buffers))
            for backend, buffers in dense
        ]

    def is_valid(self, parameters: Mapping[str, Any]) -> bool:
        """Tell whether these are still all gradients of the parameters."""
        if self._released or self._parameters is not parameters:
            return False
        epoch = epochs.dense_epoch()
        if self._epoch != epoch:
            if not self._holds():
                return False
            self._epoch = epoch
        return not self._released  # by another thread, meanwhile

    def _holds(self) -> bool:
        """Tell whether the same parameters have the same dense buffers.

        The epoch is the process's, so most changes are those of other arrays: to look is faster
        than to build the table again.
        """
        members = self._parameters.values()
        if len(members) != len(self._members) or not all(map(operator.is_, members, self._members)):
            return False
        gradients = [array for member in members for array in member._grad or ()]
        return (
            len(gradients) == len(self._gradients)
            and all(map(operator.is_, gradients, self._gradients))
            and all(map(operator.is_, [array._buffer for array in self._arrays], self._buffers))
        )

    def zero(self) -> None:
        """Set all gradients to zero."""
        for backend, _, table in self._dense:
            backend.reset.zero(table)
        for array, nothing in self._sparse:
            _make_empty(array, nothing)

    def release(self) -> None:
        """Let go of all arrays; the table is not valid any more."""
        self._released = True
        self._members = []
        self._gradients = []
        self._arrays = []
        self._buffers = []
        self._dense = []
        self._sparse = []

    def __reduce__(self) -> NoReturn:
        raise TypeError("a table of gradients belongs to one process; it is built when needed")

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        raise TypeError("a table of gradients belongs to its arrays; it is built when needed")


def _table_of(groups: list[tuple[Backend, list[Buffer], Any]], buffers: list[Buffer]) -> Any:
    """Find the table that was built of exactly these buffers."""
    for _, members, table in groups:
        if len(members) == len(buffers) and all(map(operator.is_, members, buffers)):
            return table
    return None
