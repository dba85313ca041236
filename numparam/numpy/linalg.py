"""The functions of linear algebra that need no decomposition: ``mx.np.linalg``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, NoReturn

import numpy as np

from numparam._missing import near_names
from numparam.ndarray.numpy_array import ndarray
from numparam.ndarray.numpy_operations.operands import kind_error
from numparam.ndarray.operations import OPERATIONS, invoke
from numparam.numpy.ranges import identity

__all__ = ["matrix_power", "multi_dot", "norm"]


def norm(x: ndarray, ord: Any = None, axis: Any = None, keepdims: bool = False) -> ndarray:
    """Compute a norm of vectors or of matrices.

    Parameters
    ----------
    x : ndarray
        The elements.
    ord : number, {'fro', 'nuc'}, optional
        Which norm, as for :func:`numpy.linalg.norm`; if not given, the root of the sum of squares.
    axis : int or tuple of int, optional
        The axis of vectors, or the two of matrices. If not given, all elements are one vector; with
        `ord`, the last two axes of two and more are those of matrices.
    keepdims : bool, default False
        Whether the axes stay, with length 1.

    Returns
    -------
    ndarray
        Of the dtype of `x`, and float32 for integers. Computed in float64 and rounded once.

    Raises
    ------
    ValueError
        If there is no such norm, or there are more than two axes.

    Notes
    -----
    MXNet rounds the norm of integers to an integer, and refuses ``inf`` for vectors.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.np.array([[3, 4], [6, 8]])
    >>> mx.np.linalg.norm(weight, axis=1)
    array([ 5., 10.])
    """
    if not isinstance(x, ndarray):
        raise kind_error("linalg.norm", x)
    attributes = {"ord": ord, "axis": axis, "keepdims": keepdims}
    return invoke(OPERATIONS["_np_linalg_norm"], (x,), attributes)


def matrix_power(a: ndarray, n: int) -> ndarray:
    """Raise square matrices to a power.

    Parameters
    ----------
    a : ndarray
        Matrices in the last two axes.
    n : int
        How many factors; 0 gives the identity. Negative powers need an inverse, which is not here.

    Returns
    -------
    ndarray
        Of the shape and dtype of `a`.

    Raises
    ------
    ValueError
        If `a` is not square, or `n` is negative.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.linalg.matrix_power(mx.np.array([[1, 1], [0, 1]]), 5)
    array([[1., 5.],
           [0., 1.]])
    """
    if not isinstance(a, ndarray):
        raise kind_error("linalg.matrix_power", a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"matrix_power needs square matrices, not the shape {a.shape}")
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power needs an integer, not {type(n).__name__}")
    if n < 0:
        raise ValueError(
            f"the power {n} needs an inverse; mx.np.array(numpy.linalg.matrix_power(a.asnumpy(), "
            f"{n})) computes it on the host"
        )
    if n == 0:
        return a * 0 + identity(a.shape[-1], dtype=a.dtype, ctx=a.ctx)
    result = a.copy()
    for bit in bin(n)[3:]:  # from the second highest
        result = result @ result
        if bit == "1":
            result = result @ a
    return result


def multi_dot(arrays: Sequence[ndarray]) -> ndarray:
    """Multiply several matrices from left to right.

    Parameters
    ----------
    arrays : sequence of ndarray
        At least two; the first and the last may be vectors.

    Returns
    -------
    ndarray
        Their product.

    Raises
    ------
    ValueError
        If there are fewer than two, or the shapes do not fit.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.linalg.multi_dot([mx.np.ones((2, 3)), mx.np.ones((3, 3)), mx.np.ones((3,))])
    array([9., 9.])
    """
    if len(arrays) < 2:
        raise ValueError(f"multi_dot needs at least two arrays, not {len(arrays)}")
    for array in arrays:
        if not isinstance(array, ndarray):
            raise kind_error("linalg.multi_dot", array)
    return reduce(lambda left, right: left @ right, arrays)


def __getattr__(name: str) -> NoReturn:
    if name in dir(np.linalg):
        instead = f"call numpy.linalg.{name} with array.asnumpy(), and mx.np.array on its result"
    else:
        instead = f"{near_names(name, __all__)}it has {', '.join(__all__)}"
    raise AttributeError(f"mx.np.linalg has no {name!r:.200}: {instead}")


def __dir__() -> list[str]:
    return __all__
