"""The parts of sparse arrays, and checks of their ids."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.formats.sparse_layout import find_csr_defect, find_row_sparse_defect
from numparam.ndarray.sparse.errors import SparseArgumentError, SparseFormatError

__all__ = [
    "Chunk",
    "Parts",
    "all_row_ids",
    "csr_problem",
    "empty_parts",
    "row_sparse_problem",
    "whole_ids",
]


class Parts:
    """The buffers of one sparse array. Those of ids are never modified.

    Attributes
    ----------
    data : Buffer
        The stored rows of a row-sparse array, the stored values of a csr matrix.
    indices : Buffer
        int64; the row of each stored row, the column of each stored value.
    indptr : Buffer or None
        int64; where the values of each row of a csr matrix begin.
    valid : bool
        Whether the ids are known to be in range and in order.
    """

    __slots__ = ("data", "indices", "indptr", "valid")

    def __init__(
        self, data: Buffer, indices: Buffer, indptr: Buffer | None = None, *, valid: bool = False
    ) -> None:
        self.data = data
        self.indices = indices
        self.indptr = indptr
        self.valid = valid


class Chunk:
    """The container of an array's parts, which all handles on the array share.

    The parts are replaced whole, so that no thread sees the ids of one array with the rows of
    another.
    """

    __slots__ = ("parts",)

    def __init__(self, parts: Parts) -> None:
        self.parts = parts


def all_row_ids(backend: Backend, rows: int) -> Buffer:
    """Return the ids of an array that stores every row."""
    return backend.upload(np.arange(rows, dtype=np.int64))


def row_sparse_problem(indices: np.ndarray, rows: int) -> str | None:
    """Return the defect of the row ids of a row-sparse array, or None."""
    defect = find_row_sparse_defect(indices, rows)
    return None if defect is None else f"{defect.problem} (indices[{defect.position}])"


def csr_problem(indices: np.ndarray, indptr: np.ndarray, columns: int) -> str | None:
    """Return the defect of the ids of a csr matrix, or None."""
    defect = find_csr_defect(indptr, indices, columns)
    if defect is not None:
        name = ("indptr", "indices")[defect.array]
        return f"{defect.problem} ({name}[{defect.position}])"
    falls = indices[1:] <= indices[:-1]
    starts = indptr[1:-1]
    falls[starts[(starts > 0) & (starts < indices.size)] - 1] = False
    bad = np.flatnonzero(falls)
    if not bad.size:
        return None
    at = int(bad[0]) + 1
    return (
        f"column ids must ascend within a row, but {indices[at]} follows {indices[at - 1]} "
        f"(indices[{at}])"
    )


def whole_ids(ids: np.ndarray) -> np.ndarray:
    """Return ids of any dtype as int64, with the same values.

    Raises
    ------
    SparseFormatError
        If an id has a fraction, or is so large that its dtype does not hold every whole number.
    """
    if ids.dtype == np.int64:
        return ids
    if ids.dtype.kind in "iub":
        if ids.dtype == np.uint64 and ids.size and ids.max() > np.uint64(2**63 - 1):
            raise SparseFormatError(f"the id {ids.max()} is beyond any row")
        return ids.astype(np.int64)
    wide = ids.astype(np.float64).reshape(-1)
    with np.errstate(invalid="ignore"):
        good = (np.floor(wide) == wide) & (np.abs(wide) <= _largest_exact(ids.dtype))
    if not good.all():
        bad: Any = wide[np.flatnonzero(~good)[0]]
        raise SparseFormatError(
            f"the id {bad} of dtype {ids.dtype} is not a whole number of at most "
            f"{_largest_exact(ids.dtype)}, up to which {ids.dtype} holds every one; "
            "pass ids of dtype int64"
        )
    return ids.astype(np.int64)


def _largest_exact(dtype: np.dtype[Any]) -> int:
    bits = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}[dtype.type.__name__]
    return 1 << bits


def empty_parts(
    stype: str, shape: tuple[int, ...], dtype: np.dtype[Any], backend: Backend
) -> Parts:
    """Return the parts of a sparse array that stores nothing."""
    if not shape:
        raise SparseArgumentError(f"a {stype} array needs rows, so at least one dimension")
    none = backend.empty((0,), np.dtype(np.int64))
    if stype == "row_sparse":
        return Parts(backend.empty((0, *shape[1:]), dtype), none, valid=True)
    indptr = backend.zeros((shape[0] + 1,), np.dtype(np.int64))
    return Parts(backend.empty((0,), dtype), none, indptr, valid=True)
