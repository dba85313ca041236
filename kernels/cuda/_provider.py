"""Access to CUDA: the only module that imports ``numba.cuda``, at its first use.

Nothing is decided at import. `device_count` asks NVIDIA's driver itself, without Numba; `require`
raises an error that names what is missing and how to install it; `device_memory` allocates, copies
and launches.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import importlib.util
import os
import sys
import threading
from typing import Any

import numpy as np

_NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
_ORDINAL = 9  # CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
_ALIGNMENT = 256  # bytes: that of CUDA's own allocations
_INSTALL = (
    "install it with the extra that fits the driver's CUDA version, which nvidia-smi shows: "
    "pip install 'numparam[cuda13]', or 'numparam[cuda12]'"
)

_ready: set[tuple[int, int]] = set()  # (process, GPU) pairs that `require` has found usable


class CUDAUnavailableError(RuntimeError):
    """A GPU is asked for that cannot be used; the message says what is missing."""


class CUDAImportError(CUDAUnavailableError, ImportError):
    """The package that provides CUDA is missing or cannot be imported."""


def simulated() -> bool:
    """Whether Numba's simulator stands for a GPU (``NUMBA_ENABLE_CUDASIM=1``)."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def device_count() -> int:
    """Count the GPUs that can be used now.

    Returns
    -------
    int
        0 where the package, the driver or a GPU is missing; 1 on the simulator. Never raises, and
        never imports Numba.

    Examples
    --------
    >>> from numparam.kernels.cuda import _provider
    >>> _provider.device_count() >= 0
    True
    """
    return _survey()[0]


def require(device_id: int) -> None:
    """Make sure that a GPU can be used.

    Parameters
    ----------
    device_id : int
        Number of the GPU, as CUDA counts the visible ones.

    Raises
    ------
    CUDAUnavailableError
        If the package, the driver or this GPU is missing. The message says which, and what to do.
    """
    # A forked child has to ask again.
    key = os.getpid(), device_id
    if key in _ready:
        return
    count, problem = _survey()
    if problem:
        raise CUDAUnavailableError(f"gpu({device_id}) cannot be used: {problem}")
    if not 0 <= device_id < count:
        seen = "the only one is gpu(0)" if count == 1 else f"there are gpu(0) to gpu({count - 1})"
        raise CUDAUnavailableError(f"there is no gpu({device_id}): {seen}{_visible()}")
    _ready.add(key)


def _survey() -> tuple[int, str]:
    """Count the usable GPUs; if there are none, return the reason too."""
    if simulated():
        return 1, ""
    if importlib.util.find_spec("numba_cuda") is None:
        return 0, f"the package numba-cuda is not installed; {_INSTALL}"
    if os.environ.get("NUMBA_DISABLE_CUDA", "0") not in ("", "0"):
        return 0, "the environment variable NUMBA_DISABLE_CUDA is set; unset it"
    driver = _driver()
    if driver is None:
        return 0, (
            f"NVIDIA's driver library {_driver_names()[0]} could not be loaded; install the GPU's "
            "driver (in a container, start it with the GPU: --gpus all), until nvidia-smi "
            "lists the GPU"
        )
    count = ctypes.c_int(0)
    code = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if code == _NO_DEVICE or not (code or count.value):
        return 0, f"NVIDIA's driver sees no GPU{_visible()}; nvidia-smi must list one"
    if code:
        return 0, (
            f"NVIDIA's driver does not start: {_name_of(driver, code)}. A process that was forked "
            "after CUDA's first use cannot use it: start it with multiprocessing's 'spawn'"
        )
    return count.value, ""


def _visible() -> str:
    devices = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "" if devices is None else f" (CUDA_VISIBLE_DEVICES is {devices!r})"


def _driver_names() -> list[str]:
    if sys.platform == "win32":
        return ["nvcuda.dll"]
    return ["libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1"]


@functools.cache
def _driver() -> Any:
    for name in _driver_names():
        with contextlib.suppress(OSError):
            return ctypes.CDLL(name)
    return None


def _name_of(driver: Any, code: int) -> str:
    text = ctypes.c_char_p()
    if driver.cuGetErrorName(code, ctypes.byref(text)) or text.value is None:
        return f"error {code}"
    return text.value.decode()


def numba_cuda() -> Any:
    """Import and return ``numba.cuda``, of the package numba-cuda or the simulator.

    Raises
    ------
    CUDAImportError
        If the package is missing or cannot be imported. No driver is needed for the import.
    """
    if not simulated() and importlib.util.find_spec("numba_cuda") is None:
        raise CUDAImportError(f"the package numba-cuda is not installed; {_INSTALL}")
    try:
        return importlib.import_module("numba.cuda")
    except ImportError as error:
        raise CUDAImportError(
            f"the package numba-cuda cannot be imported ({error}); {_INSTALL}"
        ) from error


def extending() -> tuple[Any, Any]:
    """Return Numba's ``intrinsic`` decorator for CUDA and the module of its types."""
    numba_cuda()
    module = importlib.import_module("numba.cuda.extending")
    return module.intrinsic, importlib.import_module("numba.cuda.types")


@functools.cache
def device_memory() -> Any:
    """Return what allocates, copies and launches: Numba on a GPU, or the simulator."""
    return _Simulator() if simulated() else _Numba()


class _Numba:
    """GPUs through numba-cuda, on each GPU's default stream."""

    def __init__(self) -> None:
        self._cuda = numba_cuda()
        per_thread = os.environ.get("NUMBA_CUDA_PER_THREAD_DEFAULT_STREAM", "0") not in ("", "0")
        # As __cuda_array_interface__ numbers the default streams.
        self.default_stream = 2 if per_thread else 1

    def allocate(self, device_id: int, nbytes: int) -> tuple[int, Any]:
        """Return the address of `nbytes` > 0 bytes, and what holds them."""
        with self._cuda.gpus[device_id]:
            try:
                memory = self._cuda.device_array(nbytes, np.uint8)
            except Exception as error:
                if not _is_out_of_memory(error):
                    raise
                raise MemoryError(
                    f"gpu({device_id}) has no room for {nbytes:,} more bytes{self._room()}; "
                    "free arrays on it, or use smaller ones"
                ) from error
            return memory.__cuda_array_interface__["data"][0], memory

    def _room(self) -> str:
        with contextlib.suppress(Exception):
            free, total = self._cuda.current_context().get_memory_info()
            return f" ({free:,} of its {total:,} are free)"
        return ""

    def _bytes(self, address: int, nbytes: int) -> Any:
        form = {
            "shape": (nbytes,), "typestr": "|u1", "data": (address, False),
            "strides": None, "stream": None, "version": 3,
        }  # fmt: skip
        return self._cuda.from_cuda_array_interface(form, sync=False)

    def copy_in(self, device_id: int, address: int, host: np.ndarray) -> None:
        """Copy a contiguous host array to an address of the GPU."""
        with self._cuda.gpus[device_id]:
            self._bytes(address, host.nbytes).copy_to_device(host.reshape(-1).view(np.uint8))

    def copy_out(self, device_id: int, address: int, host: np.ndarray) -> None:
        """Copy from an address of the GPU into a contiguous host array, after all work before."""
        with self._cuda.gpus[device_id]:
            self._bytes(address, host.nbytes).copy_to_host(host.reshape(-1).view(np.uint8))

    def copy_between(self, device_id: int, target: int, source: int, nbytes: int) -> None:
        """Copy within a GPU, in order with its kernels."""
        with self._cuda.gpus[device_id]:
            self._bytes(target, nbytes).copy_to_device(self._bytes(source, nbytes))

    def launch(self, kernel: Any, device_id: int, form: tuple[int, int], *args: int) -> None:
        """Start a kernel on (blocks, threads a block)."""
        with self._cuda.gpus[device_id]:
            try:
                kernel[form](*args)
            except ImportError as error:  # what Numba raises for a missing part of the toolkit
                raise CUDAUnavailableError(
                    f"kernels for gpu({device_id}) cannot be compiled ({error}); {_INSTALL}"
                ) from error

    def memory_info(self, device_id: int) -> tuple[int, int]:
        """Return the free and the total bytes of the GPU."""
        with self._cuda.gpus[device_id]:
            free, total = self._cuda.current_context().get_memory_info()
            return int(free), int(total)

    def synchronize(self, device_id: int) -> None:
        """Wait until the GPU has done all its work."""
        with self._cuda.gpus[device_id]:
            self._cuda.synchronize()

    def wait_for(self, stream: int, device_id: int) -> None:
        """Wait for what another library has given to its stream."""
        with self._cuda.gpus[device_id]:
            self._cuda.external_stream(stream).synchronize()

    def device_of(self, address: int) -> int | None:
        """Return the GPU that an address belongs to; None if it is not CUDA memory."""
        ordinal = ctypes.c_int(-1)
        driver = _driver()
        found = driver.cuPointerGetAttribute(
            ctypes.byref(ordinal), _ORDINAL, ctypes.c_uint64(address)
        )
        return None if found else ordinal.value


class _Simulator:
    """One pretended GPU, whose memory is the host's."""

    default_stream = 1

    def __init__(self) -> None:
        self._one = threading.RLock()  # the simulator runs one kernel at a time

    def allocate(self, device_id: int, nbytes: int) -> tuple[int, Any]:
        memory = np.empty(nbytes + _ALIGNMENT, np.uint8)
        start = memory.__array_interface__["data"][0]
        return -(-start // _ALIGNMENT) * _ALIGNMENT, memory

    def copy_in(self, device_id: int, address: int, host: np.ndarray) -> None:
        ctypes.memmove(address, host.__array_interface__["data"][0], host.nbytes)

    def copy_out(self, device_id: int, address: int, host: np.ndarray) -> None:
        ctypes.memmove(host.__array_interface__["data"][0], address, host.nbytes)

    def copy_between(self, device_id: int, target: int, source: int, nbytes: int) -> None:
        ctypes.memmove(target, source, nbytes)

    def clear(self, device_id: int, address: int, nbytes: int) -> None:
        ctypes.memset(address, 0, nbytes)

    def launch(self, kernel: Any, device_id: int, form: tuple[int, int], *args: int) -> None:
        with self._one:
            kernel[form](*args)

    def memory_info(self, device_id: int) -> tuple[int, int]:
        return 0, 0

    def synchronize(self, device_id: int) -> None:
        pass

    def wait_for(self, stream: int, device_id: int) -> None:
        pass

    def device_of(self, address: int) -> int | None:
        return 0


def _is_out_of_memory(error: Exception) -> bool:
    # Memory managers that users plug into Numba raise MemoryError themselves.
    return isinstance(error, MemoryError) or "OUT_OF_MEMORY" in f"{error}".upper()
