"""Random shapes and random dense arrays, and small array computations on the host.

Everything is drawn from NumPy's global random state.
"""

# ruff: noqa: NPY002 - the helpers draw from the global state that numpy.random.seed sets

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numparam import ndarray as nd
from numparam.ndarray import NDArray
from numparam.test_utils.settings import default_dtype

__all__ = [
    "assign_each",
    "assign_each2",
    "collapse_sum_like",
    "create_2d_tensor",
    "create_vector",
    "np_reduce",
    "rand_coord_2d",
    "rand_shape_2d",
    "rand_shape_3d",
    "rand_shape_nd",
    "random_arrays",
    "random_sample",
    "random_uniform_arrays",
]


def rand_shape_nd(num_dim: int, dim: int = 10, allow_zero_size: bool = False) -> tuple[int, ...]:
    """Draw a shape.

    Parameters
    ----------
    num_dim : int
        The number of dimensions.
    dim : int, default 10
        The largest length.
    allow_zero_size : bool, default False
        Whether a length may be 0; else it is at least 1.

    Returns
    -------
    tuple of int
        The shape.

    Examples
    --------
    >>> import numparam as mx
    >>> all(1 <= length <= 4 for length in mx.test_utils.rand_shape_nd(3, dim=4))
    True
    """
    lowest = 0 if allow_zero_size else 1
    return tuple(np.random.randint(lowest, dim + 1, size=num_dim).tolist())


def rand_shape_2d(dim0: int = 10, dim1: int = 10, allow_zero_size: bool = False) -> tuple[int, ...]:
    """Draw a shape of two dimensions, of lengths up to `dim0` and `dim1`; see `rand_shape_nd`."""
    return _shape_up_to((dim0, dim1), allow_zero_size)


def rand_shape_3d(
    dim0: int = 10, dim1: int = 10, dim2: int = 10, allow_zero_size: bool = False
) -> tuple[int, ...]:
    """Draw a shape of three dimensions, of lengths up to those given; see `rand_shape_nd`."""
    return _shape_up_to((dim0, dim1, dim2), allow_zero_size)


def _shape_up_to(longest: Sequence[int], allow_zero_size: bool) -> tuple[int, ...]:
    lowest = 0 if allow_zero_size else 1
    return tuple(int(np.random.randint(lowest, dim + 1)) for dim in longest)


def rand_coord_2d(x_low: int, x_high: int, y_low: int, y_high: int) -> tuple[int, int]:
    """Draw a row in ``[x_low, x_high)`` and a column in ``[y_low, y_high)``."""
    row = np.random.randint(x_low, x_high, dtype=np.int64)
    column = np.random.randint(y_low, y_high, dtype=np.int64)
    return int(row), int(column)


def random_arrays(*shapes: tuple[int, ...] | int) -> Any:
    """Draw standard normal NumPy arrays of the default dtype.

    Parameters
    ----------
    *shapes : tuple of int
        The shapes; ``()`` gives a number.

    Returns
    -------
    numpy.ndarray or list of numpy.ndarray
        A list if there are several shapes, or none.
    """
    arrays = [
        np.asarray(np.random.standard_normal(shape)).astype(default_dtype())[()] for shape in shapes
    ]
    return arrays[0] if len(arrays) == 1 else arrays


def random_uniform_arrays(
    *shapes: tuple[int, ...] | int, low: float = 0.0, high: float = 1.0, dtype: Any = None
) -> list[np.ndarray]:
    """Draw NumPy arrays, uniform in ``[low, high)``.

    Parameters
    ----------
    *shapes : tuple of int
        The shapes.
    low, high : float
        The range.
    dtype : dtype, optional
        By default float32.

    Returns
    -------
    list of numpy.ndarray
        One for each shape.
    """
    wanted = default_dtype() if dtype is None else dtype
    return [np.random.uniform(low, high, shape).astype(wanted) for shape in shapes]


def random_sample(population: Sequence[Any], k: int) -> list[Any]:
    """Draw `k` different members of a sequence, in the order drawn."""
    return random.sample(list(population), k)


def create_vector(size: int, dtype: Any = np.int64) -> NDArray:
    """Return the vector 0, 1, … ``size - 1``."""
    return nd.arange(0, size, dtype=dtype)


def create_2d_tensor(rows: int, columns: int, dtype: Any = np.int64) -> NDArray:
    """Return a matrix whose elements are the numbers of their rows."""
    return nd.array(np.repeat(np.arange(rows)[:, np.newaxis], columns, axis=1), dtype=dtype)


def assign_each(the_input: Any, function: Callable[[Any], Any] | None) -> np.ndarray:
    """Apply a function of numbers to each element.

    Parameters
    ----------
    the_input : array_like
        The values.
    function : callable or None
        None leaves them as they are.

    Returns
    -------
    numpy.ndarray
        Of the same shape.
    """
    values = np.asarray(the_input)
    return values.copy() if function is None else np.array(np.vectorize(function)(values))


def assign_each2(
    input1: Any, input2: Any, function: Callable[[Any, Any], Any] | None
) -> np.ndarray:
    """Apply a function of two numbers to the elements of two arrays of one shape.

    Parameters
    ----------
    input1, input2 : array_like
        The values.
    function : callable or None
        None gives a copy of the first array.

    Returns
    -------
    numpy.ndarray
        Of the same shape.
    """
    first = np.asarray(input1)
    if np.shape(input2) != first.shape:
        raise AssertionError(f"shapes {first.shape} and {np.shape(input2)} are not one")
    return first.copy() if function is None else np.array(np.vectorize(function)(first, input2))


def np_reduce(
    dat: np.ndarray,
    axis: int | Sequence[int] | None,
    keepdims: bool,
    numpy_reduce_func: Callable[..., Any],
) -> np.ndarray:
    """Reduce over one axis, several or all by a NumPy function that takes one axis at a time.

    Parameters
    ----------
    dat : numpy.ndarray
        The values.
    axis : int, sequence of int or None
        The axes; None means all.
    keepdims : bool
        Whether reduced axes stay, with length 1.
    numpy_reduce_func : callable
        Such as ``numpy.sum``.

    Returns
    -------
    numpy.ndarray
        The reduced values.

    Examples
    --------
    >>> import numpy as np
    >>> import numparam as mx
    >>> mx.test_utils.np_reduce(np.ones((2, 3)), (0, 1), True, np.sum)
    array([[6.]])
    """
    axes = range(dat.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    reduced = dat
    for one in sorted((one % dat.ndim for one in axes), reverse=True):
        reduced = numpy_reduce_func(reduced, axis=one)
        if keepdims:
            reduced = np.expand_dims(reduced, one)
    return reduced


def collapse_sum_like(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum over the axes along which an array of a shape would broadcast to that of `a`.

    Parameters
    ----------
    a : numpy.ndarray
        The values.
    shape : tuple of int
        One that can be stretched to the shape of `a`.

    Returns
    -------
    numpy.ndarray
        Of shape `shape`.

    Examples
    --------
    >>> import numpy as np
    >>> import numparam as mx
    >>> mx.test_utils.collapse_sum_like(np.ones((2, 3)), (1, 3))
    array([[2., 2., 2.]])
    """
    added = a.ndim - len(shape)
    lengths = zip(a.shape[max(added, 0) :], shape, strict=False)
    if added < 0 or any(one not in (1, long) for long, one in lengths):
        raise AssertionError(f"shape {shape} cannot be stretched to {a.shape}")
    stretched = [
        axis + added
        for axis, length in enumerate(shape)
        if length == 1 and a.shape[axis + added] != 1
    ]
    return a.sum(axis=(*range(added), *stretched), keepdims=True).reshape(shape)
