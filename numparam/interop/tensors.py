"""PyTorch tensors and numparam's arrays on the same memory, and dtypes of both."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from numparam.formats.quoting import quoted
from numparam.interop.errors import UnbindableError
from numparam.ndarray import foreign, host_memory
from numparam.ndarray.ndarray import NDArray
from numparam.types.dtypes import DTYPE_BY_FLAG, bfloat16

__all__ = ["array_of", "dtype_of", "tensor_on", "tensor_on_host"]

# The names are the same; old versions of PyTorch lack unsigned integers of more than 8 bits.
_DTYPES = {
    getattr(torch, dtype.name): dtype
    for dtype in DTYPE_BY_FLAG.values()
    if hasattr(torch, dtype.name)
}


def dtype_of(tensor: torch.Tensor, name: str) -> np.dtype[Any]:
    """Return the dtype of arrays that hold a tensor's values.

    Parameters
    ----------
    tensor : torch.Tensor
        The tensor.
    name : str
        What messages call it.

    Raises
    ------
    UnbindableError
        If arrays cannot have its dtype, as complex numbers and 8-bit floating point.
    """
    dtype = _DTYPES.get(tensor.dtype)
    if dtype is None:
        known = ", ".join(sorted(dtype.name for dtype in _DTYPES.values()))
        raise UnbindableError(
            f"{quoted(name)} has dtype {tensor.dtype}, which parameters cannot have; they have one "
            f"of {known}. Convert the module first"
        )
    return dtype


def tensor_on(array: NDArray) -> torch.Tensor:
    """Return a tensor that shares a dense array's memory.

    Parameters
    ----------
    array : NDArray
        Dense, writable, in host memory.

    Raises
    ------
    UnbindableError
        If the memory is read-only or of another device.
    """
    try:
        host = host_memory.shared(array)
    except ValueError as error:
        raise UnbindableError(
            f"an array on {array._ctx} cannot share its memory with a PyTorch module so far; use "
            f"host contexts ({error})"
        ) from error
    if not host.flags.writeable:
        raise UnbindableError(
            "the array's memory is read-only, and PyTorch writes into whatever it has; use a copy()"
        )
    return tensor_on_host(host)


def tensor_on_host(host: np.ndarray) -> torch.Tensor:
    """Return a tensor that shares the memory of a NumPy array, of bfloat16 too."""
    if host.dtype == bfloat16:
        return torch.from_numpy(host.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(host)


def array_of(tensor: torch.Tensor) -> np.ndarray:
    """Return a tensor's values in host memory: its own memory, where that is possible."""
    return foreign.host_array(tensor)
