"""Memory of a GPU: a small array class, and the copies between it and the host."""

from __future__ import annotations

import math
import operator
from contextlib import AbstractContextManager
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from numparam.kernels import _gate
from numparam.kernels.cuda import _provider


class DeviceArray:
    """A C-contiguous array in a GPU's memory. Made by `empty`, `upload` and `view`.

    It shares its memory with every library that takes ``__cuda_array_interface__``, and never turns
    into a host array by itself: `download` copies it.

    Attributes
    ----------
    shape : tuple of int
        Shape.
    dtype : numpy.dtype
        Element type.
    size, nbytes, ndim : int
        Elements; bytes; dimensions.
    address : int
        Address of the first element on the GPU; 0 if there is no element.
    device_id : int
        Number of the GPU.
    writeable : bool
        Whether kernels may write to it.
    """

    __slots__ = (
        "__weakref__", "_owner", "address", "device_id", "dtype", "nbytes", "ndim", "shape", "size",
        "writeable",
    )  # fmt: skip
    __array_ufunc__ = None  # NumPy's operators raise TypeError instead of boxing it as an object

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype,
        address: int,
        device_id: int,
        owner: object,
        writeable: bool = True,
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.size = math.prod(shape)
        self.nbytes = self.size * dtype.itemsize
        self.ndim = len(shape)
        self.address = address
        self.device_id = device_id
        self.writeable = writeable
        self._owner = owner

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The interface's version 3, in which other libraries wait for our current stream."""
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.address, not self.writeable),
            "strides": None,
            "stream": _provider.device_memory().stream_of(self.device_id),
            "version": 3,
        }

    def __repr__(self) -> str:
        return f"<DeviceArray {self.dtype}{self.shape} on gpu({self.device_id})>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a DeviceArray holds an address of this process's GPU memory; copy it to the host first"
        )


def empty(shape: int | tuple[int, ...], dtype: npt.DTypeLike, device_id: int = 0) -> DeviceArray:
    """Allocate uninitialised memory on a GPU.

    Parameters
    ----------
    shape : tuple of int
        Shape.
    dtype : dtype
        One of the kernels'.
    device_id : int
        Number of the GPU.

    Returns
    -------
    DeviceArray
        A new array.

    Raises
    ------
    CUDAUnavailableError
        If the GPU cannot be used; the message says what is missing.
    MemoryError
        If the GPU has too little free memory.
    TypeError, ValueError
        If the dtype is not one of the kernels', or a length is negative.
    """
    form = np.dtype(dtype)
    _gate.kind(form)
    lengths = (shape,) if isinstance(shape, (int, np.integer)) else shape
    lengths = tuple(operator.index(length) for length in lengths)
    if any(length < 0 for length in lengths):
        raise ValueError(f"shape {lengths} has a negative length")
    _provider.require(device_id)
    nbytes = math.prod(lengths) * form.itemsize
    address, owner = 0, None
    if nbytes:
        address, owner = _provider.device_memory().allocate(device_id, nbytes)
    return DeviceArray(lengths, form, address, device_id, owner)


def zeros(shape: int | tuple[int, ...], dtype: npt.DTypeLike, device_id: int = 0) -> DeviceArray:
    """Allocate memory on a GPU whose bytes are zero; parameters and errors are those of `empty`."""
    made = empty(shape, dtype, device_id)
    if made.nbytes:
        clear(made)
    return made


def clear(buffer: DeviceArray) -> None:
    """Set the bytes of an array to zero, by the driver's own way of it."""
    _provider.device_memory().clear(buffer.device_id, buffer.address, buffer.nbytes)


def upload(array: object, device_id: int = 0) -> DeviceArray:
    """Copy a host array, of any layout and byte order, into new memory of a GPU.

    Parameters
    ----------
    array : array_like
        Host array of one of the kernels' dtypes.
    device_id : int
        Number of the GPU.

    Returns
    -------
    DeviceArray
        A new array. Moves nbytes from the host to the GPU.

    Raises
    ------
    CUDAUnavailableError, MemoryError
        As `empty`.
    TypeError
        If the dtype is not one of the kernels', or the array is on a GPU.
    """
    host = _gate.source(array, "array")
    made = empty(host.shape, host.dtype, device_id)
    if made.nbytes:
        _provider.device_memory().copy_in(device_id, made.address, host)
    return made


def download(buffer: DeviceArray, out: np.ndarray | None = None) -> np.ndarray:
    """Copy a GPU's array to the host, after all work given to the GPU before.

    Parameters
    ----------
    buffer : DeviceArray
        What is copied.
    out : numpy.ndarray, optional
        Receives it: C-contiguous, of the same shape and dtype. A new array by default.

    Returns
    -------
    numpy.ndarray
        `out`, or the new array.
    """
    host = np.empty(buffer.shape, buffer.dtype) if out is None else out
    if buffer.nbytes:
        _provider.device_memory().copy_out(buffer.device_id, buffer.address, host)
    return host


def copy_from_host(buffer: DeviceArray, array: np.ndarray) -> None:
    """Overwrite a GPU's array with a host array of the same shape and dtype.

    Raises
    ------
    ValueError
        If shapes or dtypes differ, or the array on the GPU is read-only. Nothing is written then.
    """
    host = _gate.source(array, "array")
    if host.shape != buffer.shape or host.dtype != buffer.dtype:
        raise ValueError(
            f"the host array must be {buffer.dtype}{buffer.shape} like the GPU's, "
            f"not {host.dtype}{host.shape}"
        )
    if not buffer.writeable:
        raise ValueError("the GPU's array is read-only; pass a writeable one")
    if buffer.nbytes:
        _provider.device_memory().copy_in(buffer.device_id, buffer.address, host)


def copy(buffer: DeviceArray) -> DeviceArray:
    """Copy a GPU's array into new memory of the same GPU. Moves 2 × nbytes."""
    made = empty(buffer.shape, buffer.dtype, buffer.device_id)
    if made.nbytes:
        copy_into(made, buffer)
    return made


def copy_to(buffer: DeviceArray, device_id: int) -> DeviceArray:
    """Copy a GPU's array into new memory of any GPU.

    Parameters
    ----------
    buffer : DeviceArray
        What is copied.
    device_id : int
        Where the copy goes.

    Returns
    -------
    DeviceArray
        A new array. Later work on both GPUs waits for the copy, the host does not: one GPU writes
        to the other where the machine allows it; elsewhere the bytes pass through pinned memory.

    Raises
    ------
    CUDAUnavailableError, MemoryError
        As `empty`.
    """
    made = empty(buffer.shape, buffer.dtype, device_id)
    if made.nbytes:
        _provider.device_memory().copy_across(
            device_id, made.address, buffer.device_id, buffer.address, buffer.nbytes
        )
    return made


def copy_into(target: DeviceArray, source: DeviceArray) -> None:
    """Copy the bytes of an array to another one of the same GPU, of as many bytes."""
    _provider.device_memory().copy_between(
        target.device_id, target.address, source.address, target.nbytes
    )


def view(buffer: DeviceArray, start: int, shape: tuple[int, ...]) -> DeviceArray:
    """Return the part of an array from element `start` on, in another shape; it shares memory.

    Raises
    ------
    ValueError
        If the part does not lie within the array.
    """
    size = math.prod(shape)
    if not 0 <= start <= start + size <= buffer.size:
        raise ValueError(
            f"elements {start} to {start + size} are not within an array of {buffer.size}"
        )
    # The owner is the allocation itself, so that views of views hold no chain of arrays.
    return DeviceArray(
        tuple(shape),
        buffer.dtype,
        buffer.address + start * buffer.dtype.itemsize if size else 0,
        buffer.device_id,
        buffer._owner,
        buffer.writeable,
    )


def stream_of(device_id: int = 0) -> int:
    """Return the number of the stream to which this thread gives work of a GPU now."""
    return int(_provider.device_memory().stream_of(device_id))


def stream(device_id: int, number: int) -> AbstractContextManager[None]:
    """Give this thread's work of a GPU to another library's stream, inside a block.

    Parameters
    ----------
    device_id : int
        Number of the GPU.
    number : int
        The stream's handle; it must live until the end of the block. It waits for what was given
        to the stream before, which waits for it at the end.

    Raises
    ------
    CUDAUnavailableError
        If the GPU cannot be used.
    """
    _provider.require(device_id)
    block: AbstractContextManager[None] = _provider.device_memory().stream(device_id, number)
    return block


def let_wait(number: int, device_id: int) -> None:
    """Let another library's stream wait for the work that was given to a GPU so far."""
    _provider.device_memory().let_wait(number, device_id)


def synchronize(device_id: int = 0) -> None:
    """Wait until a GPU has done all the work given to it.

    Raises
    ------
    CUDAUnavailableError
        If the GPU cannot be used.
    """
    _provider.require(device_id)
    _provider.device_memory().synchronize(device_id)


def empty_cache(device_id: int = 0) -> None:
    """Give memory that is kept for reuse back to a GPU.

    Raises
    ------
    CUDAUnavailableError
        If the GPU cannot be used.
    """
    _provider.require(device_id)
    _provider.device_memory().empty_cache(device_id)
