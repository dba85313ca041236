"""A stand-in for NVIDIA's driver and `cuda.core`, whose GPU memory is the host's.

It records the calls that are made, and runs kernels as Python functions of their arguments.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Callable
from typing import Any

import numpy as np

OUT_OF_MEMORY = 2


class Status(enum.IntEnum):
    """CUDA's status codes, as far as they are told apart."""

    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_OUT_OF_MEMORY = OUT_OF_MEMORY
    CUDA_ERROR_INVALID_HANDLE = 400
    CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED = 704
    CUDA_ERROR_TOO_MANY_PEERS = 711


class _Flags:
    CU_EVENT_DISABLE_TIMING = 2
    CU_MEMPOOL_ATTR_RELEASE_THRESHOLD = 4
    CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL = 9


class FakeDriver:
    """What `cuda.bindings.driver` offers, on the host's memory."""

    CUevent_flags = CUmemPool_attribute = CUpointer_attribute = _Flags
    CUstream = int
    cuuint64_t = int

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.orders: list[tuple[int, int]] = []  # what waits for what: (first, then)
        self.current = 0
        self.events = 0
        self.pinned: dict[int, Any] = {}
        self.launched: list[tuple[Any, tuple[int, ...], list[int]]] = []
        self.trimmed = 0
        self.failing: dict[str, Status] = {}
        self.peers: set[tuple[int, int]] = set()  # (reader, owner) that the machine connects
        self.enabled: list[tuple[int, int]] = []  # (context of the reader, of the owner)
        self.work: list[tuple[str, Any, int]] = []  # (what, stream or event, current context)

    def _said(self, name: str, *results: Any) -> tuple[Any, ...]:
        self.calls.append(name)
        return self.failing.get(name, Status.CUDA_SUCCESS), *results

    def cuCtxGetCurrent(self):
        return Status.CUDA_SUCCESS, self.current

    def cuCtxSetCurrent(self, context):
        self.current = int(context)
        return (Status.CUDA_SUCCESS,)

    def cuCtxSynchronize(self):
        return self._said("cuCtxSynchronize")

    def cuMemPoolSetAttribute(self, pool, attribute, value):
        pool.kept = value
        return self._said("cuMemPoolSetAttribute")

    def cuMemPoolTrimTo(self, pool, nbytes):
        self.trimmed += 1
        pool.full = False
        return self._said("cuMemPoolTrimTo")

    def cuMemGetInfo(self):
        return self._said("cuMemGetInfo", 1000, 2000)

    def cuMemHostAlloc(self, nbytes, flags):
        memory = np.empty(nbytes, np.uint8)
        address = memory.__array_interface__["data"][0]
        self.pinned[address] = memory
        return self._said("cuMemHostAlloc", address)

    def cuMemFreeHost(self, address):
        del self.pinned[address]
        return self._said("cuMemFreeHost")

    def cuEventCreate(self, flags):
        self.events += 1
        return self._said("cuEventCreate", _Event(self.current))

    def cuEventDestroy(self, event):
        self.events -= 1
        return self._said("cuEventDestroy")

    def cuEventRecord(self, event, stream):
        if event.context != self.current:
            return (Status.CUDA_ERROR_INVALID_HANDLE,)
        event.stream = stream
        event.recorded = len(self.work)
        self.work.append(("record", event, self.current))
        return self._said("cuEventRecord")

    def cuEventSynchronize(self, event):
        return self._said("cuEventSynchronize")

    def cuStreamWaitEvent(self, stream, event, flags):
        self.orders.append((event.stream, stream))
        self.work.append(("wait", event, self.current))
        return self._said("cuStreamWaitEvent")

    def cuCtxEnablePeerAccess(self, owner, flags):
        self.enabled.append((self.current, int(owner)))
        return self._said("cuCtxEnablePeerAccess")

    def cuMemcpyPeerAsync(self, target, target_context, source, source_context, nbytes, stream):
        ctypes.memmove(target, source, nbytes)
        self.work.append(("peer", (target_context, source_context), self.current))
        return self._said("cuMemcpyPeerAsync")

    def cuStreamSynchronize(self, stream):
        return self._said("cuStreamSynchronize")

    def cuMemcpyHtoD(self, target, source, nbytes):
        ctypes.memmove(target, source, nbytes)
        return self._said("cuMemcpyHtoD")

    def cuMemcpyHtoDAsync(self, target, source, nbytes, stream):
        ctypes.memmove(target, source, nbytes)
        self.work.append(("HtoD", source, self.current))
        return self._said("cuMemcpyHtoDAsync")

    def cuMemcpyDtoHAsync(self, target, source, nbytes, stream):
        ctypes.memmove(target, source, nbytes)
        self.work.append(("DtoH", target, self.current))
        return self._said("cuMemcpyDtoHAsync")

    def cuMemcpyDtoDAsync(self, target, source, nbytes, stream):
        ctypes.memmove(target, source, nbytes)
        return self._said("cuMemcpyDtoDAsync")

    def cuMemsetD8Async(self, address, value, count, stream):
        ctypes.memset(address, value, count)
        return self._said("cuMemsetD8Async")

    def cuPointerGetAttribute(self, attribute, address):
        return Status.CUDA_SUCCESS, 0

    def cuLaunchKernel(self, kernel, gx, gy, gz, bx, by, bz, shared, stream, parameters, extra):
        pointers = ctypes.cast(parameters, ctypes.POINTER(ctypes.c_void_p))
        numbers = [ctypes.c_int64.from_address(pointers[i]).value for i in range(kernel.count)]
        self.launched.append((kernel.name, (gx, bx), numbers))
        return self._said("cuLaunchKernel")


class _Event:
    def __init__(self, context: int) -> None:
        self.context = context
        self.stream = 0
        self.recorded = -1


class _Buffer:
    def __init__(self, pool: Any, nbytes: int) -> None:
        self._memory = np.empty(nbytes, np.uint8)
        self.handle = self._memory.__array_interface__["data"][0]
        self._pool = pool

    def close(self, stream: Any) -> None:
        self._pool.freed += 1
        self._pool.used.append(stream)


class _Pool:
    def __init__(self, device_id: int, options: Any) -> None:
        self.handle = self
        self.peer_accessible_by: set[int] = set()
        self.kept = 0
        self.freed = 0
        self.used: list[Any] = []  # the streams of allocations and releases
        self.full = False
        self.empty_for_good = False

    def allocate(self, nbytes: int, *, stream: Any) -> _Buffer:
        if self.full or self.empty_for_good:
            raise RuntimeError("CUDA_ERROR_OUT_OF_MEMORY: out of memory")
        self.used.append(stream)
        return _Buffer(self, nbytes)


class _Kernel:
    def __init__(self, name: str, count: int) -> None:
        self.handle = self
        self.name = name
        self.count = count


class FakeCore:
    """What `cuda.core` offers."""

    LEGACY_DEFAULT_STREAM = "legacy"
    PER_THREAD_DEFAULT_STREAM = "per thread"
    DeviceMemoryResource = _Pool
    DeviceMemoryResourceOptions = staticmethod(lambda: None)

    def __init__(self, driver: FakeDriver, arguments: int = 4) -> None:
        core = self

        class Device:
            compute_capability = (9, 0)

            def __init__(self, device_id: int) -> None:
                self._device_id = device_id

            def can_access_peer(self, other: int) -> bool:
                return (self._device_id, other) in driver.peers

            def set_current(self) -> None:
                driver.current = 100 + self._device_id

        class ObjectCode:
            @staticmethod
            def from_cubin(code: bytes) -> Any:
                held = ObjectCode()
                held.get_kernel = lambda name: _Kernel(name, core.arguments)  # type: ignore[attr-defined]
                return held

        class Stream:
            from_handle = staticmethod(lambda handle: f"stream {handle}")

        self.arguments = arguments
        self.Stream = Stream
        self.Device = Device
        self.ObjectCode = ObjectCode


def compiler(calls: list[Any]) -> Callable:
    """Return a compiler that notes what it is asked to compile."""

    def compile_one(function: Callable, capability: tuple[int, int]) -> tuple[bytes, str]:
        calls.append((function, capability))
        return b"code", f"entry_of_{function.__name__}"

    return compile_one
