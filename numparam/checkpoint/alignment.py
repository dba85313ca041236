"""Sparse arrays of one shape, extended to common ids so that their values can be combined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from numparam.formats.records import CSRRecord, Record, RowSparseRecord

__all__ = ["aligned", "with_data"]

Array = np.ndarray[Any, np.dtype[Any]]


def aligned(records: Sequence[Record]) -> tuple[Array, list[Array]]:
    """Return the union of the arrays' ids, and each array's values at these ids.

    Parameters
    ----------
    records : sequence of RowSparseRecord or of CSRRecord
        Arrays of one storage type and shape.

    Returns
    -------
    ids : numpy.ndarray
        Of rows, or of elements counted row by row; ascending.
    values : list of numpy.ndarray
        Of each array, zero where it stores nothing.
    """
    own = [_ids(record) for record in records]
    ids = np.unique(np.concatenate(own))
    values = []
    for record, stored in zip(records, own, strict=True):
        data = np.zeros((len(ids), *record.data.shape[1:]), record.dtype)
        at = np.searchsorted(ids, stored)
        if isinstance(record, CSRRecord):
            np.add.at(data, at, record.data)  # elements may be stored twice
        else:
            data[at] = record.data
        values.append(data)
    return ids, values


def with_data(like: Record, ids: Array, data: Array) -> Record:
    """Return an array of the given ids and values, otherwise like another one."""
    saved = like.dev_type, like.dev_id
    if isinstance(like, RowSparseRecord):
        return RowSparseRecord(like.shape, data, ids, *saved)
    columns = max(1, like.shape[1])
    counts = np.bincount(ids // columns, minlength=like.shape[0])
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return CSRRecord(like.shape, data, indptr, ids % columns, *saved)


def _ids(record: Record) -> Array:
    if isinstance(record, CSRRecord):
        rows = np.repeat(np.arange(len(record.indptr) - 1), np.diff(record.indptr))
        return np.asarray(rows * max(1, record.shape[1]) + record.indices, np.int64)
    if isinstance(record, RowSparseRecord):
        return record.indices
    raise TypeError("a dense array has no ids")
