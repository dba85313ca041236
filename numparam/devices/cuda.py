"""CUDA GPUs: their memory and kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.devices.backend import Backend, Buffer, MissingOperationError
from numparam.kernels import _forking

__all__ = ["CUDABackend", "gpu_count", "gpu_memory_info"]


class CUDABackend(Backend):
    """One CUDA GPU. CUDA is loaded when memory is first needed."""

    def __init__(self, device_id: int) -> None:
        super().__init__("cuda", f"gpu({device_id})")
        from numparam.kernels.cuda import _memory, _provider

        try:
            _provider.require(device_id)
        except _provider.CUDAUnavailableError as reason:
            raise MXNetError(str(reason)) from reason
        self._memory = _memory
        self._device_id = device_id

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        return self._memory.empty(shape, dtype, self._device_id)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        return self.upload(np.zeros(shape, dtype))

    def upload(self, array: np.ndarray) -> Buffer:
        return self._memory.upload(array, self._device_id)

    def download(self, buffer: Buffer) -> np.ndarray:
        return self._memory.download(buffer)

    def copied(self, buffer: Buffer) -> Buffer:
        return self._memory.copy(buffer)

    def write(self, buffer: Buffer, values: np.ndarray | int) -> None:
        self._memory.copy_from_host(buffer, np.full(buffer.shape, values, buffer.dtype))

    def read_into(self, buffer: Buffer, fill: Callable[[memoryview], None]) -> None:
        staged = np.empty(buffer.shape, buffer.dtype)
        fill(staged.reshape(-1).view(np.uint8).data)
        self._memory.copy_from_host(buffer, staged)

    def view(self, buffer: Buffer, start: int, shape: tuple[int, ...]) -> Buffer:
        return self._memory.view(buffer, start, shape)

    def apply(self, function: Callable[..., Any], *buffers: Buffer) -> Any:
        raise self._not_here(function)

    def update(self, function: Callable[..., None], target: Buffer, *buffers: Buffer) -> None:
        raise self._not_here(function)

    def _not_here(self, function: Callable[..., Any]) -> MissingOperationError:
        return MissingOperationError(
            f"{getattr(function, '__name__', function)} is not available on {self.device}"
            "; numparam does not copy to the host silently: call as_in_context(cpu()) first"
        )

    def on_host(self, buffer: Buffer) -> np.ndarray:
        raise MXNetError(
            f"this array is on gpu({self._device_id}) and cannot share its memory with NumPy; "
            "asnumpy() copies it to the host"
        )

    def synchronize(self) -> None:
        self._memory.synchronize(self._device_id)

    def empty_cache(self) -> None:
        """Do nothing: no memory is kept for reuse."""


def gpu_count() -> int:
    """Return the number of usable CUDA GPUs; 0 if CUDA or its Python package is missing."""
    with _forking.importing:
        from numparam.kernels.cuda import _provider
    return _provider.device_count()


def gpu_memory_info(device_id: int) -> tuple[int, int]:
    """Return the free and the total bytes of a CUDA GPU."""
    with _forking.importing:
        from numparam.kernels.cuda import _provider
    return _provider.device_memory().memory_info(device_id)
