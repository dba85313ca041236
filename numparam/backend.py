"""The dispatch seam: the one module that chooses what serves a device type.

Everything above it holds buffers without knowing what they are, and asks the buffer's backend for
memory, kernels and evaluation. A backend is found by the device type of a context; a new kind of
device is one subclass of `Backend` and one call of `register`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.kept_memory import LARGE, KeptMemory
from numparam.kernels import KERNELS, _forking
from numparam.turns import ONE_STEP, turn

Buffer = Any
"""Memory of one array on some device: C-contiguous; has shape, dtype, size and nbytes."""


class AllocationError(MXNetError, MemoryError):
    """Memory that is not to be had; MXNet raises its own error, NumPy a MemoryError."""


class Backend:
    """What one device offers; this class is the host's, and the pattern of the others.

    Each row of `numparam.kernels.KERNELS` is an attribute of its name: a module with the
    operation's public functions, imported when first used.

    Parameters
    ----------
    name : str
        Name of the folder of `numparam.kernels` that holds the operations.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.backend import backend_of
    >>> host = backend_of("cpu")
    >>> weights = [host.upload(np.float32([1, 2])), host.upload(np.float32([3, 4]))]
    >>> host.download(host.average.mean(weights))
    array([2., 3.], dtype=float32)
    """

    def __init__(self, name: str = "cpu") -> None:
        self.name = name

    def __getattr__(self, operation: str) -> ModuleType:
        # Operations only: a missing private or misspelt attribute must not look like an import.
        for row in KERNELS:
            if row.name == operation and self.name in row.backends:
                with _forking.importing:
                    module = importlib.import_module(f"numparam.kernels.{self.name}.{operation}")
                setattr(self, operation, module)
                return module
        raise AttributeError(f"the {self.name} backend has no operation {operation!r}")

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Buffer:
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

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype) -> Buffer:
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

    def copied(self, buffer: Buffer) -> Buffer:
        """Copy a buffer into a new one on the device."""
        target = self.empty(buffer.shape, buffer.dtype)
        self.convert_into(buffer, target)
        return target

    def converted(self, buffer: Buffer, dtype: np.dtype) -> Buffer:
        """Convert a buffer into a new one of another dtype, or the same, on the device."""
        target = self.empty(buffer.shape, dtype)
        self.convert_into(buffer, target)
        return target

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
        if result.base is None and result.flags.c_contiguous:
            # It owns its memory: only an input itself can be that.
            return result.copy() if any(result is array for array in inputs) else result
        shared = any(np.may_share_memory(result, array) for array in inputs)
        if shared or not result.flags.c_contiguous:
            return np.array(result, order="C", copy=True)
    return result


class _CUDABackend(Backend):
    """One CUDA GPU. Nothing is looked for until memory is first needed."""

    def __init__(self, device_id: int) -> None:
        super().__init__("cuda")
        from numparam.kernels.cuda import _memory, _provider

        try:
            _provider.require(device_id)
        except _provider.CUDAUnavailableError as reason:
            raise MXNetError(str(reason)) from reason
        self._memory = _memory
        self._device_id = device_id

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Buffer:
        return self._memory.empty(shape, dtype, self._device_id)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype) -> Buffer:
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

    def _not_here(self, function: Callable[..., Any]) -> MXNetError:
        return MXNetError(
            f"{getattr(function, '__name__', function)} is not available on gpu({self._device_id})"
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
        """Do nothing: the driver keeps no memory of arrays that are gone."""


_kept = KeptMemory()
_host = Backend("cpu")
# Making a backend may import kernels.
_lock = _forking.importing
_factories: dict[str, Callable[[int], Backend]] = {
    "cpu": lambda device_id: _host,
    "cpu_pinned": lambda device_id: _host,
    "cpu_shared": lambda device_id: _host,
    "gpu": _CUDABackend,
}
_backends: dict[tuple[str, int], Backend] = {}


def register(device_type: str, factory: Callable[[int], Backend] | None) -> None:
    """Let `factory` make the backend of each device of a type; None removes the type.

    Parameters
    ----------
    device_type : str
        ``Context.device_type`` of the devices; an existing type is replaced.
    factory : callable or None
        ``factory(device_id) -> Backend``, called once for each device.
    """
    with _lock:
        for key in [key for key in _backends if key[0] == device_type]:
            del _backends[key]
        if factory is None:
            _factories.pop(device_type, None)
        else:
            _factories[device_type] = factory


def factory_of(device_type: str) -> Callable[[int], Backend] | None:
    """Return what `register` was given for a device type, so that a test can put it back."""
    return _factories.get(device_type)


def backend_of(device_type: str, device_id: int = 0) -> Backend:
    """Choose the backend that serves a device.

    Parameters
    ----------
    device_type : str
        ``Context.device_type``: ``'cpu'``, ``'cpu_pinned'``, ``'cpu_shared'``, ``'gpu'`` or a
        registered one.
    device_id : int
        Number of the device.

    Returns
    -------
    Backend
        The same object for every call with the same arguments.

    Raises
    ------
    MXNetError
        If no backend serves the type, or its device cannot be used; the message says what is
        missing and how to install it.
    """
    key = (device_type, device_id)
    found = _backends.get(key)
    if found is None:
        try:
            factory = _factories[device_type]
        except KeyError:
            raise MXNetError(
                f"no backend serves devices of type {device_type!r}; "
                f"there are {', '.join(sorted(_factories))}"
            ) from None
        with _lock:
            found = _backends.get(key)
            if found is None:
                found = _backends[key] = factory(device_id)
    return found


def synchronize_all() -> None:
    """Wait until all work given to the devices in use is done."""
    with _lock:
        used = list(_backends.values())
    for each in used:
        each.synchronize()


def gpu_count() -> int:
    """Count the CUDA GPUs that can be used now; 0 where CUDA or its Python package is missing."""
    with _forking.importing:
        from numparam.kernels.cuda import _provider
    return _provider.device_count()
