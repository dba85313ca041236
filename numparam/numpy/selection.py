"""Functions of ``mx.np`` that select elements or compare arrays."""

from __future__ import annotations

from typing import Any, overload

from numparam.ndarray.numpy_array import ndarray
from numparam.ndarray.numpy_operations.operands import kind_error
from numparam.ndarray.operations import OPERATIONS, invoke
from numparam.types.dtypes import as_dtype

__all__ = ["allclose", "array_equal", "nonzero", "take", "where"]


@overload
def where(condition: ndarray) -> tuple[ndarray, ...]: ...
@overload
def where(condition: ndarray, x: Any, y: Any) -> ndarray: ...
def where(condition: ndarray, x: Any = None, y: Any = None) -> ndarray | tuple[ndarray, ...]:
    """Select from one array where a condition is nonzero, and from another elsewhere.

    Parameters
    ----------
    condition : ndarray
        Booleans, or numbers of which 0 is false.
    x, y : ndarray or number, optional
        What to choose from; they broadcast. With both left out, the positions of the nonzero
        elements of `condition` come, as from ``nonzero()``.

    Returns
    -------
    ndarray, or tuple of ndarray
        The chosen elements.

    Raises
    ------
    ValueError
        If one of `x` and `y` is given without the other, or the shapes do not fit.

    Examples
    --------
    >>> import numparam as mx
    >>> a = mx.np.array([-1, 2])
    >>> mx.np.where(a > 0, a, 0)
    array([0., 2.])
    """
    if not isinstance(condition, ndarray):
        raise kind_error("where", condition)
    if (x is None) != (y is None):
        raise ValueError("where takes both x and y, or neither")
    if x is None:
        return nonzero(condition)
    other = x if isinstance(x, ndarray) else y
    dtype = other.dtype if isinstance(other, ndarray) else as_dtype(None)
    chosen = [condition._beside(value, dtype, "where") for value in (x, y)]
    return invoke(OPERATIONS["_np_where"], (condition, *chosen), {})


def nonzero(a: ndarray) -> tuple[ndarray, ...]:
    """Return the positions of the nonzero elements.

    Parameters
    ----------
    a : ndarray
        The array.

    Returns
    -------
    tuple of ndarray
        One array of int64 for each axis; as a key, they select the elements.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.nonzero(mx.np.array([0, 3, 0, 4]))
    (array([1, 3], dtype=int64),)
    """
    if not isinstance(a, ndarray):
        raise kind_error("nonzero", a)
    return a.nonzero()


def take(
    a: ndarray,
    indices: Any,
    axis: int | None = None,
    out: ndarray | None = None,
    mode: str = "raise",
) -> ndarray:
    """Return the elements at positions.

    Parameters
    ----------
    a : ndarray
        The array.
    indices : ndarray, int or list of int
        The positions; negative ones count from the end.
    axis : int, optional
        The axis; the flattened array if not given.
    out : ndarray, optional
        Where to write the result.
    mode : {'raise', 'clip', 'wrap'}
        What to do with positions outside: refuse them, take the nearest, or start over.

    Returns
    -------
    ndarray
        On the context of `a`.

    Raises
    ------
    ValueError
        For a position outside, with ``mode='raise'``; also an MXNetError.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.take(mx.np.array([1, 2, 3]), [0, 2])
    array([1., 3.])
    """
    if not isinstance(a, ndarray):
        raise kind_error("take", a)
    return a.take(indices, axis, out, mode)


def array_equal(a1: Any, a2: Any) -> bool:
    """Return whether two arrays have the same shape and elements.

    Parameters
    ----------
    a1, a2 : ndarray
        The arrays.

    Returns
    -------
    bool
        False for different shapes.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.array_equal(mx.np.ones((2,)), mx.np.ones((3,)))
    False
    """
    return _compared("array_equal", a1, a2, {})


def allclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Return whether two arrays are equal within tolerances.

    Parameters
    ----------
    a, b : ndarray
        The arrays; they broadcast.
    rtol, atol : float
        The tolerance is ``atol + rtol * abs(b)``.
    equal_nan : bool, default False
        Whether two NaN are equal.

    Returns
    -------
    bool
        Whether all elements are that close.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.allclose(mx.np.ones((2,)), mx.np.ones((2,)) * 1.000001)
    True
    """
    return _compared("allclose", a, b, {"rtol": rtol, "atol": atol, "equal_nan": equal_nan})


def _compared(name: str, first: Any, second: Any, attributes: dict[str, Any]) -> bool:
    array = first if isinstance(first, ndarray) else second
    if not isinstance(array, ndarray):
        raise kind_error(name, first)
    pair = [array._beside(value, array.dtype, name) for value in (first, second)]
    return bool(invoke(OPERATIONS[f"_np_{name}"], pair, attributes))
