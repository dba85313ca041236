"""The mean of a parameter's copies, as a new array or in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.context import Context
from numparam.devices.locks import exclusively
from numparam.devices.registry import backend_of
from numparam.gluon import transfers
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.values import reachable
from numparam.recording.scopes import pause

__all__ = ["average_in_place", "mean"]


def mean(copies: Sequence[Any]) -> Any:
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
    """
    first = copies[0]
    context = Context("cpu", 0)
    if len(copies) == 1:
        return transfers.copied(first, context)
    backend = backend_of("cpu", 0)
    if first.stype == "default":
        here = type(first).from_buffer(None, context, backend)
        buffers = [
            copy._buffer
            if reachable(copy, here)
            else backend.upload(copy._backend.download(copy._buffer))
            for copy in copies
        ]
        average = backend.empty(first.shape, first._buffer.dtype)
        exclusively(lambda: backend.average.mean(buffers, out=average), *buffers)
        return type(first).from_buffer(average, context, backend)
    if first.stype == "csr":
        # Copies may store different elements: only the dense mean is defined.
        return mean([copy.tostype("default") for copy in copies]).tostype("csr")
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

    Parameters
    ----------
    lists : sequence of sequence of NDArray, RowSparseNDArray or CSRNDArray
        For each array its copies, as for `mean`. Copies that appear twice count once.

    Raises
    ------
    ValueError
        If boolean copies do not agree.
    MXNetError
        If a copy may not be written; nothing is changed.
    """
    seen: set[int] = set()
    waiting: list[list[Any]] = []
    for given in lists:
        copies = list({_memory(copy): copy for copy in given}.values())
        if len(copies) < 2 or _memory(copies[0]) in seen:
            continue
        seen.update(map(_memory, copies))
        for copy in copies:
            copy._require_writable()
        waiting.append(copies)
    with pause():
        for copies in waiting:
            _average(copies)


def _memory(array: Any) -> int:
    """Return the object that all handles on the same memory share."""
    return id(array._buffer if array.stype == "default" else array._chunk)


def _average(copies: list[Any]) -> None:
    first = copies[0]
    backend = first._backend
    if first.stype == "default" and all(copy._backend is backend for copy in copies):
        buffers = [copy._buffer for copy in copies]

        def average() -> None:
            backend.average.mean(buffers, out=buffers[0])
            for buffer in buffers[1:]:
                backend.average.add_n(buffers[:1], out=buffer)  # a copy, on every device

        exclusively(average, *buffers)
        return
    average = mean(copies)
    for copy in copies:
        transfers.overwrite(copy, average)
