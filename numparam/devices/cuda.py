"""CUDA GPUs: their memory and kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.devices import cupy_arrays
from numparam.devices.backend import AllocationError, Backend, Buffer, MissingOperationError
from numparam.kernels import _forking, _gate

__all__ = ["CUDABackend", "compile_gpu_kernels", "gpu_count", "gpu_memory_info"]


class CUDABackend(Backend):
    """One CUDA GPU. CUDA is loaded when memory is first needed.

    What has no kernel of ours is evaluated by CuPy, on the GPU's own memory.
    """

    #: The dtype for which CuPy has no arrays.
    bfloat16 = _gate.BFLOAT16

    def __init__(self, device_id: int) -> None:
        super().__init__("cuda", f"gpu({device_id})")
        with _forking.importing:
            from numparam.kernels.cuda import _memory, _provider  # once a GPU is asked for

        try:
            _provider.require(device_id)
        except _provider.CUDAUnavailableError as reason:
            raise MXNetError(str(reason)) from reason
        self._memory = _memory
        self.device_id = device_id

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        return self._allocated(self._memory.empty, shape, dtype, self.device_id)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        return self._allocated(self._memory.zeros, shape, dtype, self.device_id)

    def _allocated(self, allocate: Callable[..., Buffer], *arguments: Any) -> Buffer:
        try:
            return allocate(*arguments)
        except MemoryError as failure:
            raise AllocationError(str(failure)) from failure

    def upload(self, array: np.ndarray) -> Buffer:
        return self._allocated(self._memory.upload, array, self.device_id)

    def download(self, buffer: Buffer) -> np.ndarray:
        return self._memory.download(buffer)

    def download_into(self, buffer: Buffer, host: np.ndarray) -> None:
        self._memory.download(buffer, host)

    def fetched(self, buffer: Buffer, source: Backend) -> Buffer:
        if isinstance(source, CUDABackend):
            return self._allocated(self._memory.copy_to, buffer, self.device_id)
        return super().fetched(buffer, source)

    def copied(self, buffer: Buffer) -> Buffer:
        return self._allocated(self._memory.copy, buffer)

    def write(self, buffer: Buffer, values: np.ndarray | int) -> None:
        if type(values) is int and not values:
            self.reset.zero([buffer])
        else:
            self._memory.copy_from_host(buffer, np.full(buffer.shape, values, buffer.dtype))

    def read_into(self, buffer: Buffer, fill: Callable[[memoryview], None]) -> None:
        staged = np.empty(buffer.shape, buffer.dtype)
        fill(staged.reshape(-1).view(np.uint8).data)
        self._memory.copy_from_host(buffer, staged)

    def view(self, buffer: Buffer, start: int, shape: tuple[int, ...]) -> Buffer:
        return self._memory.view(buffer, start, shape)

    def apply(self, function: Callable[..., Any], *buffers: Buffer) -> Any:
        return self._evaluated(function, cupy_arrays.apply, self, function, buffers)

    def update(self, function: Callable[..., None], target: Buffer, *buffers: Buffer) -> None:
        self._evaluated(function, cupy_arrays.update, self, function, target, buffers)

    def _evaluated(
        self, function: Callable[..., Any], call: Callable[..., Any], *arguments: Any
    ) -> Any:
        try:
            return call(*arguments)
        except TypeError as failure:
            # What CuPy raises where a function of NumPy's would have to copy to the host.
            if "Implicit conversion" not in str(failure):
                raise
            raise MissingOperationError(
                f"{getattr(function, '__name__', function)} is not available on {self.device}; "
                "numparam does not copy to the host silently: call as_in_context(cpu()) first"
            ) from failure

    @property
    def stream(self) -> int:
        return self._memory.stream_of(self.device_id)

    def in_stream(self, stream: int) -> AbstractContextManager[None]:
        return self._memory.stream(self.device_id, stream)

    def let_wait(self, stream: int) -> None:
        self._memory.let_wait(stream, self.device_id)

    def borrowed(self, array: object) -> Buffer:
        with _forking.importing:
            from numparam.kernels.cuda import _interface  # once a GPU is asked for
        return _interface.borrow(array, "array")

    def on_host(self, buffer: Buffer) -> np.ndarray:
        raise MXNetError(
            f"this array is on gpu({self.device_id}) and cannot share its memory with NumPy; "
            "asnumpy() copies it to the host"
        )

    def synchronize(self) -> None:
        self._memory.synchronize(self.device_id)

    def empty_cache(self) -> None:
        """Give memory that is kept for reuse back to the GPU."""
        self._memory.empty_cache(self.device_id)


def gpu_count() -> int:
    """Return the number of usable CUDA GPUs; 0 if CUDA or its Python package is missing."""
    with _forking.importing:
        from numparam.kernels.cuda import _provider  # once a GPU is asked for
    return _provider.device_count()


def gpu_memory_info(device_id: int) -> tuple[int, int]:
    """Return the free and the total bytes of a CUDA GPU."""
    with _forking.importing:
        from numparam.kernels.cuda import _provider  # once a GPU is asked for
    return _provider.device_memory().memory_info(device_id)


def compile_gpu_kernels(kinds: Sequence[str], device_id: int = 0) -> int:
    """Compile all kernels of some dtypes for a CUDA GPU, and return how many are on disk now."""
    with _forking.importing:
        from numparam.kernels.cuda import _warming  # once a GPU is asked for
    return _warming.compile_all(kinds, device_id)
