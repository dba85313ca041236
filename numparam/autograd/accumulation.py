"""Accumulation of gradients that were computed elsewhere into those of marked arrays."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from numparam.autograd.incoming import Dense, Rows, on_device, read, uses_host_memory
from numparam.autograd.marking import as_list
from numparam.devices.backend import Backend, Buffer
from numparam.devices.grouping import Row, grouped
from numparam.devices.locks import in_turn, new_table
from numparam.devices.memory import Memory, owns_memory
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.sparse.conversion import csr_parts, row_sparse_parts
from numparam.ndarray.sparse.parts import Parts
from numparam.recording.errors import (
    GradientArgumentError,
    GradientRowsError,
    UnmarkedVariableError,
)
from numparam.recording.scopes import pause
from numparam.recording.tape import Variable

__all__ = ["accumulate", "accumulate_grad"]

# Adding to a gradient reads it first, so threads that add to the same one exclude each other. There
# is a lock for each context, since one for each gradient would be thousands of locks in a call.
# Threads that work on a context each, as in data-parallel training, do not meet.
_changing = new_table()

# Up to this number of elements a gradient is written by NumPy: a kernel takes longer to be called.
_SMALL = 1 << 14


def accumulate_grad(variables: NDArray | Sequence[NDArray], gradients: Any) -> None:
    """Write gradients to marked arrays, or add them, as a backward pass would.

    Parameters
    ----------
    variables : NDArray or sequence of NDArray
        Marked arrays, such as ``parameter.data()``.
    gradients : object or sequence of object
        For each variable its gradient, of the variable's shape: an `NDArray` or `RowSparseNDArray`
        on the variable's context; anything that NumPy makes an array of; a tuple of row ids,
        shape (n,), and rows, shape (n, …), whose ids may repeat; or None for no gradient. It is
        converted to the dtype of the variable's gradient.

    Raises
    ------
    GradientArgumentError
        If the numbers differ, or a gradient is not an array, or has another shape or context: an
        MXNetError, a ValueError and a TypeError.
    GradientRowsError
        If a row id is negative or not below the number of rows: an IndexError as well.
    UnmarkedVariableError
        If a variable has no gradient: an MXNetError and a ValueError. In all these cases no
        gradient was changed.

    Notes
    -----
    With ``grad_req='write'`` the incoming gradient replaces the old one, with ``'add'`` it is added
    to it, and with ``'null'`` nothing happens. If one gradient belongs to several of the variables,
    as in a list that names an array twice, what comes in for it is summed first. Sums round once.
    A row-sparse gradient stays row-sparse: it gets the union of the rows; of a dense array those
    that are not all zero. Every variable that got something has ``_fresh_grad`` set, so that a
    Trainer takes it. Nothing of this is recorded. Threads may add to the same gradient.

    Examples
    --------
    The gradient of ``sum(weight ** 2)``, by hand, twice:

    >>> import numparam as mx
    >>> weight = mx.nd.array([1, 2])
    >>> weight.attach_grad("add")
    >>> for _ in range(2):
    ...     mx.autograd.accumulate_grad([weight], [2 * weight.asnumpy()])
    >>> weight.grad.asnumpy()
    array([4., 8.], dtype=float32)

    Of an embedding of which rows 3 and 0 were used, one of them twice:

    >>> import numpy as np
    >>> table = mx.nd.zeros((4, 2))
    >>> table.attach_grad(stype="row_sparse")
    >>> mx.autograd.accumulate_grad(table, ([3, 0, 3], np.ones((3, 2))))
    >>> table.grad.indices.asnumpy(), table.grad.data.asnumpy()
    (array([0, 3]), array([[1., 1.],
           [2., 2.]], dtype=float32))
    """
    marked, given = _pairs(variables, gradients)
    with pause():
        _commit_all(_targets(_marks(marked), [(value,) for value in given]))


def accumulate(variables: Sequence[Variable], gradients: Sequence[Sequence[Dense | Rows]]) -> None:
    """Write the results of a backward pass to the gradients of variables, or add them.

    Parameters
    ----------
    variables : sequence of Variable
        The marks of the arrays.
    gradients : sequence of sequence of Dense or Rows
        For each variable the parts of its gradient, of its shape and on its device.
    """
    rest = [
        (variable, parts)
        for variable, parts in zip(variables, gradients, strict=True)
        if not _written_in_one_step(variable, parts)
    ]
    if rest:
        _commit_all(_targets(*zip(*rest, strict=True)))


def _written_in_one_step(variable: Variable, parts: Sequence[Dense | Rows]) -> bool:
    """Write a small gradient without a kernel if it is only replaced; return whether it was."""
    gradient = variable.grad
    if variable.grad_req != "write" or len(parts) > 1 or gradient.stype != "default":
        return False
    (part,) = parts
    target = gradient._memory
    values = part.values
    if (
        type(part) is not Dense
        or target.size > _SMALL
        or values.dtype != target.dtype
        or not isinstance(target, np.ndarray)
        or not gradient.writable
        or type(target.base) is not Memory
        or not _of_numpy(values)
    ):
        return False
    gradient._backend.write(target, values)
    variable.fresh = 1
    return True


def _of_numpy(array: np.ndarray) -> bool:
    """Return whether NumPy allocated the memory of an array, so that it holds no gradient."""
    base: Any = array.base
    return base is None or (type(base) is np.ndarray and base.base is None)


def _commit_all(targets: list[_Target]) -> None:
    """Change all gradients while other threads are excluded."""
    if targets:
        places = {target.gradient._ctx for target in targets}
        keys = {(place.device_typeid, place.device_id) for place in places}
        in_turn(_changing, keys, lambda: _accumulate(targets))


def _accumulate(targets: list[_Target]) -> None:
    """Change all gradients, or none if a sum fails."""
    for target in targets:
        target.prepare()
    # Targets differ, so that each of them is a row of its own.
    rows = [Row(target.gradient._backend, (target,)) for target in targets]
    groups = [
        (group.backend, [targets[position] for position in group.positions])
        for group in grouped(rows)
    ]
    for _, members in groups:
        _copy_what_is_overwritten(members)
    for backend, members in groups:
        _commit(backend, members)
    for target in targets:
        for variable in target.variables:
            variable.fresh = 1


def _pairs(variables: Any, gradients: Any) -> tuple[list[NDArray], list[Any]]:
    marked = as_list(variables, "variables")
    if isinstance(variables, NDArray):
        return marked, [gradients]
    if isinstance(gradients, (NDArray, np.ndarray, str, dict)) or not isinstance(
        gradients, Iterable
    ):
        raise GradientArgumentError(
            f"expected a list of gradients for a list of variables, got {type(gradients).__name__}"
        )
    given = list(gradients)
    if len(given) != len(marked):
        raise GradientArgumentError(
            f"there are {len(marked)} variables and {len(given)} gradients; give one for each, "
            "None for a variable without one"
        )
    return marked, given


class _Target:
    """One array of gradients, and the incoming values for it."""

    __slots__ = (
        "csr",
        "dense",
        "gradient",
        "host_memory",
        "label",
        "replace",
        "result",
        "rows",
        "variables",
    )

    def __init__(self, gradient: NDArray, label: str, host_memory: bool) -> None:
        self.gradient = gradient
        self.label = label
        self.host_memory = host_memory
        self.replace = False
        self.variables: list[Variable] = []
        self.dense: list[Any] = []
        self.rows: list[Rows] = []
        #: Ids and sums of the rows: of all that comes in as rows, or of a new row-sparse gradient.
        self.result: tuple[Buffer, Buffer] | None = None
        #: What a csr gradient will hold.
        self.csr: Parts | None = None

    def take(self, variable: Variable, incoming: Dense | Rows) -> None:
        """Add the incoming values of a variable."""
        self.variables.append(variable)
        self.replace = self.replace or variable.grad_req == "write"
        if isinstance(incoming, Rows):
            self.rows.append(incoming)
        else:
            self.dense.append(incoming.values)

    def prepare(self) -> None:
        """Do everything that can fail, before any change: compute sums of rows in new memory."""
        gradient: Any = self.gradient
        if gradient.stype == "csr":
            self._prepare_csr()
            return
        rows = [(self._converted(one.ids, None), one.values) for one in self.rows]
        if gradient.stype == "row_sparse":
            rows += [self._stored_rows(values) for values in self.dense]
            self.dense = []
            if not self.replace:
                parts = gradient._parts  # read once: another thread may replace them
                rows.insert(0, (parts.indices, parts.data))
        if rows:
            self.result = self._merged(rows)

    def _prepare_csr(self) -> None:
        """Compute what a csr gradient will hold, by way of its dense form."""
        gradient: Any = self.gradient
        backend, dtype = gradient._backend, gradient._buffer.dtype
        values = [self._converted(each, dtype) for each in self.dense]
        if self.rows:
            placed = backend.zeros(gradient.shape, dtype)
            rows = [(self._converted(one.ids, None), one.values) for one in self.rows]
            backend.retain.scatter(placed, *self._merged(rows))
            values.append(placed)
        if not self.replace:
            values.append(gradient.tostype("default")._buffer)
        total = values[0] if len(values) == 1 else backend.average.add_n(values)
        self.dense, self.csr = [], csr_parts(backend, total)

    def _merged(self, rows: list[tuple[Buffer, Any]]) -> tuple[Buffer, Buffer]:
        """Return ascending ids and the sums of rows, of the gradient's dtype."""
        backend, dtype = self.gradient._backend, self.gradient._buffer.dtype
        try:
            return backend.merge.merge(
                [ids for ids, _ in rows],
                [self._converted(values, dtype) for _, values in rows],
                rows=self.gradient.shape[0],
            )
        except IndexError as error:
            raise GradientRowsError(f"{self.label}: {error}") from error
        except (ValueError, TypeError) as error:
            raise GradientArgumentError(f"{self.label}: {error}") from error

    def _stored_rows(self, values: Any) -> tuple[Buffer, Buffer]:
        """Return the ids and values of the rows of a dense gradient that are not all zero."""
        gradient = self.gradient
        buffer = self._converted(values, gradient._buffer.dtype)
        parts = row_sparse_parts(gradient._backend, buffer)
        return parts.indices, parts.data

    def _converted(self, values: Any, dtype: np.dtype[Any] | None) -> Buffer:
        """Return values converted to a dtype, in memory of the device."""
        backend = self.gradient._backend
        buffer = on_device(values, backend, self.host_memory)
        if dtype is None or buffer.dtype == dtype:
            return buffer
        return backend.converted(buffer, dtype)

    @property
    def grows(self) -> bool:
        """Return whether `total` is added to the gradient; otherwise it replaces the gradient."""
        return not self.replace and len(self.dense) == 1

    def total(self) -> Buffer:
        """Return the sum of the incoming dense values, of the gradient's dtype, on its device.

        If there are several, what the gradient holds is one of them, so that the sum rounds once.
        """
        gradient = self.gradient._buffer
        values = [self._converted(each, gradient.dtype) for each in self.dense]
        if len(values) == 1:
            return values[0]
        return self.gradient._backend.average.add_n(values if self.replace else [gradient, *values])

    def commit_rows(self) -> None:
        """Change the gradient by the rows; it must be zero if they alone replace it."""
        gradient: Any = self.gradient
        backend = gradient._backend
        if self.csr is not None:
            gradient._adopt(self.csr)
            return
        if gradient.stype == "row_sparse":
            if self.result is not None:
                ids, rows = self.result
                gradient._adopt(Parts(rows, ids, valid=True))
            return
        if self.result is not None:
            target = gradient._buffer
            ids, rows = self.result
            if self.dense or not self.replace:
                held = backend.retain.gather(target, ids)
                rows = backend.average.add_n([held, rows])
            backend.retain.scatter(target, ids, rows)


def _marks(variables: list[NDArray]) -> list[Variable]:
    """Return the marks of variables.

    Raises
    ------
    UnmarkedVariableError
        If an array has none.
    """
    marks = []
    for position, variable in enumerate(variables):
        mark = variable._marking
        if not isinstance(mark, Variable):
            raise UnmarkedVariableError(
                f"variables[{position}], of shape {variable.shape}, has no gradient; call its "
                "attach_grad(), or mark_variables, or use the data() of an initialized parameter "
                "whose grad_req is not 'null'"
            )
        marks.append(mark)
    return marks


def _targets(variables: Sequence[Variable], gradients: Sequence[Sequence[Any]]) -> list[_Target]:
    """Check all incoming values and group them by their gradient."""
    targets: dict[int, _Target] = {}
    host_memory: dict[int, bool] = {}
    for position, (variable, parts) in enumerate(zip(variables, gradients, strict=True)):
        gradient = variable.grad
        if variable.grad_req == "null":
            continue
        label = f"gradients[{position}]"
        for incoming in parts:
            if incoming is None:
                continue
            gradient._require_writable()
            found = (
                incoming if isinstance(incoming, (Dense, Rows)) else read(incoming, gradient, label)
            )
            backend = id(gradient._backend)
            if backend not in host_memory:
                host_memory[backend] = uses_host_memory(gradient)
            # Handles on one array share a dense buffer, or the chunk that holds the sparse parts.
            key = id(
                gradient._chunk if isinstance(gradient, BaseSparseNDArray) else gradient._buffer
            )
            if key not in targets:
                targets[key] = _Target(gradient, label, host_memory[backend])
            targets[key].take(variable, found)
    return list(targets.values())


def _commit(backend: Backend, targets: list[_Target]) -> None:
    """Change the gradients of one device."""
    # Only rows come in for these, and everything else becomes zero: one call for all.
    cleared = [
        target.gradient._buffer
        for target in targets
        if target.replace
        and not target.dense
        and target.result is not None
        and target.gradient.stype == "default"
    ]
    if cleared:
        backend.reset.zero(cleared)
    # One call for all that are written and one for all that are added to, whatever their number.
    for grows, accumulate in ((False, backend.accumulate.assign), (True, backend.accumulate.add)):
        members = [one for one in targets if one.dense and one.grows is grows]
        if members:
            accumulate([one.gradient._buffer for one in members], [one.total() for one in members])
    for target in targets:
        target.commit_rows()


def _copy_what_is_overwritten(targets: list[_Target]) -> None:
    """Copy incoming values that lie in gradients which are written earlier."""
    written = {
        id(target.gradient._buffer) for target in targets if target.gradient.stype == "default"
    }
    starts: list[int] | None = None
    spans: list[tuple[int, int]] = []
    for target in targets:
        own = target.gradient._buffer
        backend = target.gradient._backend
        for place, values in enumerate(target.dense):
            if values is own:
                continue
            if id(values) in written:
                target.dense[place] = backend.copied(values)
            elif target.host_memory and not (owns_memory(values) and owns_memory(own)):
                if not values.flags.c_contiguous:
                    target.dense[place] = np.ascontiguousarray(values)
                    continue
                if starts is None:
                    spans = sorted(
                        _span(other.gradient._buffer)
                        for other in targets
                        if other.gradient.stype == "default"
                    )
                    starts = [start for start, _ in spans]
                if _overlaps(_span(values), _span(own), spans, starts):
                    target.dense[place] = values.copy()


def _span(array: np.ndarray) -> tuple[int, int]:
    """Return the addresses of a contiguous array's first byte and of the one after its last."""
    start = array.__array_interface__["data"][0]
    return start, start + array.nbytes


def _overlaps(
    span: tuple[int, int], own: tuple[int, int], spans: list[tuple[int, int]], starts: list[int]
) -> bool:
    """Return whether an array overlaps a span that is not exactly its own."""
    if span == own:
        return False
    first, end = span
    after = bisect_left(starts, end)
    return any(stop > first for _, stop in spans[:after])
