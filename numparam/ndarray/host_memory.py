"""Sharing of dense arrays' memory with NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.base import MXNetError

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["as_numpy", "shared"]


def shared(array: NDArray) -> np.ndarray:
    """Return the NumPy array that shares an array's memory; read-only if the array is.

    Raises
    ------
    ValueError
        If the memory is not the host's.
    """
    try:
        host = array._backend.on_host(array._memory).view()
    except MXNetError as error:
        raise ValueError(
            f"the memory of an array on {array._ctx} cannot be shared with the host: {error}"
        ) from error
    if not array.writable:
        host.flags.writeable = False
    return host


def as_numpy(array: NDArray, dtype: Any, copy: bool | None) -> np.ndarray:
    """Return an array's elements as a NumPy array, for ``__array__``.

    Parameters
    ----------
    array : NDArray
        Dense.
    dtype : dtype or None
        The dtype that is wanted.
    copy : bool or None
        None shares host memory unless another dtype is wanted, and never copies from another
        device: that takes an explicit True. False never copies.

    Raises
    ------
    TypeError
        If the memory is on another device and `copy` is None.
    ValueError
        If a copy is needed and `copy` is False.
    """
    if copy is False or (copy is None and isinstance(array._memory, np.ndarray)):
        host = shared(array)
        if dtype is None or np.dtype(dtype) == host.dtype:
            return host
        if copy is False:
            raise ValueError(
                f"a copy is needed to make of this {host.dtype} array one of {np.dtype(dtype)}; "
                "allow it with copy=True, or call astype first"
            )
        return host.astype(dtype)
    if copy is None:
        raise TypeError(
            f"the array is on {array._ctx}, not on the host; asnumpy() copies it to the host"
        )
    host = array.asnumpy()
    return host if dtype is None else host.astype(dtype, copy=False)
