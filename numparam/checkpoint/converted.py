"""Arrays that are converted to another dtype or storage type when they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np

from numparam.devices.registry import backend_of
from numparam.formats.records import CSRRecord, DenseRecord, Record, RowSparseRecord
from numparam.formats.streams import ArrayHeader, ArrayStream, flat_pieces
from numparam.types.dtypes import FLAG_BY_DTYPE, UnsupportedDTypeError, as_dtype

__all__ = ["CastArray", "DenseArray", "cast", "dtype_of", "is_floating"]

Array = np.ndarray[Any, np.dtype[Any]]

_FLOAT8 = ("float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz", "float8_e5m2fnuz")


def dtype_of(dtype: Any) -> np.dtype[Any]:
    """Return a dtype by any of its spellings, including those of 8-bit floating point."""
    for name in _FLOAT8:
        kind = getattr(ml_dtypes, name)
        if str(dtype) in (name, f"torch.{name}") or dtype is kind:
            return np.dtype(kind)
    try:
        return as_dtype(dtype, None)
    except UnsupportedDTypeError:
        names = ", ".join([known.name for known in FLAG_BY_DTYPE] + list(_FLOAT8))
        raise UnsupportedDTypeError(
            f"there is no dtype {dtype!r:.100} here; there are {names}"
        ) from None


def is_floating(dtype: np.dtype[Any]) -> bool:
    """Return whether a dtype is of floating point, the narrow ones included."""
    return dtype.kind == "f" or dtype.name == "bfloat16" or dtype.name in _FLOAT8


def cast(data: Array, dtype: np.dtype[Any]) -> Array:
    """Convert an array, rounding once."""
    if data.dtype == dtype:
        return data
    if data.dtype in FLAG_BY_DTYPE and dtype in FLAG_BY_DTYPE:
        return backend_of("cpu").cast.cast(data, dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        return data.astype(dtype)


class CastArray:
    """An array converted to another dtype.

    Parameters
    ----------
    source : ArrayStream
        The array.
    dtype : numpy.dtype
        The new dtype.
    """

    def __init__(self, source: ArrayStream, dtype: np.dtype[Any]):
        self._source = source
        self._dtype = dtype

    @property
    def header(self) -> ArrayHeader:
        """The header, with the new dtype."""
        return replace(self._source.header, dtype=self._dtype)

    def read(self) -> Record:
        """Read and convert the array."""
        record = self._source.read()
        record.data = cast(record.data, self._dtype)
        return record

    def pieces(self, count: int) -> Iterator[Array]:
        """Yield the converted elements."""
        for piece in self._source.pieces(count):
            yield cast(piece, self._dtype)


class DenseArray:
    """A sparse array as a dense one.

    Parameters
    ----------
    source : ArrayStream
        The array.
    """

    def __init__(self, source: ArrayStream):
        self._source = source
        header = source.header
        self.header = ArrayHeader(
            header.shape,
            header.dtype,
            "default",
            header.shape,
            (),
            header.dev_type,
            header.dev_id,
            header.version,
        )

    def read(self) -> Record:
        """Read the array as a dense one."""
        record = self._source.read()
        if isinstance(record, DenseRecord):
            return record
        dense = np.zeros(record.shape, record.dtype)
        if isinstance(record, RowSparseRecord):
            dense[record.indices] = record.data
        elif isinstance(record, CSRRecord):
            rows = np.repeat(np.arange(len(record.indptr) - 1), np.diff(record.indptr))
            np.add.at(dense, (rows, record.indices), record.data)
        return DenseRecord(dense, record.dev_type, record.dev_id)

    def pieces(self, count: int) -> Iterator[Array]:
        """Yield the elements; the array is made whole first."""
        return flat_pieces(self.read().data, count)
