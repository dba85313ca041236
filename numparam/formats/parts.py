"""Sparse arrays in formats for dense arrays: stored as parts with names derived from theirs.

The form is the same in ``.safetensors``, ``.npz`` and PyTorch files. An array ``w`` becomes ::

    row_sparse   w#row_sparse.shape   int64 (ndim,)            the shape of the whole array
                 w#row_sparse.indices int64 (stored rows,)     ids of the stored rows, ascending
                 w#row_sparse.data    (stored rows, *shape[1:])
    csr          w#csr.shape          int64 (2,)
                 w#csr.indptr         int64 (shape[0] + 1,)
                 w#csr.indices        int64 (stored values,)
                 w#csr.data           (stored values,)

An array of a dtype that NumPy's ``.npy`` cannot describe is stored there as the unsigned integers
that have its bits, and its dtype ends its name: ``w#bfloat16``, ``w#float8_e4m3fn``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from .errors import CountMismatchError, SparseIndexError, UnsupportedRecordError
from .quoting import quoted
from .records import CSRRecord, DenseRecord, Record, RowSparseRecord
from .sparse_layout import (
    find_count_mismatch,
    find_csr_defect,
    find_row_sparse_defect,
    find_shape_defect,
)
from .streams import ArrayHeader, ArrayStream, flat_pieces

__all__ = ["DensePart", "check_names", "join", "split"]

Array = np.ndarray[Any, np.dtype[Any]]

_PARTS = {
    "row_sparse": ("shape", "indices", "data"),
    "csr": ("shape", "indptr", "indices", "data"),
}
_INT64 = np.dtype(np.int64)


class DensePart(Protocol):
    """A dense array of a file: a whole array, or a part of a sparse one."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self) -> Array:
        """Return the values, in memory of their own."""
        ...

    def pieces(self, count: int) -> Iterator[Array]:
        """Yield the elements in order, `count` at a time; as `ArrayStream.pieces`."""
        ...


def join(parts: Mapping[str, DensePart], source: str) -> dict[str, ArrayStream]:
    """Return the arrays of a file, with the parts of sparse arrays joined.

    Parameters
    ----------
    parts : mapping of str to DensePart
        In file order.
    source : str
        The file's name, for messages.

    Raises
    ------
    CountMismatchError
        If parts do not fit each other.
    """
    arrays: dict[str, ArrayStream] = {}
    taken: set[str] = set()
    for name, part in parts.items():
        if name in taken:
            continue
        base, separator, kind = name.rpartition("#")
        storage = kind.partition(".")[0]
        names = [f"{base}#{storage}.{each}" for each in _PARTS.get(storage, ())]
        if separator and name in names and all(each in parts for each in names):
            taken.update(names)
            arrays[base] = _SparseArray(base, storage, [parts[each] for each in names], source)
        else:
            arrays[name] = _DenseArray(part)
    return arrays


def split(arrays: Mapping[str, ArrayStream]) -> dict[str, DensePart]:
    """Return the dense arrays that a file stores for these arrays."""
    last = _LastRead()
    parts: dict[str, DensePart] = {}
    for name, array in arrays.items():
        header = array.header
        if header.storage == "default":
            parts[name] = _WholePart(array)
            continue
        shapes = [(len(header.shape),), *header.index_shapes, header.stored_shape]
        for part, shape in zip(_PARTS[header.storage], shapes, strict=True):
            dtype = header.dtype if part == "data" else _INT64
            parts[f"{name}#{header.storage}.{part}"] = _SparsePart(last, array, part, shape, dtype)
    return parts


def check_names(arrays: Mapping[str, ArrayStream], format: str) -> None:
    """Raise if a format for dense arrays would read an array under another name.

    Raises
    ------
    UnsupportedRecordError
        If it ends like the name of a part, or is not UTF-8.
    """
    endings = {f"{storage}.{part}" for storage, parts in _PARTS.items() for part in parts}
    for name in arrays:
        if name.rpartition("#")[2] in endings and "#" in name:
            raise UnsupportedRecordError(
                f"{quoted(name)} ends like a part of a sparse array, as which a {format} file "
                "would be read: rename it"
            )
        try:
            name.encode()
        except UnicodeEncodeError:
            raise UnsupportedRecordError(
                f"the name {quoted(name)} cannot be encoded as UTF-8, which {format} files need: "
                "rename it"
            ) from None


class _DenseArray:
    def __init__(self, part: DensePart):
        self._part = part
        self.header = ArrayHeader.dense(part.shape, part.dtype)

    def read(self) -> Record:
        return DenseRecord(self._part.read())

    def pieces(self, count: int) -> Iterator[Array]:
        return self._part.pieces(count)


class _SparseArray:
    def __init__(self, name: str, storage: str, parts: list[DensePart], source: str):
        shape, *self._indexes, self._data = parts
        self._label = f"{source}: {quoted(name)}"
        if len(shape.shape) != 1 or any(each.dtype != _INT64 for each in parts[:-1]):
            raise CountMismatchError(
                "the shape and the ids of a sparse array must be int64, the shape of one dimension",
                source=self._label,
            )
        whole = tuple(map(int, shape.read()))
        ids = tuple(each.shape for each in self._indexes)
        problem = find_shape_defect(storage, whole) if whole else "has no dimension"
        if problem is not None:
            raise CountMismatchError(f"the shape {whole} {problem}", source=self._label)
        mismatch = find_count_mismatch(storage, whole, self._data.shape, list(ids))
        if mismatch:
            raise CountMismatchError(mismatch, source=self._label)
        self.header = ArrayHeader(whole, self._data.dtype, storage, self._data.shape, ids)

    def read(self) -> Record:
        ids = [each.read() for each in self._indexes]
        shape = self.header.shape
        if len(ids) == 1:
            defect = find_row_sparse_defect(ids[0], shape[0])
        else:
            defect = find_csr_defect(ids[0], ids[1], shape[1] if len(shape) > 1 else 0)
        if defect is not None:
            raise SparseIndexError(
                f"{defect.problem} (element {defect.position})", source=self._label
            )
        if len(ids) == 1:
            return RowSparseRecord(shape, self._data.read(), ids[0])
        return CSRRecord(shape, self._data.read(), ids[0], ids[1])

    def pieces(self, count: int) -> Iterator[Array]:
        raise TypeError("a sparse array is read whole")


class _WholePart:
    def __init__(self, array: ArrayStream):
        self._array = array
        self.shape = array.header.shape
        self.dtype = array.header.dtype

    def read(self) -> Array:
        return self._array.read().data

    def pieces(self, count: int) -> Iterator[Array]:
        return self._array.pieces(count)


class _LastRead:
    """The sparse array that was read last: its parts are usually needed together."""

    def __init__(self) -> None:
        self._array: ArrayStream | None = None
        self._record: Record | None = None

    def read(self, array: ArrayStream) -> Record:
        if self._record is None or self._array is not array:
            self._array = self._record = None
            self._record = array.read()
            self._array = array
        return self._record


class _SparsePart:
    def __init__(
        self,
        last: _LastRead,
        array: ArrayStream,
        part: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ):
        self._last = last
        self._array = array
        self._part = part
        self.shape = shape
        self.dtype = dtype

    def read(self) -> Array:
        if self._part == "shape":
            return np.array(self._array.header.shape, _INT64)
        found: Array = getattr(self._last.read(self._array), self._part)
        return found.astype(self.dtype, copy=False)

    def pieces(self, count: int) -> Iterator[Array]:
        return flat_pieces(self.read(), count)
