"""GPUs through NVIDIA's driver: memory from a pool that is kept, copies, and launches.

All work goes to one stream, in order: the default stream, or in a `stream` block one of another
library's, which waits for the default stream at the start and is waited for at the end. Memory
comes from one stream-ordered pool for each GPU, so that an allocation takes a few microseconds and
what is freed serves the next one. A copy between the host and a GPU that is longer than a few
kilobytes passes through three pinned buffers in turn: while the GPU copies one, the host fills or
empties the next.

Written against `cuda.core` 1.2 and `cuda.bindings` 13. Where there is no GPU, the tests run it on a
stand-in for the driver.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from numparam.kernels.cuda import _provider

SMALL = 64 << 10  # bytes up to which the driver's own copy is faster
STAGED = 8 << 20  # bytes of a pinned buffer
_BUFFERS = 3
_MOST_ARGUMENTS = 32
_KEEP_ALL = 2**64 - 1
_ALREADY_PEERS = 704  # CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED

Compile = Callable[[Callable, tuple[int, int]], tuple[bytes, str]]


class DriverError(RuntimeError):
    """NVIDIA's driver reports an error."""


class Driver:
    """All GPUs of this process.

    Parameters
    ----------
    driver : module
        `cuda.bindings.driver`.
    core : module
        `cuda.core`.
    compile_one : callable
        ``compile_one(function, capability)`` returns machine code and the kernel's name in it.
    default_stream : int
        1, or 2 for a default stream of each thread, as ``__cuda_array_interface__`` numbers them.
    kept_bytes : int, optional
        Bytes that the pool of a GPU keeps for reuse when nothing uses them, where the GPU is waited
        for; all by default.
    """

    def __init__(
        self,
        driver: Any,
        core: Any,
        compile_one: Compile,
        default_stream: int = 1,
        kept_bytes: int = _KEEP_ALL,
    ) -> None:
        self.default_stream = default_stream
        self._driver = driver
        self._core = core
        self._compile = compile_one
        self._kept_bytes = kept_bytes
        self._devices: dict[int, _Device] = {}
        self._peers: dict[tuple[int, int], bool] = {}  # of pairs, the lower number first
        self._lock = threading.RLock()
        self._mine = threading.local()
        self._process = os.getpid()
        if hasattr(os, "register_at_fork"):
            # What is opened is the parent's, and another thread may have held the lock.
            known = weakref.ref(self)
            os.register_at_fork(after_in_child=lambda: _forget_all(known()))
        #: Allocations and copies to the host that were made, which tests compare.
        self.allocations = 0
        self.downloads = 0

    # Devices

    def _device(self, device_id: int) -> _Device:
        found = self._devices.get(device_id)
        if found is None:
            with self._lock:
                found = self._devices.get(device_id)
                if found is None:
                    found = self._devices[device_id] = self._opened(device_id)
        return found

    def _opened(self, device_id: int) -> _Device:
        if os.getpid() != self._process:
            raise DriverError(
                f"gpu({device_id}) cannot be used: this process was forked after CUDA's first use; "
                "start it with multiprocessing's 'spawn'"
            )
        before = self._call("cuCtxGetCurrent")
        device = self._core.Device(device_id)
        device.set_current()
        try:
            context = self._call("cuCtxGetCurrent")
            pool = self._core.DeviceMemoryResource(
                device_id, self._core.DeviceMemoryResourceOptions()
            )
            attribute = self._driver.CUmemPool_attribute.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD
            kept = self._driver.cuuint64_t(self._kept_bytes)
            self._call("cuMemPoolSetAttribute", pool.handle, attribute, kept)
            return _Device(context, pool, tuple(device.compute_capability))
        finally:
            self._call("cuCtxSetCurrent", before)

    @contextlib.contextmanager
    def _current(self, device_id: int) -> Iterator[_Device]:
        """Make a GPU's context current, and the one before again: other libraries have theirs."""
        device = self._device(device_id)
        before = self._call("cuCtxGetCurrent")
        if int(before) == int(device.context):
            yield device
            return
        self._call("cuCtxSetCurrent", device.context)
        try:
            yield device
        finally:
            self._call("cuCtxSetCurrent", before)

    def _call(self, name: str, *arguments: Any) -> Any:
        """Call a function of the driver; return what it returns besides its status."""
        status, *results = getattr(self._driver, name)(*arguments)
        if int(status):
            raise _error(name, status)
        return results[0] if len(results) == 1 else tuple(results)

    # Memory

    def allocate(self, device_id: int, nbytes: int) -> tuple[int, Any]:
        """Return the address of `nbytes` > 0 bytes, and what holds them."""
        with self._current(device_id) as device:
            try:
                buffer = self._buffer(device_id, device, nbytes)
            except Exception as error:
                if not _is_out_of_memory(error):
                    raise
                # What the pool keeps may be in pieces that are too small: give it back first.
                self._trim(device_id, device)
                buffer = self._last_try(device_id, device, nbytes)
            self.allocations += 1
            return int(buffer.handle), _Held(self, device_id, buffer)

    def _buffer(self, device_id: int, device: _Device, nbytes: int) -> Any:
        return device.pool.allocate(nbytes, stream=self._core_stream(self.stream_of(device_id)))

    def _last_try(self, device_id: int, device: _Device, nbytes: int) -> Any:
        try:
            return self._buffer(device_id, device, nbytes)
        except Exception as error:
            if not _is_out_of_memory(error):
                raise
            free, total = self._call("cuMemGetInfo")
            raise MemoryError(
                f"gpu({device_id}) has no room for {nbytes:,} more bytes ({int(free):,} of its "
                f"{int(total):,} are free); free arrays on it, or use smaller ones"
            ) from error

    def _core_stream(self, stream: int) -> Any:
        """Return a stream as `cuda.core` has it."""
        if stream > 2:
            return self._core.Stream.from_handle(stream)
        core = self._core
        return core.PER_THREAD_DEFAULT_STREAM if stream == 2 else core.LEGACY_DEFAULT_STREAM

    def _release(self, device_id: int, buffer: Any) -> None:
        """Give memory back to its pool, in order with the work that uses it."""
        if os.getpid() == self._process:
            with self._current(device_id) as device:
                # Another thread's stream may still use it. A stream that is in no block any more
                # was waited for at the end of its block.
                for stream in tuple(device.streams):
                    self._order(stream, self.default_stream)
                buffer.close(self._core_stream(self.default_stream))

    def _trim(self, device_id: int, device: _Device) -> None:
        self._call("cuStreamSynchronize", self._driver.CUstream(self.default_stream))
        self._call("cuStreamSynchronize", self._handle(device_id))
        self._call("cuMemPoolTrimTo", device.pool.handle, 0)

    def empty_cache(self, device_id: int) -> None:
        """Give memory that the pool keeps for reuse back to the GPU."""
        with self._current(device_id) as device:
            self._trim(device_id, device)

    def memory_info(self, device_id: int) -> tuple[int, int]:
        """Return the free and the total bytes of the GPU."""
        with self._current(device_id):
            free, total = self._call("cuMemGetInfo")
            return int(free), int(total)

    def kept_memory(self, device_id: int) -> tuple[int, int]:
        """Return the bytes in use, and those that the pool has taken from the GPU."""
        attributes = self._device(device_id).pool.attributes
        return int(attributes.used_mem_current), int(attributes.reserved_mem_current)

    def capability(self, device_id: int) -> tuple[int, int]:
        """Return the generation of a GPU: what machine code is made for."""
        return self._device(device_id).capability

    # Streams

    def stream_of(self, device_id: int) -> int:
        """Return the stream to which this thread gives work of a GPU now."""
        streams: dict[int, int] | None = getattr(self._mine, "streams", None)
        return streams.get(device_id, self.default_stream) if streams else self.default_stream

    @contextlib.contextmanager
    def stream(self, device_id: int, stream: int) -> Iterator[None]:
        """Give this thread's work of a GPU to another library's stream, inside a block."""
        before = self.stream_of(device_id)
        with self._current(device_id) as device:
            self._order(before, stream)
        device.streams.append(stream)
        streams: dict[int, int] = self._mine.__dict__.setdefault("streams", {})
        streams[device_id] = stream
        try:
            yield
        finally:
            streams[device_id] = before
            with self._current(device_id):
                self._order(stream, before)
            device.streams.remove(stream)

    def wait_for(self, stream: int, device_id: int) -> None:
        """Let later work wait for what another library has given to its stream."""
        with self._current(device_id):
            self._order(stream, self.stream_of(device_id))

    def let_wait(self, stream: int, device_id: int) -> None:
        """Let another library's stream wait for the work so far."""
        with self._current(device_id):
            self._order(self.stream_of(device_id), stream)

    def _order(self, first: int, then: int) -> None:
        """Let what is given to one stream from now on wait for what another one has."""
        if first == then:
            return
        event = self._event()
        try:
            self._call("cuEventRecord", event, self._driver.CUstream(first))
            self._call("cuStreamWaitEvent", self._driver.CUstream(then), event, 0)
        finally:
            self._call("cuEventDestroy", event)

    # Copies

    def _handle(self, device_id: int) -> Any:
        return self._driver.CUstream(self.stream_of(device_id))

    def copy_in(self, device_id: int, address: int, host: np.ndarray) -> None:
        """Copy a contiguous host array to an address of the GPU; it may be changed afterwards."""
        source, nbytes = _address(host), host.nbytes
        with self._current(device_id):
            if nbytes <= SMALL:
                # The driver has copied the bytes aside, or to the GPU, when it returns.
                if self.stream_of(device_id) == 1:
                    self._call("cuMemcpyHtoD", address, source, nbytes)
                else:
                    self._call(
                        "cuMemcpyHtoDAsync", address, source, nbytes, self._handle(device_id)
                    )
                    self._call("cuStreamSynchronize", self._handle(device_id))
                return
            for start, count, slot in self._pieces(device_id, nbytes):
                ctypes.memmove(slot.address, source + start, count)
                target = address + start
                self._call(
                    "cuMemcpyHtoDAsync", target, slot.address, count, self._handle(device_id)
                )
                self._call("cuEventRecord", slot.event, self._handle(device_id))

    def copy_out(self, device_id: int, address: int, host: np.ndarray) -> None:
        """Copy from an address of the GPU into a contiguous host array, after all work before."""
        target, nbytes = _address(host), host.nbytes
        self.downloads += 1
        with self._current(device_id):
            if nbytes <= SMALL:
                self._call("cuMemcpyDtoHAsync", target, address, nbytes, self._handle(device_id))
                self._call("cuStreamSynchronize", self._handle(device_id))
                return
            under_way: list[tuple[int, int, _Slot]] = []
            for start, count, slot in self._pieces(device_id, nbytes, under_way, target):
                source = address + start
                self._call(
                    "cuMemcpyDtoHAsync", slot.address, source, count, self._handle(device_id)
                )
                self._call("cuEventRecord", slot.event, self._handle(device_id))
                under_way.append((start, count, slot))
            for piece in under_way:
                self._empty(piece, target)

    def _pieces(
        self,
        device_id: int,
        nbytes: int,
        under_way: list[tuple[int, int, _Slot]] | None = None,
        target: int = 0,
    ) -> Iterator[tuple[int, int, _Slot]]:
        """Yield the start, the size and the pinned buffer of each piece, once that is free.

        Pieces `under_way` are copied to `target` before their buffer is used again.
        """
        slots = self._slots(device_id)
        for number, start in enumerate(range(0, nbytes, STAGED)):
            slot = slots[number % len(slots)]
            if under_way is not None and len(under_way) == len(slots):
                self._empty(under_way.pop(0), target)
            self._call("cuEventSynchronize", slot.event)
            yield start, min(STAGED, nbytes - start), slot

    def _empty(self, piece: tuple[int, int, _Slot], target: int) -> None:
        start, count, slot = piece
        self._call("cuEventSynchronize", slot.event)
        ctypes.memmove(target + start, slot.address, count)

    def _slots(self, device_id: int) -> list[_Slot]:
        """Return this thread's pinned buffers for a GPU."""
        slots: dict[int, list[_Slot]] = self._mine.__dict__.setdefault("slots", {})
        if device_id not in slots:
            slots[device_id] = [self._slot() for _ in range(_BUFFERS)]
        return slots[device_id]

    def _slot(self) -> _Slot:
        address = int(self._call("cuMemHostAlloc", STAGED, 1))  # 1: portable, for every context
        return _Slot(self, address, self._event())

    def _event(self) -> Any:
        return self._call("cuEventCreate", self._driver.CUevent_flags.CU_EVENT_DISABLE_TIMING)

    def copy_between(self, device_id: int, target: int, source: int, nbytes: int) -> None:
        """Copy within a GPU, in order with its kernels."""
        with self._current(device_id):
            self._call("cuMemcpyDtoDAsync", target, source, nbytes, self._handle(device_id))

    def copy_across(
        self, target_id: int, target: int, source_id: int, source: int, nbytes: int
    ) -> None:
        """Copy from one GPU to another, in order with the work of both; the host does not wait.

        One GPU writes to the other where the machine allows it. Elsewhere the bytes pass through
        pinned buffers, which one GPU fills while the other empties those before.
        """
        if target_id == source_id:
            self.copy_between(target_id, target, source, nbytes)
            return
        # The target's memory may be in use by earlier work of its GPU, and the source's is not
        # complete before that of the other: both are in order on the streams.
        self._follow(source_id, target_id)
        if self._are_peers(target_id, source_id):
            with self._current(target_id) as device:
                self._call(
                    "cuMemcpyPeerAsync", target, device.context,
                    source, self._device(source_id).context, nbytes, self._handle(target_id),
                )  # fmt: skip
        else:
            self._copy_staged(target_id, target, source_id, source, nbytes)
        # The source may be changed, or given back to its pool, after the copy.
        self._follow(target_id, source_id)

    def _follow(self, first_id: int, then_id: int) -> None:
        """Let later work of one GPU wait for what this thread has given to another one."""
        with self._current(first_id):  # an event and the stream that it is in: of one context
            event = self._event()
        try:
            self._follow_event(event, first_id, then_id)
        finally:
            with self._current(first_id):
                self._call("cuEventDestroy", event)

    def _follow_event(self, event: Any, first_id: int, then_id: int) -> None:
        """Let one GPU's later work wait for an event, which is recorded on another one now."""
        with self._current(first_id):
            self._call("cuEventRecord", event, self._handle(first_id))
        with self._current(then_id):
            self._call("cuStreamWaitEvent", self._handle(then_id), event, 0)

    def _copy_staged(
        self, target_id: int, target: int, source_id: int, source: int, nbytes: int
    ) -> None:
        """Copy by way of this thread's pinned buffers for the pair of GPUs."""
        slots = self._relays(source_id, target_id)
        for number, start in enumerate(range(0, nbytes, STAGED)):
            slot = slots[number % len(slots)]
            count = min(STAGED, nbytes - start)
            # The host does not wait: a buffer is filled again after the other GPU has emptied it.
            with self._current(source_id):
                handle = self._handle(source_id)
                self._call("cuStreamWaitEvent", handle, slot.emptied, 0)
                self._call("cuMemcpyDtoHAsync", slot.address, source + start, count, handle)
            self._follow_event(slot.event, source_id, target_id)
            with self._current(target_id):
                handle = self._handle(target_id)
                self._call("cuMemcpyHtoDAsync", target + start, slot.address, count, handle)
                self._call("cuEventRecord", slot.emptied, handle)

    def _relays(self, source_id: int, target_id: int) -> list[_Slot]:
        """Return this thread's pinned buffers between two GPUs."""
        relays: dict[tuple[int, int], list[_Slot]] = self._mine.__dict__.setdefault("relays", {})
        made = relays.get((source_id, target_id))
        if made is None:
            with self._current(source_id):
                made = [self._slot() for _ in range(_BUFFERS)]
            with self._current(target_id):
                for slot in made:
                    slot.emptied = self._event()
            relays[source_id, target_id] = made
        return made

    def _are_peers(self, one_id: int, other_id: int) -> bool:
        """Return whether two GPUs reach each other's memory; let them, at the first call."""
        pair = min(one_id, other_id), max(one_id, other_id)
        found = self._peers.get(pair)
        if found is None:
            with self._lock:
                found = self._peers.get(pair)
                if found is None:
                    found = self._peers[pair] = self._made_peers(*pair)
        return found

    def _made_peers(self, one_id: int, other_id: int) -> bool:
        directions = (one_id, other_id), (other_id, one_id)
        if not all(self._core.Device(one).can_access_peer(other) for one, other in directions):
            return False
        try:
            for reader_id, owner_id in directions:
                owner = self._device(owner_id)
                with self._current(reader_id):
                    # For memory of other libraries, one of which may have done this before.
                    status, *_ = self._driver.cuCtxEnablePeerAccess(owner.context, 0)
                    if int(status) not in (0, _ALREADY_PEERS):
                        return False
                # A pool is opened by itself.
                owner.pool.peer_accessible_by = {*owner.pool.peer_accessible_by, reader_id}
        except Exception:  # such as too many peers of a GPU: pinned memory does without
            return False
        return True

    def clear(self, device_id: int, address: int, nbytes: int) -> None:
        """Set bytes to zero, in order with the kernels."""
        with self._current(device_id):
            self._call("cuMemsetD8Async", address, 0, nbytes, self._handle(device_id))

    # Kernels

    def launch(self, kernel: Any, device_id: int, form: tuple[int, int], *numbers: int) -> None:
        """Start a kernel on (blocks, threads a block)."""
        with self._current(device_id) as device:
            loaded = kernel.machine_code.get(device_id)
            if loaded is None:
                loaded = self._loaded(kernel, device_id, device)
            block = self._block()
            for i, number in enumerate(numbers):
                block.numbers[i] = number
            self._call(
                "cuLaunchKernel", loaded.handle, form[0], 1, 1, form[1], 1, 1, 0,
                self._handle(device_id), block.address, 0,
            )  # fmt: skip

    def _loaded(self, kernel: Any, device_id: int, device: _Device) -> Any:
        with self._lock:  # compiled once, however many threads ask
            found = kernel.machine_code.get(device_id)
            if found is None:
                code, entry = self._compile(kernel.py_func, device.capability)
                try:
                    held = self._core.ObjectCode.from_cubin(code)
                    found = held.get_kernel(entry)
                except Exception as error:
                    raise _provider.KernelCompilationError(
                        f"gpu({device_id}) does not load the kernel {entry} ({error}); its driver "
                        "may be older than the compiler: update the driver, or install the extra "
                        "for it, numparam[cuda12]"
                    ) from error
                kernel.machine_code[device_id] = found
            return found

    def _block(self) -> _Block:
        """Return this thread's block of arguments: the driver has copied them when it returns."""
        block = getattr(self._mine, "block", None)
        if block is None:
            block = self._mine.block = _Block()
        return block

    def synchronize(self, device_id: int) -> None:
        """Wait until the GPU has done all its work."""
        with self._current(device_id):
            self._call("cuCtxSynchronize")

    def device_of(self, address: int) -> int | None:
        """Return the GPU that an address belongs to; None if it is not CUDA memory."""
        attribute = self._driver.CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
        status, ordinal = self._driver.cuPointerGetAttribute(attribute, address)
        return None if int(status) else int(ordinal)


class _Device:
    """One GPU: its context, its pool, its generation, and the streams of open blocks."""

    __slots__ = ("capability", "context", "pool", "streams")

    def __init__(self, context: Any, pool: Any, capability: tuple[int, int]) -> None:
        self.context = context
        self.pool = pool
        self.capability = capability
        self.streams: list[int] = []


class _Held:
    """Memory of a GPU, given back when nothing refers to it."""

    __slots__ = ("_buffer", "_device_id", "_driver")

    def __init__(self, driver: Driver, device_id: int, buffer: Any) -> None:
        self._driver = driver
        self._device_id = device_id
        self._buffer = buffer

    def __del__(self) -> None:
        # At the end of the process the driver may have gone before.
        with contextlib.suppress(Exception):
            self._driver._release(self._device_id, self._buffer)


class _Slot:
    """One pinned buffer, and the events that tell when GPUs are done with it.

    Between two GPUs `event` is recorded when the first has filled it, and `emptied` when the second
    has read it.
    """

    __slots__ = ("_driver", "address", "emptied", "event")

    def __init__(self, driver: Driver, address: int, event: Any, emptied: Any = None) -> None:
        self._driver = driver
        self.address = address
        self.event = event
        self.emptied = emptied

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            if os.getpid() == self._driver._process:
                for event in (self.event, self.emptied):
                    if event is not None:
                        self._driver._call("cuEventSynchronize", event)
                        self._driver._call("cuEventDestroy", event)
                self._driver._call("cuMemFreeHost", self.address)


class _Block:
    """Room for a kernel's int64 arguments, and the list of where each is, which never changes."""

    __slots__ = ("_pointers", "address", "numbers")

    def __init__(self) -> None:
        self.numbers = (ctypes.c_int64 * _MOST_ARGUMENTS)()
        start = ctypes.addressof(self.numbers)
        self._pointers = (ctypes.c_void_p * _MOST_ARGUMENTS)(
            *(start + 8 * i for i in range(_MOST_ARGUMENTS))
        )
        self.address = ctypes.addressof(self._pointers)


def _forget_all(driver: Driver | None) -> None:
    """Leave a forked process without any GPU, so that the first use says what to do."""
    if driver is not None:
        driver._devices, driver._peers, driver._lock = {}, {}, threading.RLock()


def _address(host: np.ndarray) -> int:
    return host.__array_interface__["data"][0]


def _error(name: str, status: Any) -> Exception:
    text = f"{name}: {getattr(status, 'name', status)}"
    return MemoryError(text) if "OUT_OF_MEMORY" in text else DriverError(text)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "OUT_OF_MEMORY" in f"{error}".upper()
