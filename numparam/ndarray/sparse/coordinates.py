"""Construction of csr matrices from coordinates and values in any order."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.sparse.csr import row_of_each
from numparam.ndarray.sparse.errors import SparseArgumentError, SparseFormatError

__all__ = ["parts_of_coordinates", "parts_of_scipy"]

Triple = tuple[np.ndarray, np.ndarray, np.ndarray]


def parts_of_coordinates(
    data: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int] | None
) -> tuple[Triple, tuple[int, int]]:
    """Sort values by their coordinates, and add those with equal ones.

    Parameters
    ----------
    data : numpy.ndarray
        Values, one-dimensional.
    rows, columns : numpy.ndarray
        int64, as many.
    shape : tuple of int, optional
        Rows and columns; if not given, what the places need.

    Returns
    -------
    parts : tuple of numpy.ndarray
        data, indices and indptr of a csr matrix in canonical form.
    shape : tuple of int
        Rows and columns.

    Raises
    ------
    SparseArgumentError
        If the arrays do not fit each other.
    SparseFormatError
        If a place is outside of the shape.
    """
    if not (data.ndim == rows.ndim == columns.ndim == 1 and len(data) == len(rows) == len(columns)):
        raise SparseArgumentError(
            "data, row and column must be one-dimensional and equally long, not of the shapes "
            f"{data.shape}, {rows.shape} and {columns.shape}"
        )
    if shape is None:
        if not data.size:
            raise SparseArgumentError("without stored values the shape must be given")
        shape = (int(rows.max()) + 1, int(columns.max()) + 1)
    for name, ids, limit in (("row", rows, shape[0]), ("column", columns, shape[1])):
        if ids.size and (ids.min() < 0 or ids.max() >= limit):
            raise SparseFormatError(
                f"{name} ids reach from {ids.min()} to {ids.max()}; they must be 0 to {limit - 1} "
                f"for a matrix of shape {shape}"
            )
    order = np.lexsort((columns, rows))
    rows, columns, data = rows[order], columns[order], data[order]
    first = np.ones(len(rows), bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    starts = np.flatnonzero(first)
    if len(starts) < len(data):
        data = _sums(data, starts)
    indptr = np.zeros(shape[0] + 1, np.int64)
    np.cumsum(np.bincount(rows[starts], minlength=shape[0]), out=indptr[1:])
    return (data, columns[starts], indptr), shape


def _sums(data: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum the values from each start to the next; floats in float64, rounded once."""
    if data.dtype == np.bool_:
        return np.logical_or.reduceat(data, starts)
    wide = data if data.dtype.kind in "iu" else data.astype(np.float64)
    with np.errstate(all="ignore"):
        return np.add.reduceat(wide, starts).astype(data.dtype)


def parts_of_scipy(matrix: Any) -> Triple:
    """Return the parts of a sparse matrix of SciPy, in canonical form.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array
        Of any of SciPy's formats; it stays as it is.

    Returns
    -------
    tuple of numpy.ndarray
        data, indices and indptr.
    """
    csr = matrix.tocsr()
    rows = row_of_each(csr.indptr.astype(np.int64))
    columns = csr.indices.astype(np.int64)
    return parts_of_coordinates(csr.data, rows, columns, csr.shape)[0]
