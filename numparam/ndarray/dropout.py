"""Dropout: elements set to zero at random while training."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam import generator
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, OperationError, invoke
from numparam.ndarray.operations.axes import axis_of, integers
from numparam.recording.scopes import is_training

__all__ = ["dropout"]


def dropout(
    data: NDArray,
    p: float = 0.5,
    mode: str = "training",
    axes: Any = (),
    cudnn_off: bool | None = False,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """Set elements to zero at random while training, and scale up the others.

    Parameters
    ----------
    data : NDArray
        Of a floating-point dtype.
    p : float, default 0.5
        The probability, from 0 to 1. What stays is divided by ``1 - p``, so that the expected sum
        is the same.
    mode : {'training', 'always'}, default 'training'
        Whether elements are dropped only in training mode, which ``autograd.record()`` and
        ``autograd.train_mode()`` turn on, or always.
    axes : int or sequence of int, default ()
        Axes along which elements are dropped together.
    cudnn_off : bool, optional
        Ignored.
    out : NDArray, optional
        Where to write the result.
    name : str, optional
        Ignored.

    Returns
    -------
    NDArray
        Of the shape and dtype of `data`. The gradient flows through the elements that stay.

    Raises
    ------
    MXNetError
        If an argument does not fit. It is a ValueError, too.

    Notes
    -----
    Srivastava and others, "Dropout", 2014. The numbers are those of `numparam.random`. In MXNet
    1.9.1 ``p=1`` makes NaN; here zeros.

    Examples
    --------
    >>> import numparam as mx
    >>> ones = mx.nd.ones((2, 2))
    >>> float(mx.nd.Dropout(ones).sum())
    4.0
    >>> with mx.autograd.train_mode():
    ...     dropped = mx.nd.Dropout(ones, p=0.5)
    >>> set(dropped.asnumpy().ravel().tolist()) <= {0.0, 2.0}
    True
    """
    dtype = data._buffer.dtype
    if dtype.kind in "iub":
        raise OperationError(f"Dropout takes floating-point numbers, not {dtype}")
    if not 0 <= p <= 1:
        raise OperationError(f"p, a probability, must be from 0 to 1, not {p}")
    if mode not in ("training", "always"):
        raise OperationError(f"mode must be 'training' or 'always', not {mode!r}")
    if data.stype != "default":
        data = data.tostype("default")
    if p == 0 or not (mode == "always" or is_training()):
        return invoke(OPERATIONS["identity"], (data,), {}, out)
    together = {axis_of(axis, data.ndim) for axis in integers(axes)}
    shape = tuple(1 if axis in together else length for axis, length in enumerate(data.shape))
    return invoke(OPERATIONS["_dropout"], (data, _mask(data, shape, 1 - p)), {}, out)


def _mask(data: NDArray, shape: tuple[int, ...], kept: float) -> Any:
    """Draw 1 / kept with the probability `kept`, and 0 otherwise."""
    backend, dtype = data._backend, data._buffer.dtype
    numbers = backend.empty(shape, np.dtype(np.float32))
    generator.fill_uniform(backend, numbers)

    def chosen(uniform: np.ndarray) -> np.ndarray:
        scale = np.asarray(1 / kept if kept else 0.0).astype(dtype)
        return (uniform < np.float32(kept)).astype(dtype) * scale

    return data.from_buffer(backend.apply(chosen, numbers), data._ctx, backend)
