"""Arithmetic of sparse arrays: of arrays of one shape element by element, else with broadcasting.

Operations of one shape keep sparse storage where those that broadcast return dense arrays. The
operators of sparse arrays are these functions, but for division, and so are ``add`` and others in
``numparam.nd.sparse``; those in ``numparam.nd`` broadcast.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from numparam.ndarray.operations import OPERATIONS
from numparam.ndarray.operations.arithmetic import ARITHMETIC, BINARY
from numparam.ndarray.values import is_array

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["add", "divide", "multiply", "subtract"]


def _function(name: str) -> Callable[[Any, Any, Any], Any]:
    broadcasting = BINARY[name]
    row = OPERATIONS[ARITHMETIC[name].elementwise[0]]
    elementwise = broadcasting._replace(arrays=row)

    def function(lhs: Any, rhs: Any, out: Any) -> Any:
        if is_array(lhs) and is_array(rhs) and lhs.shape == rhs.shape:
            return elementwise(lhs, rhs, out)
        return broadcasting(lhs, rhs, out)

    return function


_add = _function("add")
_subtract = _function("subtract")
_multiply = _function("multiply")
_divide = _function("divide")


def add(lhs: NDArray | float, rhs: NDArray | float, out: NDArray | None = None) -> NDArray:
    """Return the sum, element by element.

    Parameters
    ----------
    lhs, rhs : NDArray or number
        The operands, of any storage types. Arrays have one dtype; others than of one shape are
        broadcast.
    out : NDArray, optional
        Where to write the result.

    Returns
    -------
    NDArray
        Row-sparse for two row-sparse arrays of one shape, csr for two csr matrices of one shape,
        and for a sparse array and 0; dense otherwise.

    Raises
    ------
    MXNetError
        If shapes, dtypes or contexts do not fit. It is a ValueError, too.

    Notes
    -----
    As in MXNet 1.9.1. Row-sparse results store all rows that one of the arrays stores; csr results
    store no zeros.

    Examples
    --------
    >>> import numparam as mx
    >>> a = mx.nd.sparse.row_sparse_array(([[1, 2]], [0]), shape=(3, 2))
    >>> b = mx.nd.sparse.row_sparse_array(([[3, 4]], [2]), shape=(3, 2))
    >>> mx.nd.sparse.add(a, b).indices.asnumpy()
    array([0, 2])
    """
    return _add(lhs, rhs, out)


def subtract(lhs: NDArray | float, rhs: NDArray | float, out: NDArray | None = None) -> NDArray:
    """Return the difference, element by element.

    Parameters
    ----------
    lhs, rhs, out
        As for `add`.

    Returns
    -------
    NDArray
        Of the storage type that `add` has.

    Raises
    ------
    MXNetError
        As for `add`.

    Examples
    --------
    >>> import numparam as mx
    >>> a = mx.nd.sparse.row_sparse_array(([[1, 2]], [0]), shape=(2, 2))
    >>> mx.nd.sparse.subtract(a, a).indices.asnumpy()
    array([0])
    """
    return _subtract(lhs, rhs, out)


def multiply(lhs: NDArray | float, rhs: NDArray | float, out: NDArray | None = None) -> NDArray:
    """Return the product, element by element.

    Parameters
    ----------
    lhs, rhs, out
        As for `add`.

    Returns
    -------
    NDArray
        Of arrays of one shape: as sparse as the sparse one of them, and dense for a row-sparse
        array and a csr matrix. A csr matrix times a dense array that is broadcast is csr, other
        products with broadcasting are dense. A sparse array times a number keeps its storage type.

    Raises
    ------
    MXNetError
        As for `add`.

    Examples
    --------
    >>> import numparam as mx
    >>> a = mx.nd.sparse.row_sparse_array(([[1, 2]], [0]), shape=(2, 2))
    >>> mx.nd.sparse.multiply(mx.nd.ones((2, 2)), a).stype
    'row_sparse'
    """
    return _multiply(lhs, rhs, out)


def divide(lhs: NDArray | float, rhs: NDArray | float, out: NDArray | None = None) -> NDArray:
    """Return the quotient, element by element.

    Parameters
    ----------
    lhs, rhs, out
        As for `add`.

    Returns
    -------
    NDArray
        Dense, with NaN for 0 / 0. A csr matrix by a dense array that is broadcast is csr, and a
        sparse array by a number keeps its storage type.

    Raises
    ------
    MXNetError
        As for `add`.

    Examples
    --------
    >>> import numparam as mx
    >>> a = mx.nd.sparse.row_sparse_array(([[1, 2]], [0]), shape=(2, 2))
    >>> mx.nd.sparse.divide(a, 2).asnumpy()
    array([[0.5, 1. ],
           [0. , 0. ]], dtype=float32)
    """
    return _divide(lhs, rhs, out)
