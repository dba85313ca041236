"""One-hot encoding into an existing array: the older form of `one_hot`."""

from __future__ import annotations

from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, OperationError, invoke

__all__ = ["onehot_encode"]


def onehot_encode(indices: NDArray, out: NDArray) -> NDArray:
    """Set each row of a matrix to 1 in one column and 0 elsewhere.

    Parameters
    ----------
    indices : NDArray
        Shape (rows,): the column of each row's 1. A column outside of the matrix leaves its row 0.
    out : NDArray
        Shape (rows, columns).

    Returns
    -------
    NDArray
        `out`.

    Raises
    ------
    MXNetError
        If the shapes do not fit each other; nothing is written then.

    Notes
    -----
    MXNet 1.9.1 has this function beside ``one_hot``, which makes a new array.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.onehot_encode(mx.nd.array([1, 0]), out=mx.nd.zeros((2, 3)))
    <BLANKLINE>
    [[0. 1. 0.]
     [1. 0. 0.]]
    <NDArray 2x3 @cpu(0)>
    """
    if out.ndim != 2 or indices.shape != out.shape[:1]:
        raise OperationError(
            "onehot_encode needs indices of shape (rows,) and out of shape (rows, columns), not "
            f"{indices.shape} and {out.shape}"
        )
    attributes = {"depth": out.shape[1], "dtype": out.dtype}
    return invoke(OPERATIONS["one_hot"], (indices,), attributes, out)
