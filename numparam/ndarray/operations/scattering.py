"""Elements that an index of NumPy selects: taken out of an array, and put into one of zeros.

Each of the two is the other's vector-Jacobian product, so that what is written with them can be
differentiated any number of times.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.ndarray.operations.operation import operation, vjp_of

__all__ = ["added_at", "taken_at"]

Array = np.ndarray


def added_at(values: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Add values to the elements of an array of zeros that an index selects.

    Parameters
    ----------
    values : numpy.ndarray, or what stands for one in a backward pass that is recorded
        As many as the index selects, in any shape.
    index : object
        A key of NumPy arrays. Where it names an element several times, its values are summed.
    shape : tuple of int
        Of the result.
    """
    if not isinstance(values, np.ndarray):
        return values.apply("_added_at", index=index, shape=shape)
    result = np.zeros(shape, values.dtype)
    selected = np.shape(result[index])
    if _is_basic(index):  # no element twice
        result[index] = values.reshape(selected)
    else:
        np.add.at(result, index, values.reshape(selected))
    return result


def taken_at(values: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Return the elements that an index selects, in a shape of as many."""
    if not isinstance(values, np.ndarray):
        return values.apply("_taken_at", index=index, shape=shape)
    return np.asarray(values[index]).reshape(shape)


def _is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is ... or isinstance(part, (slice, int)) for part in parts)


@operation("_added_at")
def _added_at(data: Array, *, index: Any, shape: Any) -> Array:
    """Add values to the elements of an array of zeros that an index selects."""
    return added_at(data, index, shape)


@vjp_of("_added_at")
def _added_at_vjp(cotangent: Array, *, data_shape: tuple[int, ...], index: Any) -> Array:
    return taken_at(cotangent, index, data_shape)


@operation("_taken_at")
def _taken_at(data: Array, *, index: Any, shape: Any) -> Array:
    """Return the elements that an index selects, in a shape of as many."""
    if math.prod(shape) != np.size(data[index]):
        raise ValueError(f"the index selects {np.size(data[index])} elements, not shape {shape}")
    return taken_at(data, index, shape)


@vjp_of("_taken_at")
def _taken_at_vjp(cotangent: Array, *, data_shape: tuple[int, ...], index: Any) -> Array:
    return added_at(cotangent, index, data_shape)
