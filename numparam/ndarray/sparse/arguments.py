"""Arguments of the factories of sparse arrays: shapes, rows, values and ids."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from numparam.context import Context
from numparam.devices.backend import Backend
from numparam.ndarray.arguments import shape_of
from numparam.ndarray.creation import array as dense_array
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.sparse.errors import SparseArgumentError
from numparam.ndarray.sparse.parts import whole_ids
from numparam.ndarray.values import as_host_array

__all__ = [
    "dense_of",
    "ids_of",
    "is_shape",
    "matrix_shape",
    "require_shape",
    "whole_shape",
]

Shape = Sequence[int]


def is_shape(numbers: tuple[Any, ...]) -> bool:
    """Return whether a tuple holds integers only."""
    return all(isinstance(number, (int, np.integer)) for number in numbers)


def whole_shape(shape: Any) -> tuple[int, ...]:
    """Return the shape of a sparse array, after checking that it is not a single number."""
    if getattr(shape, "ndim", 0) != 1 and not isinstance(shape, (tuple, list, range)):
        raise SparseArgumentError(
            f"the shape of a sparse array is a tuple of numbers, not {shape!r}"
        )
    lengths = shape_of(shape, any_mode=True)
    if any(length > sys.maxsize for length in lengths):
        raise SparseArgumentError(
            f"an id of 64 bits reaches {sys.maxsize} rows or columns, not the shape {lengths}"
        )
    return lengths


def matrix_shape(shape: Any) -> tuple[int, int]:
    """Return the shape of a csr matrix."""
    lengths = whole_shape(shape)
    if len(lengths) != 2:
        raise SparseArgumentError(f"a csr matrix has two dimensions, not the shape {lengths}")
    return lengths[0], lengths[1]


def require_shape(found: Sequence[int], shape: Shape | None) -> None:
    """Raise if a given shape is not that of the source."""
    if shape is not None and tuple(shape) != tuple(found):
        raise SparseArgumentError(f"the source has the shape {tuple(found)}, not {tuple(shape)}")


def dense_of(values: Any, ctx: Context, dtype: Any, stype: str) -> NDArray:
    """Return a dense copy of a source, of the source's dtype if it has one."""
    if isinstance(values, BaseSparseNDArray):
        raise SparseArgumentError(f"the data of a {stype} array must be dense, not {values.stype}")
    if values is None or isinstance(values, (int, float, np.generic)):
        raise SparseArgumentError(
            f"a {stype} array is made of arrays or lists, not of {type(values).__name__} {values!r}"
        )
    if dtype is None and isinstance(values, np.ndarray):
        dtype = values.dtype
    return dense_array(values, ctx=ctx, dtype=dtype)


def ids_of(values: Any, backend: Backend, name: str) -> Any:
    """Return a new buffer of int64 ids, not checked for range or order."""
    if isinstance(values, NDArray) and values.stype == "default" and values._backend is backend:
        shape = values.shape
        ids = backend.apply(whole_ids, values._buffer) if len(shape) == 1 else None
    else:
        host = _host_ids(values)
        shape = host.shape
        ids = backend.upload(host)
    if len(shape) != 1:
        raise SparseArgumentError(f"{name} must have one dimension, not the shape {shape}")
    return ids


def _host_ids(values: Any) -> np.ndarray:
    """Return ids in host memory as int64; those on another device are copied."""
    if isinstance(values, NDArray):
        return whole_ids(values.asnumpy())
    host = as_host_array(values, np.dtype(np.int64))
    return whole_ids(host) if host.size else host.astype(np.int64)
