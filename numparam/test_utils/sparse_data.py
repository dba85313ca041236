"""Random row-sparse and CSR arrays, drawn from NumPy's global random state."""

# ruff: noqa: NPY002 - the helpers draw from the global state that numpy.random.seed sets

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.context import Context
from numparam.ndarray import NDArray
from numparam.ndarray.sparse import CSRNDArray, csr_matrix, row_sparse_array
from numparam.ndarray.sparse import zeros as sparse_zeros
from numparam.test_utils.dense_data import assign_each
from numparam.test_utils.settings import default_dtype

__all__ = [
    "create_sparse_array",
    "create_sparse_array_zd",
    "rand_sparse_ndarray",
    "shuffle_csr_column_indices",
]

Modifier = Callable[[Any], Any]


class SparseDataError(ValueError, AssertionError):
    """The requested sparse array is impossible."""


def rand_sparse_ndarray(
    shape: tuple[int, ...],
    stype: str,
    density: float | None = None,
    dtype: Any = None,
    distribution: str | None = None,
    data_init: float | None = None,
    rsp_indices: Any = None,
    modifier_func: Modifier | None = None,
    shuffle_csr_indices: bool = False,
    ctx: Context | None = None,
) -> tuple[NDArray, tuple[Any, ...]]:
    """Draw a sparse array; return it and its parts.

    Parameters
    ----------
    shape : tuple of int
        The shape; two lengths for CSR.
    stype : {'row_sparse', 'csr'}
        The storage type.
    density : float, optional
        The share of rows, or of elements, that are stored, 0 to 1; by default drawn.
    dtype : dtype, optional
        By default float32.
    distribution : {'uniform', 'powerlaw'}, optional
        How stored elements are spread over a CSR array: evenly (the default), or twice as many in
        each row as in the one before.
    data_init : float, optional
        One value for all stored elements; by default they are uniform in [0, 1).
    rsp_indices : array_like of int, optional
        The rows that a row-sparse array stores; `density` then has no effect.
    modifier_func : callable, optional
        Applied to each stored value.
    shuffle_csr_indices : bool, default False
        Whether to shuffle the columns within each row, which ``check_format`` then rejects.
    ctx : Context, optional
        By default the current one.

    Returns
    -------
    array : RowSparseNDArray or CSRNDArray
        The array.
    stored : tuple
        ``(data, indices)`` of NumPy arrays for row-sparse, ``(indptr, indices, data)`` of NDArrays
        for CSR.

    Raises
    ------
    ValueError
        If there is no such storage type or distribution, or the share is not between 0 and 1.
    """
    share = np.random.rand() if density is None else density
    wanted = default_dtype() if dtype is None else dtype
    spread = "uniform" if distribution is None else distribution
    if not 0 <= share <= 1:
        raise SparseDataError(f"density is a share between 0 and 1; got {share!r}")
    if stype == "row_sparse":
        if spread != "uniform":
            raise SparseDataError(
                f"row-sparse arrays are drawn with distribution 'uniform' only; got {spread!r}"
            )
        return _row_sparse(shape, share, wanted, data_init, rsp_indices, modifier_func, ctx)
    if stype != "csr":
        raise SparseDataError(f"stype must be 'row_sparse' or 'csr'; got {stype!r}")
    if len(shape) != 2:
        raise SparseDataError(f"a CSR array has two dimensions; got shape {shape}")
    if spread == "uniform":
        stored = np.random.rand(*shape) < share
    elif spread == "powerlaw":
        stored = _doubling_rows(shape, share)
    else:
        raise SparseDataError(f"distribution must be 'uniform' or 'powerlaw'; got {spread!r}")
    array = _csr(stored, wanted, data_init, modifier_func, ctx)
    if shuffle_csr_indices:
        shuffle_csr_column_indices(array)
    return array, (array.indptr, array.indices, array.data)


def _values(
    shape: tuple[int, ...], dtype: Any, data_init: float | None, modifier: Modifier | None
) -> np.ndarray:
    values = np.random.rand(*shape)
    if data_init is not None:
        values.fill(data_init)
    if modifier is not None and values.size:
        values = assign_each(values, modifier)
    return values.astype(dtype)


def _row_sparse(
    shape: tuple[int, ...],
    share: float,
    dtype: Any,
    data_init: float | None,
    rows: Any,
    modifier: Modifier | None,
    ctx: Context | None,
) -> tuple[NDArray, tuple[np.ndarray, np.ndarray]]:
    if rows is None:
        indices = np.flatnonzero(np.random.rand(shape[0]) < share)
    else:
        indices = np.sort(np.asarray(rows, dtype=np.int64).ravel())
        if len(indices) > shape[0]:
            raise SparseDataError(f"{len(indices)} rows were named for an array of {shape[0]}")
    if not len(indices):
        empty = sparse_zeros("row_sparse", shape, ctx=ctx, dtype=dtype)
        return empty, (np.array([], dtype=dtype), np.array([], dtype=np.int64))
    values = _values((len(indices), *shape[1:]), dtype, data_init, modifier)
    array = row_sparse_array((values, indices), shape=shape, dtype=dtype, ctx=ctx)
    return array, (values, indices)


def _doubling_rows(shape: tuple[int, ...], share: float) -> np.ndarray:
    """Choose elements of a CSR array such that each row stores twice as many as the last."""
    rows, columns = shape
    left = int(rows * columns * share)
    stored = np.zeros(shape, dtype=bool)
    for row in range(rows):
        count = min(2**row if row < 63 else left, columns, left)
        stored[row, :count] = True
        left -= count
    return stored


def _csr(
    stored: np.ndarray,
    dtype: Any,
    data_init: float | None,
    modifier: Modifier | None,
    ctx: Context | None,
) -> CSRNDArray:
    indptr = np.concatenate([[0], np.cumsum(stored.sum(axis=1))]).astype(np.int64)
    columns = np.nonzero(stored)[1].astype(np.int64)
    values = _values((len(columns),), dtype, data_init, modifier)
    return csr_matrix((values, columns, indptr), shape=stored.shape, dtype=dtype, ctx=ctx)


def shuffle_csr_column_indices(csr: CSRNDArray) -> None:
    """Shuffle the stored columns within each row of a CSR array, in place; values stay.

    Parameters
    ----------
    csr : CSRNDArray
        Afterwards its columns are unsorted.
    """
    indptr, columns = csr.indptr.asnumpy(), csr.indices.asnumpy()
    for first, last in itertools.pairwise(indptr):
        columns[first:last] = np.random.permutation(columns[first:last])
    shuffled = csr_matrix(
        (csr.data.asnumpy(), columns, indptr), shape=csr.shape, dtype=csr.dtype, ctx=csr.ctx
    )
    csr._adopt(shuffled._parts)


def create_sparse_array(
    shape: tuple[int, ...],
    stype: str,
    data_init: float | None = None,
    rsp_indices: Any = None,
    dtype: Any = None,
    modifier_func: Modifier | None = None,
    density: float = 0.5,
    shuffle_csr_indices: bool = False,
) -> NDArray:
    """Draw a sparse array; the arguments are those of `rand_sparse_ndarray`.

    Returns
    -------
    RowSparseNDArray or CSRNDArray
        The array.

    Examples
    --------
    >>> import numparam as mx
    >>> make = mx.test_utils.create_sparse_array
    >>> make((3, 2), "row_sparse", data_init=1, rsp_indices=[2, 0]).indices
    <BLANKLINE>
    [0 2]
    <NDArray 2 @cpu(0)>
    """
    array, _ = rand_sparse_ndarray(
        shape,
        stype,
        density=density,
        dtype=dtype,
        data_init=data_init,
        rsp_indices=rsp_indices,
        modifier_func=modifier_func,
        shuffle_csr_indices=shuffle_csr_indices,
    )
    return array


def create_sparse_array_zd(
    shape: tuple[int, ...],
    stype: str,
    density: float,
    data_init: float | None = None,
    rsp_indices: Any = None,
    dtype: Any = None,
    modifier_func: Modifier | None = None,
    shuffle_csr_indices: bool = False,
) -> NDArray:
    """Draw a sparse array as `create_sparse_array` does, with no row where the density is 0.

    Returns
    -------
    RowSparseNDArray or CSRNDArray
        The array; a row-sparse one of density 0 stores nothing, whatever `rsp_indices` says.
    """
    return create_sparse_array(
        shape,
        stype,
        data_init=data_init,
        rsp_indices=[] if stype == "row_sparse" and density == 0 else rsp_indices,
        dtype=dtype,
        modifier_func=modifier_func,
        density=density,
        shuffle_csr_indices=shuffle_csr_indices,
    )
