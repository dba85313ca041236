"""Checks that the arrays of a sparse record fit each other, for the reader and the writer.

The rules are those of MXNet's ``check_format``, except that the columns within one csr row may
come in any order: sums of csr matrices in MXNet 1.9.1 leave them unsorted, and no memory is at
stake. MXNet itself reads ids that are out of range and then writes outside its memory.
"""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "IndexDefect",
    "find_count_mismatch",
    "find_csr_defect",
    "find_row_sparse_defect",
    "find_shape_defect",
]

Array = np.ndarray[Any, np.dtype[Any]]


class IndexDefect(NamedTuple):
    """The first invalid id: which index array, which element, and what is wrong."""

    array: int
    position: int
    problem: str


def find_shape_defect(storage: str, shape: tuple[int, ...]) -> str | None:
    """Return why a shape is impossible for an array of a storage type; None if it is possible.

    Parameters
    ----------
    storage : str
        ``'default'``, ``'row_sparse'`` or ``'csr'``.
    shape : tuple of int
        The shape of the whole array.

    Returns
    -------
    str or None
        None if the shape is possible.

    Notes
    -----
    The bytes of memory that exists, up to 8 a value, are counted in a signed word. Zeros are left
    out of the product, as NumPy does. Of a row-sparse array one row must be possible, and of a csr
    matrix the starts of its rows: the number of rows, or of columns, may be any that an id of 64
    bits reaches.

    Examples
    --------
    >>> find_shape_defect("row_sparse", (2**62, 16)) is None
    True
    >>> find_shape_defect("default", (2**62, 16))
    'has more elements than memory has addresses'
    """
    if not shape:
        return None
    if min(shape) < 0:
        return "has a negative size"
    if storage == "row_sparse":
        in_memory, reach = shape[1:], shape[:1]
    elif storage == "csr" and len(shape) == 2:
        in_memory, reach = shape[:1], shape[1:]
    else:
        in_memory, reach = shape, ()
    if math.prod(filter(None, in_memory)) > sys.maxsize // 8:
        return "has more elements than memory has addresses"
    if any(length > sys.maxsize for length in reach):
        return "has more rows or columns than an id of 64 bits reaches"
    return None


def find_count_mismatch(
    storage: str,
    shape: tuple[int, ...],
    stored: tuple[int, ...],
    index_shapes: list[tuple[int, ...]],
) -> str | None:
    """Return which shapes of a sparse record's arrays do not fit each other; None if all do.

    Parameters
    ----------
    storage : str
        ``'row_sparse'`` or ``'csr'``.
    shape : tuple of int
        The shape of the whole array, at least one dimension.
    stored : tuple of int
        The shape of the stored data.
    index_shapes : list of tuple of int
        The shapes of the index arrays: indices, or indptr and indices.

    Returns
    -------
    str or None
        None if they fit.

    Examples
    --------
    >>> find_count_mismatch("row_sparse", (5, 2), (3, 2), [(3,)]) is None
    True
    >>> find_count_mismatch("row_sparse", (5, 2), (3, 2), [(4,)])
    'row_sparse data of shape (3, 2) need (3,) row ids, not (4,)'
    """
    if storage == "row_sparse":
        if len(stored) != len(shape) or stored[1:] != shape[1:] or stored[0] > shape[0]:
            rows = f"(0 to {shape[0]}{''.join(f', {size}' for size in shape[1:])})"
            return f"row_sparse data of an array of shape {shape} have shape {rows}, not {stored}"
        if index_shapes[0] != stored[:1]:
            return (
                f"row_sparse data of shape {stored} need {stored[:1]} row ids, not "
                f"{index_shapes[0]}"
            )
        return None
    if len(stored) != 1:
        return f"csr data have one dimension, not the shape {stored}"
    # MXNet makes, saves and loads an empty "csr" array of any number of dimensions.
    if len(shape) != 2 and stored[0]:
        return f"a csr matrix with stored values has two dimensions, not the shape {shape}"
    if index_shapes[0] != (shape[0] + 1,):
        return (
            f"a csr matrix of shape {shape} needs an indptr of {shape[0] + 1} elements, not of "
            f"shape {index_shapes[0]}"
        )
    if index_shapes[1] != stored:
        return f"csr data of shape {stored} need as many column ids, not {index_shapes[1]}"
    return None


def find_row_sparse_defect(indices: Array, rows: int) -> IndexDefect | None:
    """Find the first row id that is out of range or not above the one before it.

    Parameters
    ----------
    indices : numpy.ndarray
        The row ids, ``(stored rows,)``, int64.
    rows : int
        The number of rows of the whole array.

    Returns
    -------
    IndexDefect or None
        None if the ids are good.

    Examples
    --------
    >>> import numpy as np
    >>> find_row_sparse_defect(np.array([0, 4]), rows=4).problem
    'row ids must be 0 to 3, but one is 4'
    """
    defect = _find_out_of_range(0, indices, rows, "row ids")
    if defect is None:
        bad = np.flatnonzero(indices[1:] <= indices[:-1])
        if bad.size:
            at = int(bad[0]) + 1
            problem = f"row ids must ascend, but {indices[at]} follows {indices[at - 1]}"
            defect = IndexDefect(0, at, problem)
    return defect


def find_csr_defect(indptr: Array, indices: Array, columns: int) -> IndexDefect | None:
    """Find the first row start out of order or the first column id out of range.

    Parameters
    ----------
    indptr : numpy.ndarray
        The row starts, ``(rows + 1,)``, int64.
    indices : numpy.ndarray
        The column ids, ``(stored values,)``, int64.
    columns : int
        The number of columns of the whole matrix.

    Returns
    -------
    IndexDefect or None
        None if the ids are good.

    Examples
    --------
    >>> import numpy as np
    >>> find_csr_defect(np.array([0, 2]), np.array([0]), columns=4).problem
    'the last element of indptr must be the number of stored values, 1, not 2'
    """
    if indptr[0] != 0:
        return IndexDefect(0, 0, f"indptr must begin with 0, not {indptr[0]}")
    bad = np.flatnonzero(indptr[1:] < indptr[:-1])
    if bad.size:
        at = int(bad[0]) + 1
        return IndexDefect(
            0, at, f"indptr must not descend, but {indptr[at]} follows {indptr[at - 1]}"
        )
    if indptr[-1] != indices.size:
        problem = (
            f"the last element of indptr must be the number of stored values, {indices.size}, "
            f"not {indptr[-1]}"
        )
        return IndexDefect(0, indptr.size - 1, problem)
    return _find_out_of_range(1, indices, columns, "column ids")


def _find_out_of_range(array: int, ids: Array, limit: int, kind: str) -> IndexDefect | None:
    if not ids.size or (ids.min() >= 0 and ids.max() < limit):
        return None
    bad = np.flatnonzero((ids < 0) | (ids >= limit))
    if not bad.size:  # another thread has corrected it meanwhile
        return None
    at = int(bad[0])
    allowed = f"must be 0 to {limit - 1}" if limit else "are not allowed in an axis of size 0"
    return IndexDefect(array, at, f"{kind} {allowed}, but one is {ids[at]}")
