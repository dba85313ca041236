"""Functions of ``mx.np`` that join arrays or return views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.ndarray.numpy_array import ndarray
from numparam.ndarray.numpy_operations.operands import kind_error
from numparam.ndarray.operations import OPERATIONS, OperationError, invoke

__all__ = [
    "concatenate",
    "expand_dims",
    "hstack",
    "ndim",
    "ravel",
    "reshape",
    "shape",
    "size",
    "squeeze",
    "stack",
    "vstack",
]


def _joined(name: str, arrays: Any, attributes: dict[str, Any], out: ndarray | None) -> Any:
    if isinstance(arrays, ndarray):
        arrays = list(arrays)
    if not isinstance(arrays, (list, tuple)) or not arrays:
        raise OperationError(f"{name} needs a list of one or more mx.np arrays")
    for array in arrays:
        if not isinstance(array, ndarray):
            raise kind_error(name, array)
    return invoke(OPERATIONS[f"_np_{name}"], arrays, attributes, out)


def concatenate(
    seq: Sequence[ndarray], axis: int | None = 0, out: ndarray | None = None
) -> ndarray:
    """Join arrays along an existing axis.

    Parameters
    ----------
    seq : sequence of ndarray
        Arrays of one shape, but for `axis`.
    axis : int or None, default 0
        The axis; None flattens the arrays first.
    out : ndarray, optional
        Where to write the result.

    Returns
    -------
    ndarray
        On the context of the first array.

    Raises
    ------
    ValueError
        If there is nothing to join, or the shapes do not fit; also an MXNetError.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.concatenate([mx.np.ones((2,)), mx.np.zeros((1,))])
    array([1., 1., 0.])
    """
    return _joined("concatenate", seq, {"axis": axis}, out)


def stack(arrays: Sequence[ndarray], axis: int = 0, out: ndarray | None = None) -> ndarray:
    """Join arrays along a new axis.

    Parameters
    ----------
    arrays : sequence of ndarray
        Arrays of one shape.
    axis : int, default 0
        Where the new axis is in the result.
    out : ndarray, optional
        Where to write the result.

    Returns
    -------
    ndarray
        On the context of the first array.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.stack([mx.np.array(1), mx.np.array(2)])
    array([1., 2.])
    """
    return _joined("stack", arrays, {"axis": axis}, out)


def vstack(arrays: Sequence[ndarray], out: ndarray | None = None) -> ndarray:
    """Join arrays as rows.

    Parameters
    ----------
    arrays : sequence of ndarray
        Vectors of one length, or matrices of one width.
    out : ndarray, optional
        Where to write the result.

    Returns
    -------
    ndarray
        On the context of the first array.

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.vstack([x, x]).shape
    (4, 2)
    """
    return _joined("vstack", arrays, {}, out)


def hstack(arrays: Sequence[ndarray], out: ndarray | None = None) -> ndarray:
    """Join arrays as columns; vectors end to end.

    Parameters
    ----------
    arrays : sequence of ndarray
        Vectors, or matrices of one height.
    out : ndarray, optional
        Where to write the result.

    Returns
    -------
    ndarray
        On the context of the first array.

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.hstack([x, x])
    array([[1., 2., 1., 2.],
           [3., 4., 3., 4.]])
    """
    return _joined("hstack", arrays, {}, out)


def _require(name: str, array: Any) -> Any:
    if not isinstance(array, ndarray):
        raise kind_error(name, array)
    return array


def reshape(a: ndarray, newshape: int | Sequence[int], order: str = "C") -> ndarray:
    """Return an array on the same memory in another shape.

    Parameters
    ----------
    a : ndarray
        The array.
    newshape : int or tuple of int
        The new lengths; one of them may be -1, for what is left.
    order : {'C'}
        The order of the elements.

    Returns
    -------
    ndarray
        It shares the memory.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.reshape(mx.np.arange(4), (2, -1))
    array([[0., 1.],
           [2., 3.]])
    """
    return _require("reshape", a).reshape(newshape, order=order)


def ravel(x: ndarray, order: str = "C") -> ndarray:
    """Return a one-dimensional array on the same memory.

    Parameters
    ----------
    x : ndarray
        The array.
    order : {'C'}
        The order of the elements.

    Returns
    -------
    ndarray
        It shares the memory.

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.ravel(x)
    array([1., 2., 3., 4.])
    """
    return _require("ravel", x).ravel(order)


def squeeze(x: ndarray, axis: int | Sequence[int] | None = None) -> ndarray:
    """Return an array on the same memory without axes of length 1.

    Parameters
    ----------
    x : ndarray
        The array.
    axis : int or tuple of int, optional
        Which; all of them if not given.

    Returns
    -------
    ndarray
        It shares the memory.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.squeeze(mx.np.ones((1, 2))).shape
    (2,)
    """
    return _require("squeeze", x).squeeze(axis)


def expand_dims(a: ndarray, axis: int | Sequence[int]) -> ndarray:
    """Return an array on the same memory with a new axis of length 1.

    Parameters
    ----------
    a : ndarray
        The array.
    axis : int or tuple of int
        Where the new axis is in the result.

    Returns
    -------
    ndarray
        It shares the memory.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.expand_dims(mx.np.ones((2,)), 0).shape
    (1, 2)
    """
    return _require("expand_dims", a)._expanded(axis)


def shape(a: ndarray) -> tuple[int, ...]:
    """Return the shape of an array.

    Parameters
    ----------
    a : ndarray
        The array.

    Returns
    -------
    tuple of int
        The length of each dimension.

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.shape(x)
    (2, 2)
    """
    return _require("shape", a).shape


def ndim(a: ndarray) -> int:
    """Return the number of dimensions of an array.

    Parameters
    ----------
    a : ndarray
        The array.

    Returns
    -------
    int
        0 for shape ``()``.

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.ndim(x)
    2
    """
    return _require("ndim", a).ndim


def size(a: ndarray) -> int:
    """Return the number of elements of an array.

    Parameters
    ----------
    a : ndarray
        The array.

    Returns
    -------
    int
        1 for shape ``()``.

    Examples
    --------
    >>> import numparam as mx
    >>> x = mx.np.array([[1, 2], [3, 4]])
    >>> mx.np.size(x)
    4
    """
    return _require("size", a).size
