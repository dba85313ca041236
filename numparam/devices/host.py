"""The host's memory and kernels."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from numparam.devices.backend import AllocationError, Backend, Buffer
from numparam.devices.locks import ONE_STEP, exclusively
from numparam.devices.memory import LARGE, LINE, SMALL, KeptMemory, SmallMemory

__all__ = ["HostBackend"]


class HostBackend(Backend):
    """The processors of this machine; buffers are NumPy arrays.

    Parameters
    ----------
    name : str, default 'cpu'
        The folder of `numparam.kernels`: ``'cpu'``, or ``'reference'`` for NumPy alone.
    """

    buffers_are_arrays = True

    def __init__(self, name: str = "cpu") -> None:
        super().__init__(name)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """Allocate memory whose elements are not set, aligned to 64 bytes.

        Raises
        ------
        AllocationError
            If there is not enough memory: a MemoryError and an MXNetError.
        """
        nbytes = prod(shape) * dtype.itemsize
        try:
            if 0 <= nbytes <= SMALL:
                # As `SmallMemory.empty`: thousands of small arrays are made at a time.
                for shelf, place in _places[(nbytes + LINE - 1) // LINE]:
                    return np.ndarray(shape, dtype, shelf, place)
            if nbytes < LARGE:
                return _small.empty(shape, dtype, nbytes)
            return _kept.empty(shape, dtype)
        except (MemoryError, ValueError) as failure:
            raise _explained(failure, shape, dtype) from failure

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """Allocate memory whose bytes are zero; errors are those of `empty`."""
        array = self.empty(shape, dtype)
        if array.nbytes > SMALL:  # smaller ones are zero
            array.fill(0)
        return array

    def upload(self, array: np.ndarray) -> Buffer:
        """Copy a host array, of any layout, into new memory of the device."""
        buffer = self.empty(array.shape, array.dtype)
        if array.size <= ONE_STEP:
            buffer[...] = array
        else:
            exclusively(lambda: buffer.__setitem__(..., array), array)
        return buffer

    def download(self, buffer: Buffer) -> np.ndarray:
        """Copy a buffer into a new host array."""
        if buffer.size <= ONE_STEP:
            return np.array(buffer, order="C", copy=True)
        return exclusively(lambda: np.array(buffer, order="C", copy=True), buffer)

    def download_into(self, buffer: Buffer, host: np.ndarray) -> None:
        """Copy a buffer into a C-contiguous host array of its shape and dtype."""
        self.convert_into(buffer, host)

    def fetched(self, buffer: Buffer, source: Backend) -> Buffer:
        """Copy a buffer of another device, `source`, into new memory: one copy."""
        target = self.empty(buffer.shape, buffer.dtype)
        source.download_into(buffer, target)
        return target

    def copied(self, buffer: Buffer) -> Buffer:
        """Copy a buffer into a new one on the device."""
        if buffer.nbytes < LARGE:
            return self.upload(buffer)
        target = self.empty(buffer.shape, buffer.dtype)
        exclusively(lambda: self.cast.copy(buffer, out=target), buffer)
        return target

    def converted(self, buffer: Buffer, dtype: np.dtype[Any]) -> Buffer:
        """Convert a buffer into a new one of another dtype, or the same, on the device."""
        if buffer.dtype == dtype:
            return self.copied(buffer)
        target = self.empty(buffer.shape, dtype)
        exclusively(lambda: self.cast.cast(buffer, out=target), buffer)
        return target

    def convert_into(self, buffer: Buffer, target: Buffer) -> None:
        """Write a buffer into another one of its shape, of any dtype, on the device."""
        if buffer.dtype != target.dtype:
            exclusively(lambda: self.cast.cast(buffer, out=target), buffer, target)
        elif target.size <= ONE_STEP:
            target[...] = buffer
        elif target.nbytes < LARGE:  # NumPy takes less time to be called than a kernel
            exclusively(lambda: target.__setitem__(..., buffer), buffer, target)
        else:
            exclusively(lambda: self.cast.copy(buffer, out=target), buffer, target)

    def write(self, buffer: Buffer, values: np.ndarray | int) -> None:
        """Write a host array that stretches to the buffer's shape, or a number; of its dtype."""
        if buffer.size <= ONE_STEP:
            if type(values) is int:
                buffer.fill(values)  # faster, for thousands of small arrays
            else:
                buffer[...] = values
            return
        exclusively(lambda: buffer.__setitem__(..., values), buffer)

    def read_into(self, buffer: Buffer, fill: Callable[[memoryview], None]) -> None:
        """Call `fill` with the bytes of a buffer, to write all of them, as a file's reader does."""
        exclusively(lambda: fill(buffer.reshape(-1).view(np.uint8).data), buffer)

    def view(self, buffer: Buffer, start: int, shape: tuple[int, ...]) -> Buffer:
        """Return the elements of a buffer from `start` on, in another shape; they share memory."""
        size = 1
        for length in shape:
            size *= length
        return buffer.reshape(-1)[start : start + size].reshape(shape)

    def apply(self, function: Callable[..., Any], *buffers: Buffer) -> Any:
        """Evaluate a NumPy function of host arrays on buffers; results are new buffers.

        `function` gets the arrays to read, and returns an array or a tuple of arrays; what is not
        an array in its result passes through.
        """
        result = function(*buffers)
        if type(result) is np.ndarray and result.base is None and result.flags.c_contiguous:
            for array in buffers:
                if result is array:
                    return result.copy()
            return result
        return _owned(result, buffers)

    def evaluate(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Evaluate a NumPy function on buffers; the results are for reading only."""
        return function(*arguments, **keywords)

    def update(self, function: Callable[..., None], target: Buffer, *buffers: Buffer) -> None:
        """Call a NumPy function that writes into its first argument."""
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
        """Release memory that is kept for reuse to the system."""
        _kept.release()


def _explained(failure: Exception, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Exception:
    """Return the error for a failed allocation: a lack of memory, or an impossible shape."""
    _ = _kept.limit  # a setting that cannot be read is not a lack of memory
    needed = prod(shape) * dtype.itemsize
    if isinstance(failure, ValueError) and (needed < LARGE or min(shape) < 0):
        return failure  # negative, or of a hundred dimensions
    return AllocationError(
        f"an array of shape {tuple(shape)} and dtype {np.dtype(dtype)} needs {needed:,} bytes, "
        "more than this machine can allocate"
    )


def _owned(result: Any, inputs: tuple[Buffer, ...]) -> Any:
    """Return results as contiguous arrays that are not views of the inputs."""
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


_small = SmallMemory()
_places = _small.places
_kept = KeptMemory()
