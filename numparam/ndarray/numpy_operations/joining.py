"""Arrays put together and taken apart."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from numparam.ndarray.numpy_operations.promotion import PROMOTED, promoted
from numparam.ndarray.operations.operation import operation

__all__: list[str] = []

Array = np.ndarray


def _alike(arrays: tuple[Array, ...]) -> list[Array]:
    dtype = functools.reduce(promoted, (array.dtype for array in arrays))
    return [array.astype(dtype, copy=False) for array in arrays]


@operation("_np_concatenate", dtype="computed", agree=False, result=PROMOTED)
def _concatenate(*arrays: Array, axis: int | None = 0) -> Array:
    """Join arrays along an axis that they have; None flattens them first."""
    return np.concatenate(_alike(arrays), axis=axis)


@operation("_np_stack", dtype="computed", agree=False, result=PROMOTED)
def _stack(*arrays: Array, axis: int = 0) -> Array:
    """Join arrays of one shape along a new axis."""
    return np.stack(_alike(arrays), axis=axis)


@operation("_np_vstack", dtype="computed", agree=False, result=PROMOTED)
def _vstack(*arrays: Array) -> Array:
    """Join arrays as rows."""
    return np.vstack(_alike(arrays))


@operation("_np_hstack", dtype="computed", agree=False, result=PROMOTED)
def _hstack(*arrays: Array) -> Array:
    """Join arrays as columns."""
    return np.hstack(_alike(arrays))


@operation("_np_split", dtype="computed", outputs=0, result="Of the dtype of ``ary``.")
def _split(ary: Array, *, indices_or_sections: Any, axis: int = 0) -> tuple[Array, ...]:
    """Take an array apart along an axis: into equal parts, or before the given positions."""
    return tuple(np.split(ary, indices_or_sections, axis))


@operation("_np_array_split", dtype="computed", outputs=0, result="Of the dtype of ``ary``.")
def _array_split(ary: Array, *, indices_or_sections: Any, axis: int = 0) -> tuple[Array, ...]:
    """Take an array apart along an axis, into parts of which some may be one longer."""
    return tuple(np.array_split(ary, indices_or_sections, axis))
