"""Dropout of ``mx.np`` arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from numparam.ndarray.dropout import dropout as classic_dropout
from numparam.ndarray.numpy_array import ndarray
from numparam.ndarray.numpy_operations.functions import WrongArrayError
from numparam.ndarray.numpy_operations.operands import is_numpy_array, kind_error

__all__ = ["dropout"]


def dropout(
    data: ndarray,
    p: float = 0.5,
    mode: str = "training",
    axes: int | Sequence[int] = (),
    cudnn_off: bool | None = False,
    out: ndarray | None = None,
    name: str | None = None,
) -> ndarray:
    """Set elements to zero at random while training, and scale up the others.

    Parameters
    ----------
    data : ndarray
        Of a floating-point dtype.
    p, mode, axes, cudnn_off, out, name
        As for `numparam.ndarray.Dropout`.

    Returns
    -------
    ndarray
        Of the shape and dtype of `data`. The gradient flows through the elements that stay.

    Raises
    ------
    TypeError
        If `data` is not an ``mx.np`` array.
    MXNetError
        If an argument does not fit. It is a ValueError, too.

    Examples
    --------
    >>> import numparam as mx
    >>> ones = mx.np.ones((2, 2))
    >>> float(mx.npx.dropout(ones).sum())
    4.0
    >>> with mx.autograd.train_mode():
    ...     dropped = mx.npx.dropout(ones, p=0.5)
    >>> set(dropped.asnumpy().ravel().tolist()) <= {0.0, 2.0}
    True
    """
    for array in (data, out):
        if array is not None and not is_numpy_array(array):
            raise WrongArrayError(str(kind_error("dropout", array)))
    return cast("ndarray", classic_dropout(data, p, mode, axes, cudnn_off, out, name))
