"""Row-sparse arrays, which store some rows with their ids."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.arguments import ArgumentTypeError
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, invoke
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.sparse.assignment import assign
from numparam.ndarray.sparse.errors import SparseKeyError
from numparam.ndarray.sparse.parts import Parts, row_sparse_problem
from numparam.ndarray.values import is_array

__all__ = ["RowSparseNDArray"]


class RowSparseNDArray(BaseSparseNDArray):
    """An array of any number of dimensions that stores some of its rows; the others are zero.

    Gradients of embedding tables have this form. See `row_sparse_array`.

    Examples
    --------
    >>> import numparam as mx
    >>> table = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 2]), shape=(4, 2))
    >>> table
    <BLANKLINE>
    <RowSparseNDArray 4x2 @cpu(0)>
    >>> (table + table).data.asnumpy()
    array([[2., 4.],
           [6., 8.]], dtype=float32)
    """

    __slots__ = ()

    stype = "row_sparse"

    def _problem(self, parts: Parts) -> str | None:
        rows = self._shape[0]
        return self._backend.apply(lambda ids: row_sparse_problem(ids, rows), parts.indices)

    def _in_order(self, parts: Parts) -> Parts | None:
        rows = self._shape[0]

        def last_of_each(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
            order = np.argsort(ids, kind="stable")
            ordered = ids[order]
            last = np.append(ordered[1:] != ordered[:-1], True)
            ordered = ordered[last]
            return ordered, order[last], row_sparse_problem(ordered, rows) is None

        ids, positions, valid = self._backend.apply(last_of_each, parts.indices)
        if not valid:
            return None
        return Parts(self._backend.retain.gather(parts.data, positions), ids, valid=True)

    def retain(self, indices: NDArray, out: Any = None) -> RowSparseNDArray:
        """Take the rows of given ids; see `numparam.nd.sparse.retain`.

        Parameters
        ----------
        indices : NDArray
            Row ids.
        out : RowSparseNDArray, optional
            Where to write the result.

        Returns
        -------
        RowSparseNDArray
            With exactly these rows.

        Notes
        -----
        The method of MXNet 1.9.1 forgets its own array and always fails.

        Examples
        --------
        >>> import numparam as mx
        >>> table = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 2]), shape=(4, 2))
        >>> table.retain(mx.nd.array([2, 3])).data.asnumpy()
        array([[3., 4.],
               [0., 0.]], dtype=float32)
        """
        if not is_array(indices):
            raise ArgumentTypeError(
                f"retain needs an NDArray of ids, not {type(indices).__name__}; make one with "
                "nd.array(values)"
            )
        return invoke(OPERATIONS["_sparse_retain"], (self, indices), {}, out)

    def asnumpy(self) -> np.ndarray:
        """Copy all elements to the host.

        Returns
        -------
        numpy.ndarray
            Dense.

        Raises
        ------
        SparseFormatError
            If the ids are out of range.
        """
        parts = self._checked()
        rows = self._backend.download(parts.data)
        if parts.indices.shape[0] == self._shape[0]:
            return rows
        host = np.zeros(self._shape, parts.data.dtype)
        host[self._backend.download(parts.indices)] = rows
        return host

    def _write_dense(self, backend: Backend, target: Buffer, parts: Parts) -> None:
        if parts.indices.shape[0] == self._shape[0]:
            backend.cast.copy(parts.data, out=target)
            return
        backend.reset.zero([target])
        backend.retain.scatter(target, parts.indices, parts.data)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice) and key == slice(None):
            return self
        raise SparseKeyError(
            f"of a row_sparse array only [:] can be read, not [{key!r}]; take rows with "
            "retain(ids), or use tostype('default')"
        )

    def __setitem__(self, key: Any, value: Any) -> None:
        if not (isinstance(key, slice) and key == slice(None)):
            raise SparseKeyError(f"of a row_sparse array only [:] can be written, not [{key!r}]")
        assign(self, value)

    def __iter__(self) -> Any:
        raise SparseKeyError("a row_sparse array cannot be iterated over; iterate over its data")
