"""The host's memory and kernels."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from numparam.devices.backend import AllocationError, Backend, Buffer
from numparam.devices.locks import ONE_STEP, turn
from numparam.devices.memory import LARGE, KeptMemory

__all__ = ["HostBackend"]


class HostBackend(Backend):
    """The processors of this machine; buffers are NumPy arrays.

    Parameters
    ----------
    name : str, default 'cpu'
        The folder of `numparam.kernels`: ``'cpu'``, or ``'reference'`` for NumPy alone.
    """

    def __init__(self, name: str = "cpu") -> None:
        super().__init__(name)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """Allocate uninitialised memory; that of large arrays was used before, where some is kept.

        Raises
        ------
        AllocationError
            If the memory is not to be had: a MemoryError and an MXNetError.
        """
        needed = prod(shape) * dtype.itemsize
        large = needed >= LARGE
        if large:
            _ = _kept.limit  # a setting that cannot be read is no lack of memory
        try:
            return _kept.empty(shape, dtype) if large else np.empty(shape, dtype)
        except (MemoryError, ValueError) as failure:
            if isinstance(failure, ValueError) and (not large or min(shape) < 0):
                raise  # no shape of an array, such as one of a hundred dimensions
            raise AllocationError(
                f"an array of shape {tuple(shape)} and dtype {np.dtype(dtype)} needs {needed:,} "
                "bytes, which this machine does not have to give"
            ) from failure

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """Allocate memory whose bytes are zero; errors are those of `empty`."""
        if prod(shape) * dtype.itemsize < LARGE:
            try:
                return np.zeros(shape, dtype)
            except MemoryError:
                pass  # then `empty` says what is missing
        buffer = self.empty(shape, dtype)
        buffer.fill(0)
        return buffer

    def upload(self, array: np.ndarray) -> Buffer:
        """Copy a host array, of any layout, into new memory of the device."""
        with turn(array):
            if array.nbytes < LARGE:
                return np.array(array, order="C", copy=True, subok=False)
            buffer = self.empty(array.shape, array.dtype)
            np.copyto(buffer, array)
            return buffer

    def download(self, buffer: Buffer) -> np.ndarray:
        """Copy a buffer into a new host array."""
        if buffer.size <= ONE_STEP:
            return np.array(buffer, order="C", copy=True)
        with turn(buffer):
            return np.array(buffer, order="C", copy=True)

    def convert_into(self, buffer: Buffer, target: Buffer) -> None:
        """Write a buffer into another one of its shape, of any dtype, on the device."""
        with turn(buffer, target):
            if buffer.dtype == target.dtype:
                self.cast.copy(buffer, out=target)
            else:
                self.cast.cast(buffer, out=target)

    def write(self, buffer: Buffer, values: np.ndarray | int) -> None:
        """Write a host array that stretches to the buffer's shape, or a number; of its dtype."""
        if buffer.size <= ONE_STEP:
            if type(values) is int:
                buffer.fill(values)  # faster, for thousands of small arrays
            else:
                buffer[...] = values
            return
        with turn(buffer):
            buffer[...] = values

    def read_into(self, buffer: Buffer, fill: Callable[[memoryview], None]) -> None:
        """Let `fill` write all bytes of a buffer, as a file's reader does."""
        with turn(buffer):
            fill(buffer.reshape(-1).view(np.uint8).data)

    def view(self, buffer: Buffer, start: int, shape: tuple[int, ...]) -> Buffer:
        """Contiguous part of a buffer from element `start` on, in another shape; shares memory."""
        size = 1
        for length in shape:
            size *= length
        return buffer.reshape(-1)[start : start + size].reshape(shape)

    def apply(self, function: Callable[..., Any], *buffers: Buffer) -> Any:
        """Evaluate a NumPy function of host arrays on buffers; results are new buffers.

        `function` gets the arrays to read, and returns an array or a tuple of arrays; what is not
        an array in its result passes through.
        """
        return _owned(function(*buffers), buffers)

    def update(self, function: Callable[..., None], target: Buffer, *buffers: Buffer) -> None:
        """Let a NumPy function of host arrays write into its first argument."""
        function(target, *buffers)

    def on_host(self, buffer: Buffer) -> np.ndarray:
        """Return the host array that shares the buffer's memory.

        Raises
        ------
        MXNetError
            If the memory is not the host's: then only `download` reaches it, by a copy.
        """
        return buffer

    def synchronize(self) -> None:
        """Wait until all work given to the device is done; the host's is done already."""

    def empty_cache(self) -> None:
        """Give memory that is kept for reuse back to the system."""
        _kept.release()


def _owned(result: Any, inputs: tuple[Buffer, ...]) -> Any:
    """Contiguous arrays of their own for results that may be views of the inputs."""
    if isinstance(result, tuple):
        return tuple(_owned(part, inputs) for part in result)
    if isinstance(result, np.generic):
        return np.array(result)
    if isinstance(result, np.ndarray):
        if not result.flags.c_contiguous:
            return np.array(result, order="C", copy=True)
        owner = result.base is None  # then only an input itself can be that
        for array in inputs:
            if result is array or (not owner and np.may_share_memory(result, array)):
                return result.copy()
    return result


_kept = KeptMemory()
