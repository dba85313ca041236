"""GPUs of Numba's simulator that serve a device type, with a stand-in for CuPy.

The simulator's memory is the host's, so NumPy itself can evaluate what CuPy would.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from numparam.devices import registry
from numparam.kernels.cuda import _ids, _launch, _pointers, _provider

GPUS = 8


class Array(np.ndarray):
    """CuPy's array: NumPy's functions take it, and it speaks the CUDA array interface."""

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "strides": None if self.flags.c_contiguous else self.strides,
            "typestr": self.dtype.str,
            "data": (self.__array_interface__["data"][0], not self.flags.writeable),
            "version": 3,
            "stream": None,
        }


class _UnownedMemory:
    def __init__(self, address: int, nbytes: int, owner: object, device_id: int) -> None:
        self.address, self.nbytes, self.owner = address, nbytes, owner


def _array(shape: tuple[int, ...], dtype: np.dtype, memptr: Any) -> Array:
    held = (ctypes.c_uint8 * memptr.nbytes).from_address(memptr.address)
    held.owner = memptr.owner  # keeps the memory alive
    return np.frombuffer(held, np.uint8).view(dtype).reshape(shape).view(Array)


def stand_in_for_cupy() -> ModuleType:
    """Return a module with what numparam asks CuPy for."""
    module: Any = ModuleType("cupy")
    module.ndarray = _array
    module.empty = lambda shape, dtype: np.empty(shape, dtype).view(Array)
    module.ascontiguousarray = lambda array: np.array(array, order="C", copy=None, subok=True)
    module.cuda = SimpleNamespace(
        UnownedMemory=_UnownedMemory,
        MemoryPointer=lambda memory, offset: memory,
        Device=lambda device_id: contextlib.nullcontext(),
    )
    return module


@contextlib.contextmanager
def simulated_gpus(device_type: str = "gpu") -> Iterator[None]:
    """Let simulated GPUs serve `device_type` inside the block, with few threads.

    Contexts of the host are all the same GPU: the API takes it that they reach each other's memory.
    """
    # The class is imported late: without the simulator nothing here needs CUDA.
    from numparam.devices.cuda import CUDABackend

    made: dict[int, CUDABackend] = {}

    def factory(device_id: int) -> CUDABackend:
        if device_id not in made:
            made[device_id] = CUDABackend(device_id if device_type == "gpu" else 0)
        return made[device_id]

    before = registry.factory_of(device_type)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_provider, "_survey", lambda: (GPUS, ""))
        patch.setattr(_provider, "_ready", set())  # those of the block are gone after it
        patch.setitem(sys.modules, "cupy", stand_in_for_cupy())
        patch.setattr(_launch, "THREADS", 4)
        patch.setattr(_launch, "MOST_BLOCKS", 2)
        patch.setattr(_pointers, "CHUNK", 64)
        patch.setattr(_ids, "_CHUNK_BITS", 2)
        patch.setattr(_ids, "_SEGMENT_BITS", 3)
        registry.register(device_type, factory)
        try:
            yield
        finally:
            registry.register(device_type, before)
