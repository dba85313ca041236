"""The abstract `Backend`: what a device offers to the arrays on it; one subclass for each kind.

Everything above holds buffers without knowing what they are, and asks the buffer's backend for
memory, kernels and evaluation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.kernels import KERNELS, _first_use

__all__ = ["AllocationError", "Backend", "Buffer", "MissingOperationError"]

# Stands for a buffer among the arguments of `Backend.evaluate`.
_PLACE = object()

Buffer = Any
"""Memory of one array on some device: C-contiguous; has shape, dtype, size and nbytes."""


class AllocationError(MXNetError, MemoryError):
    """Out of memory; MXNet raises its own error, NumPy a MemoryError."""


class MissingOperationError(MXNetError, AttributeError):
    """A device has no kernel for an operation."""


class Backend(ABC):
    """Memory, kernels and evaluation on one device.

    Each row of `numparam.kernels.KERNELS` is an attribute of its name: a module with the
    operation's public functions, imported when first used.

    Parameters
    ----------
    name : str
        Name of the folder of `numparam.kernels` that holds the operations.
    device : str, optional
        What messages call the device, such as ``gpu(0)``; `name` if not given.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.devices.registry import backend_of
    >>> host = backend_of("cpu")
    >>> weights = [host.upload(np.float32([1, 2])), host.upload(np.float32([3, 4]))]
    >>> host.download(host.average.mean(weights))
    array([2., 3.], dtype=float32)
    """

    #: Whether buffers are NumPy arrays, so that NumPy's functions take them as they are.
    buffers_are_arrays = False

    def __init__(self, name: str, device: str | None = None) -> None:
        self.name = name
        self.device = name if device is None else device

    def __getattr__(self, operation: str) -> ModuleType:
        # Operations only: a missing private or misspelt attribute must not look like an import.
        for row in KERNELS:
            if row.name == operation:
                if self.name in row.backends:
                    module = _first_use.import_kernels(f"numparam.kernels.{self.name}.{operation}")
                    setattr(self, operation, module)
                    return module
                raise MissingOperationError(
                    f"{self.device} has no kernel for {operation!r} yet; numparam does not copy to "
                    "the host silently: call as_in_context(cpu()) first"
                )
        raise AttributeError(f"the {self.name} backend has no operation {operation!r}")

    @abstractmethod
    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """Allocate memory whose elements are not set.

        Raises
        ------
        AllocationError
            If there is not enough memory: a MemoryError and an MXNetError.
        """

    @abstractmethod
    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """Allocate memory whose bytes are zero; errors are those of `empty`."""

    @abstractmethod
    def upload(self, array: np.ndarray) -> Buffer:
        """Copy a host array, of any layout, into new memory of the device."""

    @abstractmethod
    def download(self, buffer: Buffer) -> np.ndarray:
        """Copy a buffer into a new host array."""

    def download_into(self, buffer: Buffer, host: np.ndarray) -> None:
        """Copy a buffer into a C-contiguous host array of its shape and dtype."""
        np.copyto(host, self.download(buffer))

    def fetched(self, buffer: Buffer, source: Backend) -> Buffer:
        """Copy a buffer of another device, `source`, into new memory of this one."""
        return self.upload(source.download(buffer))

    def copied(self, buffer: Buffer) -> Buffer:
        """Copy a buffer into a new one on the device."""
        target = self.empty(buffer.shape, buffer.dtype)
        self.convert_into(buffer, target)
        return target

    def converted(self, buffer: Buffer, dtype: np.dtype[Any]) -> Buffer:
        """Convert a buffer into a new one of another dtype, or the same, on the device."""
        target = self.empty(buffer.shape, dtype)
        self.convert_into(buffer, target)
        return target

    def convert_into(self, buffer: Buffer, target: Buffer) -> None:
        """Write a buffer into another one of its shape, of any dtype, on the device."""
        if buffer.dtype == target.dtype:
            self.cast.copy(buffer, out=target)
        else:
            self.cast.cast(buffer, out=target)

    @abstractmethod
    def write(self, buffer: Buffer, values: np.ndarray | int) -> None:
        """Write a number, or a host array of the buffer's dtype that broadcasts to its shape."""

    @abstractmethod
    def read_into(self, buffer: Buffer, fill: Callable[[memoryview], None]) -> None:
        """Call `fill` with the bytes of a buffer, to write all of them, as a file's reader does."""

    @abstractmethod
    def view(self, buffer: Buffer, start: int, shape: tuple[int, ...]) -> Buffer:
        """Return the part of a buffer from element `start` on, in another shape; shares memory."""

    @abstractmethod
    def apply(self, function: Callable[..., Any], *buffers: Buffer) -> Any:
        """Evaluate a NumPy function on buffers and return new buffers.

        `function` gets the arrays to read, and returns an array or a tuple of arrays; whatever is
        not an array in its result passes through.
        """

    def evaluate(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Evaluate a NumPy function on buffers; the results are for reading only.

        As `apply`, but results may share the memory of buffers, and have any layout. Arguments are
        buffers, lists and tuples of buffers, and anything else, which is passed as it is.
        """
        buffers: list[Buffer] = []

        def taken(argument: Any) -> Any:
            if type(argument) in (list, tuple):
                return type(argument)(map(taken, argument))
            if hasattr(argument, "nbytes"):
                buffers.append(argument)
                return _PLACE
            return argument

        pattern = [taken(argument) for argument in arguments]
        named = {name: taken(argument) for name, argument in keywords.items()}

        def call(*arrays: Any) -> Any:
            given = iter(arrays)

            def filled(argument: Any) -> Any:
                if type(argument) in (list, tuple):
                    return type(argument)(map(filled, argument))
                return next(given) if argument is _PLACE else argument

            values = [filled(argument) for argument in pattern]
            return function(*values, **{name: filled(one) for name, one in named.items()})

        call.__name__ = getattr(function, "__name__", "function")
        return self.apply(call, *buffers)

    @abstractmethod
    def update(self, function: Callable[..., None], target: Buffer, *buffers: Buffer) -> None:
        """Call a NumPy function that writes into its first argument."""

    @abstractmethod
    def on_host(self, buffer: Buffer) -> np.ndarray:
        """Return the host array that shares the buffer's memory.

        Raises
        ------
        MXNetError
            If the memory is not the host's: then only `download` reaches it, by a copy.
        """

    @property
    def stream(self) -> int:
        """The stream that work is given to, as CUDA numbers them; 1, the default, elsewhere."""
        return 1

    def in_stream(self, stream: int) -> AbstractContextManager[None]:
        """Give this thread's work to another library's stream, inside a ``with`` block."""
        raise MXNetError(
            f"{self.device} has no streams, which only GPUs have; do the work without ctx.stream(s)"
        )

    def let_wait(self, stream: int) -> None:  # noqa: B027 - elsewhere nothing is under way
        """Let a stream of another library wait for all work that was given to the device."""

    def borrowed(self, array: object) -> Buffer:
        """Return a buffer over the memory of another library's array on this device.

        Raises
        ------
        TypeError, ValueError
            If its memory cannot be shared as it is.
        """
        raise TypeError(f"{self.device} shares no memory with a {type(array).__name__}")

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until all work given to the device is done."""

    @abstractmethod
    def empty_cache(self) -> None:
        """Release memory that is kept for reuse to the system."""
