"""Host memory that processes share: the memory of ``cpu_shared`` contexts.

A forked process sees the same memory, and so does any process that an array is sent to by
`multiprocessing`. Each piece is a file without a name that is mapped into memory. The operating
system frees it when the last process that has it ends or drops it, so that nothing is left behind,
not even by a process that is killed.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from numparam.devices.backend import AllocationError, Buffer
from numparam.devices.host import HostBackend
from numparam.devices.memory import Memory

__all__ = ["Reference", "SharedHostBackend", "reference_to", "referred", "send_by_reference"]

# Arrays of up to so many bytes are cut out of a segment with others: a process has few files.
_SMALL = 1 << 16
_LINE = 64

Reference = tuple[Any, int, int, tuple[int, ...], np.dtype[Any]]
"""What `multiprocessing` sends of a buffer: mapped file, its length, offset, shape, dtype."""


class _Segment(mmap.mmap):
    """A mapped file, which is closed with the last array in it."""

    descriptor = -1

    def __new__(cls, descriptor: int, size: int) -> _Segment:
        segment = super().__new__(cls, descriptor, size)
        segment.descriptor = descriptor
        return segment

    def __del__(self) -> None:
        if self.descriptor >= 0:  # else the file could not be mapped
            os.close(self.descriptor)


class SharedHostBackend(HostBackend):
    """The processors of this machine, on memory that processes share.

    Examples
    --------
    >>> import numparam as mx
    >>> array = mx.nd.zeros((4,), ctx=mx.cpu_shared())
    >>> array.context
    cpu_shared(0)
    """

    def __init__(self) -> None:
        super().__init__()
        _register_reducers()

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """Allocate memory that forked processes share; errors are those of `HostBackend.empty`."""
        nbytes = prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0:
            return np.empty(shape, dtype)  # which says what is wrong
        try:
            # New memory of the system is zero, and no place is used twice.
            if nbytes > _SMALL:
                memory, place = _new_memory(nbytes), 0
            else:
                memory, place = _place(nbytes)
        except (OSError, OverflowError, ValueError) as failure:
            raise AllocationError(
                f"an array of shape {tuple(shape)} and dtype {np.dtype(dtype)} needs {nbytes:,} "
                f"bytes of shared memory, which the system does not provide: {failure}"
            ) from failure
        return np.ndarray(shape, dtype, memory, place)

    zeros = empty

    def apply(self, function: Callable[..., Any], *buffers: Buffer) -> Any:
        """Evaluate a NumPy function on buffers; results are new buffers in shared memory."""
        return self._shared(super().apply(function, *buffers))

    def _shared(self, result: Any) -> Any:
        if isinstance(result, tuple):
            return tuple(map(self._shared, result))
        return self.upload(result) if isinstance(result, np.ndarray) else result


def reference_to(buffer: Buffer) -> Reference | None:
    """Return what another process needs to map a buffer's memory, for `multiprocessing` to send.

    Parameters
    ----------
    buffer : numpy.ndarray
        A buffer, or a view of one.

    Returns
    -------
    tuple, or None
        For `referred` in the other process; None if the memory is not shared.
    """
    segment = buffer
    while isinstance(segment, np.ndarray):
        segment = segment.base
    if not isinstance(segment, _Segment):
        return None
    start = np.frombuffer(segment, np.uint8).__array_interface__["data"][0]
    offset = buffer.__array_interface__["data"][0] - start
    return segment, len(segment), offset, buffer.shape, buffer.dtype


def referred(
    segment: Any, size: int, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Buffer:
    """Return the buffer that another process sent a reference to."""
    return np.ndarray(shape, dtype, Memory((size,), np.uint8, segment), offset)


def _sent(segment: _Segment) -> tuple[Any, ...]:
    """Reduce a mapped file for `multiprocessing`: once in a pickle, whatever arrays are in it."""
    from multiprocessing.reduction import DupFd  # late: most processes share nothing

    return _mapped, (DupFd(segment.descriptor), len(segment))


def _mapped(file: Any, size: int) -> _Segment:
    return _Segment(file.detach(), size)


_reducers: dict[type, Callable[[Any], Any]] = {}
_registered = False


def send_by_reference(cls: type, reduce: Callable[[Any], Any]) -> None:
    """Register a function by which `multiprocessing` pickles objects of a class.

    Parameters
    ----------
    cls : type
        The class; subclasses are not included.
    reduce : callable
        As for `copyreg.pickle`. Other picklers do not use it.
    """
    _reducers[cls] = reduce
    if _registered:
        _register_reducers()


def _register_reducers() -> None:
    global _registered
    _registered = True
    # Late: it loads sockets and more, for the few processes that share memory.
    from multiprocessing.reduction import ForkingPickler

    ForkingPickler.register(_Segment, _sent)
    for cls, reduce in _reducers.items():
        ForkingPickler.register(cls, reduce)


def _new_memory(size: int) -> Memory:
    size = max(size, 1)
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("numparam")
    else:
        import tempfile  # late: on Linux it is not needed

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    try:
        os.ftruncate(descriptor, size)
        segment = _Segment(descriptor, size)
    except (OSError, OverflowError, ValueError):
        os.close(descriptor)
        raise
    return Memory((size,), np.uint8, segment)


# For each size of places, a power of two of lines, memory and the places in it that are free.
# Taking a place is one step of the interpreter, so threads and signal handlers need no lock.
_shelves: dict[int, tuple[Memory, Iterator[int]]] = {}


def _place(needed: int) -> tuple[Memory, int]:
    size = max(_LINE, 1 << (needed - 1).bit_length()) if needed else _LINE
    while True:
        found = _shelves.get(size)
        place = None if found is None else next(found[1], None)
        if found is not None and place is not None:
            return found[0], place
        memory = _new_memory(max(_SMALL, 8 * size))
        _shelves[size] = memory, iter(range(0, len(memory), size))


if hasattr(os, "register_at_fork"):
    # Parent and child would use the same places of the same memory.
    os.register_at_fork(after_in_child=_shelves.clear)
