"""Products of sparse and dense matrices, and rows of sparse tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Buffer
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, Operation, OperationError, invoke, sparse_rule
from numparam.ndarray.operations.axes import axis_of
from numparam.ndarray.operations.invoke import sparse_vjp
from numparam.ndarray.sparse.csr import CSRNDArray, row_of_each
from numparam.ndarray.sparse.parts import Parts, whole_ids
from numparam.ndarray.sparse.results import deliver, densified, one_dtype, values, wrapped
from numparam.ndarray.sparse.retention import retained_rows
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.sparse.sums import placed, sums_by_id

__all__: list[str] = []


@sparse_rule("dot")
def _dot_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None) -> Any:
    """Compute csr · dense and dense · csr without converting the csr matrix to a dense one.

    The storage type of the result is MXNet's: dense, but row-sparse for csrᵀ · dense and csr for
    dense · csr, and what ``forward_stype`` says where it is given.
    """
    left, right = inputs
    one_dtype(row, inputs)
    wanted = attributes.get("forward_stype")
    first, second = (bool(attributes.get(name)) for name in ("transpose_a", "transpose_b"))
    if (
        isinstance(left, CSRNDArray)
        and left.ndim == 2
        and not isinstance(right, CSRNDArray)
        and not (second and right.stype != "default")
    ):
        stype = "row_sparse" if first and not second else "default"
        if second:
            right = right.transpose()
        product = _by_dense(row, left, right, first)
    elif isinstance(right, CSRNDArray) and left.stype == "default" and left.ndim == right.ndim == 2:
        stype = "default" if first else "csr"
        # (dense · csr)ᵀ = csrᵀ · denseᵀ
        turned = left if first else left.transpose()
        rows = _by_dense(row, right, turned, not second, row_sparse=True)
        product = _with_these_columns(rows)
    elif wanted in (None, "default"):
        return NotImplemented
    else:
        stype = "default"
        product = densified(row, inputs, {**attributes, "forward_stype": None}, None)
    return deliver(row, _stored_as(product, wanted or stype), out)


@sparse_vjp("dot")
def _dot_vjp(
    cotangent: NDArray, inputs: Any, attributes: dict[str, Any], needed: tuple[bool, bool]
) -> Any:
    """Compute the gradient of the dense factor of csr · dense, without a dense csr matrix.

    It is row-sparse for csr · dense, with the rows that columns of the matrix stand for.
    """
    left, right = inputs
    if needed[0] or not isinstance(left, CSRNDArray) or right.stype != "default":
        return NotImplemented
    first, second = (bool(attributes.get(name)) for name in ("transpose_a", "transpose_b"))
    product = invoke(OPERATIONS["dot"], (left, cotangent), {"transpose_a": not first})
    if second:
        product = product.tostype("default").transpose()
    return None, product


def _stored_as(product: NDArray, stype: str) -> NDArray:
    if stype == product.stype:
        return product
    if stype not in ("default", "row_sparse", "csr"):
        raise OperationError(
            f"forward_stype must be 'default', 'row_sparse' or 'csr', not {stype!r}"
        )
    return product.tostype("default").tostype(stype)


def _by_dense(
    row: Operation,
    matrix: CSRNDArray,
    other: NDArray,
    transposed: bool,
    row_sparse: bool | None = None,
) -> Any:
    """Return a csr matrix, or its transpose, times a matrix or vector."""
    rows, columns = matrix.shape[::-1] if transposed else matrix.shape
    if other.ndim not in (1, 2) or other.shape[0] != columns:
        raise OperationError(
            f"dot of shapes {(rows, columns)} and {other.shape} cannot be computed: the inner "
            f"lengths are {columns} and {other.shape[0] if other.ndim else 'none'}"
        )
    parts = matrix._checked()
    backend = matrix._backend
    row_ids = backend.apply(row_of_each, parts.indptr)
    to, of = (parts.indices, row_ids) if transposed else (row_ids, parts.indices)
    data = parts.data
    if isinstance(other, RowSparseNDArray):
        if transposed:  # the result stores the rows that stored rows contribute to
            to, of, data = backend.apply(_stored_there, to, of, data, other._checked().indices)
        factors = retained_rows(other, of)
    else:
        factors = backend.retain.gather(other._buffer, of)
    # One scaled row of the other matrix for each stored value; then those of one row are added.
    ids, sums = sums_by_id(backend, to, _scaled(matrix, data, factors), rows)
    shape = (rows, *other.shape[1:])
    if transposed if row_sparse is None else row_sparse:
        made = Parts(sums, ids, valid=True)
        return RowSparseNDArray.from_parts(shape, made, matrix._ctx, backend)
    return wrapped(matrix, placed(backend, ids, sums, rows))


def _stored_there(to: np.ndarray, of: np.ndarray, data: np.ndarray, ids: np.ndarray) -> Any:
    kept = np.isin(of, ids)
    return to[kept], of[kept], data[kept]


def _scaled(like: CSRNDArray, numbers: Buffer, rows: Buffer) -> Buffer:
    column = like._backend.view(numbers, 0, (numbers.shape[0], *(1,) * (len(rows.shape) - 1)))
    pair = (wrapped(like, rows), wrapped(like, column))
    return invoke(OPERATIONS["broadcast_mul"], pair, {})._buffer


def _with_these_columns(rows: RowSparseNDArray) -> CSRNDArray:
    """Return the dense transpose as a row-sparse array of the given rows."""
    parts = rows._parts
    count = rows.shape[1]

    def turned(data: np.ndarray, ids: np.ndarray) -> Any:
        indptr = np.arange(count + 1, dtype=np.int64) * len(ids)
        return data.T.reshape(-1), np.tile(ids, count), indptr

    made = rows._backend.apply(turned, parts.data, parts.indices)
    shape = rows.shape[::-1]
    return CSRNDArray.from_parts(shape, Parts(*made, valid=True), rows._ctx, rows._backend)


@sparse_rule("Embedding")
def _embedding_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    data, weight = inputs
    if not isinstance(weight, RowSparseNDArray) or data.stype != "default":
        return NotImplemented
    expected = (int(attributes["input_dim"]), int(attributes["output_dim"]))
    if weight.shape != expected:
        raise OperationError(
            f"Embedding with input_dim and output_dim {expected} got a weight of shape "
            f"{weight.shape}"
        )
    ids = weight._backend.apply(lambda numbers: whole_ids(numbers).reshape(-1), data._buffer)
    rows = _rows_in_form(weight, ids, data.shape)
    return deliver(row, rows.as_in_context(data._ctx), out)


@sparse_rule("take")
def _take_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None) -> Any:
    """Take rows: as a dense array from row-sparse, as a csr matrix from csr."""
    table, indices = inputs
    if table.stype == "default" or indices.stype != "default":
        return NotImplemented
    if axis_of(attributes.get("axis", 0), table.ndim) or not table.shape[0]:
        return NotImplemented
    length = table.shape[0]
    mode = attributes.get("mode", "clip")
    if mode not in ("clip", "wrap", "raise"):
        raise OperationError(f"mode must be 'clip', 'wrap' or 'raise', not {mode!r}")
    matrix = isinstance(table, CSRNDArray)
    if matrix and (table.ndim != 2 or indices.ndim != 1 or mode == "raise"):
        return NotImplemented

    def within(numbers: np.ndarray) -> np.ndarray:
        ids = numbers.astype(np.int64).reshape(-1)
        if mode == "clip":
            return np.clip(ids, 0, length - 1)
        return ids % length if mode == "wrap" else np.where(ids < 0, ids + length, ids)

    ids = table._backend.apply(within, indices._buffer)
    rows = _matrix_rows(table, ids) if matrix else _rows_in_form(table, ids, indices.shape)
    return deliver(row, rows, out)


def _matrix_rows(matrix: CSRNDArray, ids: Buffer) -> CSRNDArray:
    """Return a csr matrix of the rows with these numbers."""
    parts = matrix._checked()

    def chosen(
        data: np.ndarray, columns: np.ndarray, indptr: np.ndarray, numbers: np.ndarray
    ) -> Any:
        counts = np.diff(indptr)[numbers]
        ends = np.cumsum(counts, dtype=np.int64)
        # Where each stored value of the result was stored.
        moved = np.repeat(indptr[:-1][numbers] - (ends - counts), counts)
        places = np.arange(len(moved)) + moved
        return data[places], columns[places], np.concatenate([[0], ends]).astype(np.int64)

    buffers = parts.data, parts.indices, parts.indptr, ids
    made = Parts(*matrix._backend.apply(chosen, *buffers), valid=True)
    shape = (ids.shape[0], matrix.shape[1])
    return CSRNDArray.from_parts(shape, made, matrix._ctx, matrix._backend)


def _rows_in_form(table: RowSparseNDArray, ids: Buffer, shape: tuple[int, ...]) -> NDArray:
    rows = retained_rows(table, ids)
    return wrapped(table, table._backend.view(rows, 0, (*shape, *table.shape[1:])))


@sparse_rule("concat")
def _concat_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    """Concatenate csr matrices vertically."""
    if any(not isinstance(array, CSRNDArray) or array.ndim != 2 for array in inputs):
        return NotImplemented
    if axis_of(attributes.get("dim", 1), 2):
        return NotImplemented
    one_dtype(row, inputs)
    first = inputs[0]
    if any(array.shape[1] != first.shape[1] for array in inputs):
        raise OperationError(
            "concat needs csr matrices of one width; the widths are "
            f"{[array.shape[1] for array in inputs]}"
        )
    parts = [array._checked() for array in inputs]
    join = first._backend.apply

    def together(*arrays: np.ndarray) -> np.ndarray:
        return np.concatenate(arrays)

    def following(*starts: np.ndarray) -> np.ndarray:
        ends = np.cumsum([0, *(int(one[-1]) for one in starts)])
        shifted = [one[1:] + end for one, end in zip(starts, ends[:-1], strict=True)]
        return np.concatenate([[0], *shifted]).astype(np.int64)

    made = Parts(
        join(together, *(values(array)._buffer for array in inputs)),
        join(together, *(part.indices for part in parts)),
        join(following, *(part.indptr for part in parts)),
        valid=True,
    )
    shape = (sum(array.shape[0] for array in inputs), first.shape[1])
    matrix = CSRNDArray.from_parts(shape, made, first._ctx, first._backend)
    return deliver(row, matrix, out)
