"""The mean of a parameter's copies, as a new array or in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from numparam.context import Context
from numparam.devices.backend import Backend
from numparam.devices.locks import exclusively
from numparam.devices.registry import backend_of
from numparam.gluon import transfers
from numparam.gluon.overlap import span_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.values import reachable
from numparam.recording.scopes import pause
from numparam.types.device_types import HOST_TYPES

__all__ = ["average_in_place", "mean"]

_HOST = Context("cpu", 0)


def mean(copies: Sequence[Any]) -> NDArray:
    """Average the copies of one array.

    Parameters
    ----------
    copies : sequence of NDArray, RowSparseNDArray or CSRNDArray
        At least one; all of one shape, dtype and storage type, on any contexts.

    Returns
    -------
    NDArray, RowSparseNDArray or CSRNDArray
        On ``cpu(0)``, of the same dtype and storage type, in memory of its own.

    Raises
    ------
    ValueError
        If they are boolean and do not agree.

    Notes
    -----
    Sums are wider than the copies and round once, so that the mean of equal copies is each of
    them, bit for bit; means of integers truncate. MXNet rounds at each addition.

    Copies that are all on GPUs are averaged on the first one's, and the mean alone is copied to
    the host.
    """
    average = copies[0] if len(copies) == 1 else _mean_of_several(copies)
    on_host = average is not copies[0] and average.context == _HOST
    return average if on_host else transfers.copied(average, _HOST)


def _mean_of_several(copies: Sequence[Any]) -> NDArray:
    """Average copies on the first one's GPU if all are on GPUs, or else on the host."""
    first = copies[0]
    if first.stype == "csr":
        # Copies may store different elements: only the dense mean is defined.
        return _mean_of_several([copy.tostype("default") for copy in copies]).tostype("csr")
    on_host = any(copy.context.device_type in HOST_TYPES for copy in copies)
    context = _HOST if on_host else first.context
    backend = backend_of(context.device_type, context.device_id)
    if first.stype == "default":
        here = type(first).from_buffer(None, context, backend)
        buffers = [
            copy._buffer if reachable(copy, here) else backend.fetched(copy._buffer, copy._backend)
            for copy in copies
        ]
        average = backend.empty(first.shape, first._buffer.dtype)
        exclusively(lambda: backend.average.mean(buffers, out=average), *buffers)
        return type(first).from_buffer(average, context, backend)
    near = [copy if copy._backend is backend else copy.copyto(context) for copy in copies]
    parts = [copy._checked() for copy in near]
    ids, rows = backend.merge.merge(
        [part.indices for part in parts],
        [part.data for part in parts],
        rows=first.shape[0],
        divisor=len(parts),
    )
    return type(first).from_parts(first.shape, Parts(rows, ids, valid=True), context, backend)


def average_in_place(lists: Sequence[Sequence[Any]]) -> None:
    """Replace the copies of each of many arrays by their mean, in place.

    Copies on one device are averaged by one call into compiled code for each dtype, dense and
    row-sparse ones.

    Parameters
    ----------
    lists : sequence of sequence of NDArray, RowSparseNDArray or CSRNDArray
        For each array its copies, as for `mean`. Copies that appear twice count once.

    Raises
    ------
    ValueError
        If boolean copies do not agree; nothing is changed.
    MXNetError
        If a copy may not be written; nothing is changed.
    """
    with pause():
        for change in _prepared(_different(lists)):
            change()


def _different(lists: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return the lists of copies that are to be averaged: several copies, no memory twice."""
    seen: set[int] = set()
    different = []
    for given in lists:
        copies = list({_memory(copy): copy for copy in given}.values())
        if len(copies) < 2 or _memory(copies[0]) in seen:
            continue
        seen.update(map(_memory, copies))
        for copy in copies:
            copy._require_writable()
        different.append(copies)
    return different


def _memory(array: Any) -> int:
    """Return the object that all handles on the same memory share."""
    return id(array._buffer if array.stype == "default" else array._chunk)


def _prepared(lists: list[list[Any]]) -> list[Callable[[], None]]:
    """Make all means that cannot be made in place; return what does the rest."""
    changes: list[Callable[[], None]] = []
    dense: dict[tuple[int, int], list[list[Any]]] = {}
    sparse: dict[int, list[list[Any]]] = {}
    for copies in lists:
        backend = copies[0]._backend
        near = all(copy._backend is backend for copy in copies)
        if near and copies[0].stype == "default" and _offers(backend, "average_many"):
            dense.setdefault((id(backend), len(copies)), []).append(copies)
        elif near and copies[0].stype == "row_sparse" and _offers(backend, "merge_many"):
            sparse.setdefault(id(backend), []).append(copies)
        elif near and copies[0].stype == "default":
            changes.append(partial(_average_dense, copies))
        else:
            changes.append(partial(_overwrite_all, copies, _mean_of_several(copies)))
    for group in sparse.values():
        changes += _row_means(group)
    # Booleans that agree are their mean, so that this changes nothing; the others cannot fail.
    dense_changes = [_dense_means(group) for group in dense.values()]
    for check, change in dense_changes:
        check()
        changes.append(change)
    return changes


def _offers(backend: Backend, operation: str) -> bool:
    return hasattr(backend, operation)  # an attribute for each operation that the device has


def _dense_means(group: list[list[Any]]) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return a check of the booleans among dense copies on one device, and what averages all."""
    backend = group[0][0]._backend

    def average(lists: list[list[Any]]) -> None:
        if not lists:
            return
        columns = [[copy._buffer for copy in column] for column in zip(*lists, strict=True)]
        buffers = [buffer for column in columns for buffer in column]
        exclusively(lambda: backend.average_many.mean_in_place(columns), *buffers)

    logical = [copies for copies in group if copies[0]._buffer.dtype == bool]
    numbers = [copies for copies in group if copies[0]._buffer.dtype != bool]
    apart, shared = _without_shared_memory(numbers)

    def change() -> None:
        average(apart)
        for copies in shared:
            _average_dense(copies)

    return partial(average, logical), change


def _without_shared_memory(group: list[list[Any]]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Part lists of copies into those in memory of their own, and those that share some."""
    spans = []
    for number, copies in enumerate(group):
        for copy in copies:
            span = span_of(copy._buffer)
            if span is not None and copy._buffer.nbytes:
                spans.append((*span, number))
    spans.sort()
    shared: set[int] = set()
    space, end, last = "", 0, -1  # the span that reaches farthest so far
    for next_space, start, stop, number in spans:
        if next_space == space and start < end:
            shared |= {last, number}
        if next_space != space or stop > end:
            space, end, last = next_space, stop, number
    apart = [copies for number, copies in enumerate(group) if number not in shared]
    return apart, [group[number] for number in sorted(shared)]


def _row_means(group: list[list[Any]]) -> list[Callable[[], None]]:
    """Make the means of row-sparse copies on one device; return what puts them in their place."""
    backend = group[0][0]._backend
    parts = [[copy._checked() for copy in copies] for copies in group]
    made = backend.merge_many.mean(
        [[one.indices for one in same] for same in parts],
        [[one.data for one in same] for same in parts],
        [copies[0].shape[0] for copies in group],
        backend.empty,
    )
    changes: list[Callable[[], None]] = []
    for copies, (ids, rows) in zip(group, made, strict=True):
        # Each copy has rows of its own, since they may be written in place later; ids never are.
        for copy in copies[1:]:
            buffer = backend.empty(rows.shape, rows.dtype)
            backend.update(np.copyto, buffer, rows)
            changes.append(partial(copy._adopt, Parts(buffer, ids, valid=True)))
        changes.append(partial(copies[0]._adopt, Parts(rows, ids, valid=True)))
    return changes


def _average_dense(copies: list[Any]) -> None:
    """Average dense copies on one device, which may have no kernel for many arrays."""
    backend = copies[0]._backend
    buffers = [copy._buffer for copy in copies]

    def average() -> None:
        backend.average.mean(buffers, out=buffers[0])
        for buffer in buffers[1:]:
            backend.average.add_n(buffers[:1], out=buffer)  # a copy, on every device

    exclusively(average, *buffers)


def _overwrite_all(copies: list[Any], average: Any) -> None:
    for copy in copies:
        transfers.overwrite(copy, average)
