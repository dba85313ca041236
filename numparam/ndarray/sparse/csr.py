"""Matrices in compressed-sparse-row form."""

from __future__ import annotations

import importlib
import operator
from typing import Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.formats.sparse_layout import find_csr_defect
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, invoke
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.sparse.assignment import assign
from numparam.ndarray.sparse.errors import SparseKeyError
from numparam.ndarray.sparse.parts import Parts, csr_problem

__all__ = ["CSRNDArray", "row_of_each"]


class CSRNDArray(BaseSparseNDArray):
    """A matrix in compressed-sparse-row form: some elements are stored, the others are zero.

    See `csr_matrix`.

    Examples
    --------
    >>> import numparam as mx
    >>> matrix = mx.nd.sparse.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 2, 2, 3]), shape=(3, 3))
    >>> matrix[0].asnumpy()
    array([[1., 0., 2.]], dtype=float32)
    """

    __slots__ = ()

    stype = "csr"

    @property
    def _columns(self) -> int:
        return self._shape[1] if len(self._shape) > 1 else 0

    def _problem(self, parts: Parts) -> str | None:
        columns = self._columns
        return self._backend.apply(
            lambda indices, indptr: csr_problem(indices, indptr, columns),
            parts.indices,
            parts.indptr,
        )

    def _in_order(self, parts: Parts) -> Parts | None:
        columns = self._columns

        def sorted_by_column(
            data: np.ndarray, indices: np.ndarray, indptr: np.ndarray
        ) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
            if find_csr_defect(indptr, indices, columns) is not None:
                return data, indices, indptr, False
            rows = row_of_each(indptr)
            order = np.lexsort((indices, rows))
            places = np.stack([rows[order], indices[order]])
            unique = (places[:, 1:] != places[:, :-1]).any(axis=0).all()
            return data[order], indices[order], indptr, bool(unique)

        given = (parts.data, parts.indices, parts.indptr)
        *made, possible = self._backend.apply(sorted_by_column, *given)
        return Parts(*made, valid=True) if possible else None

    @property
    def indptr(self) -> NDArray:
        """A copy of the row starts: int64, of length rows + 1."""
        return self._copy_of(self._chunk.parts.indptr)

    @indptr.setter
    def indptr(self, value: Any) -> None:
        self._refuse_part("indptr")

    def asnumpy(self) -> np.ndarray:
        """Copy all elements to the host.

        Returns
        -------
        numpy.ndarray
            Dense.

        Raises
        ------
        SparseFormatError
            If the ids are out of range, or rows do not begin one after another.
        """
        parts = self._checked()
        host = np.zeros(self._shape, parts.data.dtype)
        download = self._backend.download
        _fill(host, download(parts.data), download(parts.indices), download(parts.indptr))
        return host

    def asscipy(self) -> Any:
        """Return a copy as a matrix of SciPy.

        Returns
        -------
        scipy.sparse.csr_matrix
            In host memory.

        Raises
        ------
        ImportError
            If SciPy is not installed.

        Examples
        --------
        >>> import numparam as mx
        >>> matrix = mx.nd.array([[0, 2], [0, 0]]).tostype("csr")
        >>> matrix.asscipy().toarray()  # doctest: +SKIP
        array([[0., 2.],
               [0., 0.]], dtype=float32)
        """
        try:
            sparse = importlib.import_module("scipy.sparse")
        except ImportError as error:
            raise ImportError("asscipy needs SciPy: pip install scipy") from error
        parts = self._checked()
        download = self._backend.download
        triple = (download(parts.data), download(parts.indices), download(parts.indptr))
        return sparse.csr_matrix(triple, shape=self._shape)

    def _write_dense(self, backend: Backend, target: Buffer, parts: Parts) -> None:
        def write(dense: np.ndarray, *given: np.ndarray) -> None:
            dense[...] = 0
            _fill(dense, *given)

        backend.update(write, target, parts.data, parts.indices, parts.indptr)

    def __getitem__(self, key: Any) -> CSRNDArray:
        if isinstance(key, slice) and key == slice(None):
            return self
        if isinstance(key, slice):
            if key.step not in (None, 1):
                raise SparseKeyError(
                    f"rows of csr matrices are taken in steps of 1, not {key.step}"
                )
            start, stop, _ = key.indices(self._shape[0])
            return self._rows(start, max(start, stop))
        try:
            row = operator.index(key)
        except TypeError:
            raise SparseKeyError(
                f"a csr matrix is read by a row number or a slice of rows, not by {key!r}"
            ) from None
        rows = self._shape[0]
        if not -rows <= row < rows:
            raise SparseKeyError(f"there is no row {row}; rows are {-rows} to {rows - 1}")
        return self._rows(row % rows, row % rows + 1)

    def _rows(self, start: int, stop: int) -> CSRNDArray:
        if len(self._shape) != 2:
            return self._part(start, stop)
        return invoke(OPERATIONS["slice"], (self,), {"begin": (start,), "end": (stop,)})

    def _part(self, start: int, stop: int, left: int = 0, right: int | None = None) -> CSRNDArray:
        """Return a copy of the rows `start` to `stop` and columns `left` to `right`."""
        parts = self._checked()
        width = self._columns
        right = width if right is None else right

        def cut(data: np.ndarray, indices: np.ndarray, indptr: np.ndarray) -> Any:
            starts = indptr[start : stop + 1]
            inside = slice(int(starts[0]), int(starts[-1]))
            starts, columns, values = starts - starts[0], indices[inside], data[inside]
            if (left, right) != (0, width):
                kept = (columns >= left) & (columns < right)
                starts = np.concatenate([[0], np.cumsum(kept)])[starts]
                columns, values = columns[kept] - left, values[kept]
            return values, columns, starts.astype(np.int64)

        made = self._backend.apply(cut, parts.data, parts.indices, parts.indptr)
        shape = (stop - start, right - left)
        return self.from_parts(shape, Parts(*made, valid=True), self._ctx, self._backend)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not (isinstance(key, slice) and key == slice(None)):
            raise SparseKeyError(f"of a csr matrix only [:] can be written, not [{key!r}]")
        assign(self, value)

    def __iter__(self) -> Any:
        return (self[row] for row in range(self._shape[0]))


def row_of_each(indptr: np.ndarray) -> np.ndarray:
    """Return the row of each stored value."""
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def _fill(dense: np.ndarray, data: np.ndarray, indices: np.ndarray, indptr: np.ndarray) -> None:
    """Write stored values into a matrix of zeros."""
    if data.size:
        # Copied: NumPy checks ids before it uses them, and other threads may write them meanwhile.
        dense[row_of_each(indptr), np.array(indices)] = data
