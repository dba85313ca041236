"""Retention of rows of row-sparse arrays by id."""

from __future__ import annotations

from typing import Any

from numparam.ndarray.functions import bind
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, OperationError, invoke, sparse_rule
from numparam.ndarray.sparse.errors import SparseFormatError
from numparam.ndarray.sparse.parts import Parts, empty_parts, whole_ids
from numparam.ndarray.sparse.results import deliver
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.values import reachable

__all__ = ["retain", "retained_rows"]


def retain(
    data: NDArray | None = None,
    indices: NDArray | None = None,
    out: NDArray | None = None,
    name: str | None = None,
    **unknown: object,
) -> RowSparseNDArray:
    """Take the rows of given ids from a row-sparse array.

    Parameters
    ----------
    data : RowSparseNDArray
        The rows.
    indices : NDArray
        Row ids, of any dtype and shape; they are read in C order. Floating-point ids must be whole
        numbers.
    out : RowSparseNDArray, optional
        Where to write the result; not `data`.
    name : str, optional
        Ignored.
    **unknown
        Refused.

    Returns
    -------
    RowSparseNDArray
        Exactly the rows of `indices`, in their order, repeated as they are; a row that `data` does
        not store is stored as zeros. From an array without any row none come.

    Raises
    ------
    SparseFormatError
        If an id is out of range or not whole, or those of `data` are out of range, out of order or
        repeated. It is an IndexError, a ValueError and an MXNetError.
    AssertionError
        If an argument is no array.
    MXNetError
        If an argument is missing, unknown, or of another storage type.

    Notes
    -----
    `check_format` refuses a result whose ids do not ascend, or repeat; other operations take it.
    MXNet 1.9.1 takes fractions and ids out of range, too, and reads foreign memory for them.

    Examples
    --------
    >>> import numparam as mx
    >>> table = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 2]), shape=(4, 2))
    >>> rows = mx.nd.sparse.retain(table, mx.nd.array([1, 2]))
    >>> rows.indices.asnumpy(), rows.data.asnumpy()
    (array([1, 2]), array([[0., 0.],
           [3., 4.]], dtype=float32))
    """
    row = OPERATIONS["_sparse_retain"]
    given = {"data": data, "indices": indices}
    inputs, attributes, _ = bind(row, (), given | unknown)
    return invoke(row, inputs, attributes, out)


@sparse_rule("_sparse_retain")
def _retain_rule(row: Any, inputs: Any, attributes: dict[str, Any], out: Any) -> Any:
    data, indices = inputs
    if not isinstance(data, RowSparseNDArray):
        raise OperationError(f"retain takes rows of a row_sparse array, not of a {data.stype} one")
    if indices.stype != "default":
        raise OperationError(f"the ids for retain must be dense, not {indices.stype}")
    if out is not None:
        if out is data:
            raise OperationError("retain cannot write into the array that it reads; copy it first")
        if out.stype != "row_sparse":
            raise OperationError(f"out of retain must be row_sparse, not {out.stype}")
    backend = data._backend
    ids = indices._buffer
    if not reachable(indices, data):
        ids = backend.upload(indices.asnumpy())
    wanted = backend.apply(lambda numbers: whole_ids(numbers).reshape(-1), ids)
    rows = retained_rows(data, wanted)
    if not data._parts.indices.shape[0]:
        parts = empty_parts("row_sparse", data.shape, rows.dtype, backend)
    else:
        parts = Parts(rows, wanted)
    made = RowSparseNDArray.from_parts(data.shape, parts, data._ctx, backend)
    return deliver(row, made, out)


def retained_rows(data: RowSparseNDArray, wanted: Any) -> RowSparseNDArray:
    """Return the rows with given int64 ids as a dense buffer, by the device's kernel.

    Raises
    ------
    SparseFormatError
        If an id is out of range.
    """
    parts = data._checked()
    rows = data.shape[0]
    kernels = data._backend.retain
    # Of the backend, which may have kept memory; the kernels' own would be new.
    out = data._backend.empty((wanted.shape[0], *data.shape[1:]), parts.data.dtype)
    try:
        if parts.indices.shape[0] == rows:  # valid ids of all rows are 0, 1, 2, …: no search
            return kernels.gather(parts.data, wanted, out)
        return kernels.retain(parts.indices, parts.data, wanted, out, rows=rows)
    except (IndexError, ValueError) as error:
        raise SparseFormatError(f"of an array of shape {data.shape}: {error}") from error
