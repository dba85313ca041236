"""Access to CUDA: the only module that imports CUDA's packages, at their first use.

Nothing is decided at import. `device_count` asks NVIDIA's driver itself, without Numba; `require`
raises an error that names what is missing and how to install it; `device_memory` allocates, copies
and launches.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import importlib.metadata
import importlib.util
import os
import sys
import threading
from typing import Any

import numpy as np

from numparam.kernels import _kept_bytes

_NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
_ALIGNMENT = 256  # bytes: that of CUDA's own allocations
_INSTALL = (
    "install it with the extra that fits the driver's CUDA version, which nvidia-smi shows: "
    "pip install 'numparam[cuda13]', or 'numparam[cuda12]'"
)

_ready: set[tuple[int, int]] = set()  # (process, GPU) pairs that `require` has found usable


class CUDAUnavailableError(RuntimeError):
    """A requested GPU cannot be used; the message says what is missing."""


class KernelCompilationError(RuntimeError):
    """A CUDA kernel does not compile, or the GPU's driver does not load it."""


class CUDAImportError(CUDAUnavailableError, ImportError):
    """The package that provides CUDA is missing or cannot be imported."""


def simulated() -> bool:
    """Return whether Numba's simulator stands in for a GPU (``NUMBA_ENABLE_CUDASIM=1``)."""
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
    """Check that a GPU can be used.

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
    return (0, too_old) if (too_old := _too_old(driver)) else (count.value, "")


def _too_old(driver: Any) -> str:
    """Return what is wrong if the driver is older than the packages that use it; else nothing."""
    version = ctypes.c_int(0)
    if driver.cuDriverGetVersion(ctypes.byref(version)):
        return ""
    try:
        needed = int(importlib.metadata.version("cuda-bindings").partition(".")[0])
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""  # `device_memory` names what is missing
    major, minor = version.value // 1000, version.value % 1000 // 10
    if major >= needed:
        return ""
    other = f", or install the extra for it: pip install 'numparam[cuda{major}]'"
    return (
        f"NVIDIA's driver is one for CUDA {major}.{minor}, and the installed package cuda-bindings "
        f"needs one for CUDA {needed}; update the driver{other if major >= 12 else ''}"
    )


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


def part(name: str) -> Any:
    """Import and return a module of ``numba.cuda``."""
    numba_cuda()
    return importlib.import_module(f"numba.cuda.{name}")


def extending() -> tuple[Any, Any]:
    """Return Numba's ``intrinsic`` decorator for CUDA and the module of its types."""
    return part("extending").intrinsic, part("types")


@functools.cache
def device_memory() -> Any:
    """Return what allocates, copies and launches: NVIDIA's driver, or the simulator."""
    if simulated():
        return _Simulator()
    numba_cuda()
    try:
        driver = importlib.import_module("cuda.bindings.driver")
        core = importlib.import_module("cuda.core")
    except ImportError as error:
        raise CUDAImportError(
            f"the packages cuda-core and cuda-bindings cannot be imported ({error}); {_INSTALL}"
        ) from error
    # Modules that need CUDA's packages.
    from numparam.kernels.cuda import _driver

    per_thread = os.environ.get("NUMBA_CUDA_PER_THREAD_DEFAULT_STREAM", "0") not in ("", "0")
    kept = _kept_bytes.wanted()
    limits = {} if kept is None else {"kept_bytes": kept}
    return _driver.Driver(driver, core, compiled, 2 if per_thread else 1, **limits)


def compiled(function: Any, capability: tuple[int, int]) -> tuple[bytes, str]:
    """Return a kernel's machine code for a generation of GPUs, from disk or compiled now."""
    # Modules that import Numba.
    from numparam.kernels.cuda import _compile, _cubins

    try:
        return _cubins.load(function, capability, _compile.cubin)
    except ImportError as error:  # what Numba raises for a missing part of the toolkit
        raise CUDAUnavailableError(
            f"CUDA kernels cannot be compiled ({error}); {_INSTALL}"
        ) from error
    except Exception as error:
        raise KernelCompilationError(
            f"the kernel {function.__qualname__} does not compile for sm_{capability[0]}"
            f"{capability[1]} ({type(error).__name__}: {error}); it was written for numba-cuda "
            f"0.30.4, and {_cubins.versions()} are installed"
        ) from error


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

    def copy_across(
        self, target_id: int, target: int, source_id: int, source: int, nbytes: int
    ) -> None:
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

    def stream_of(self, device_id: int) -> int:
        return self.default_stream

    def stream(self, device_id: int, stream: int) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def wait_for(self, stream: int, device_id: int) -> None:
        pass

    def let_wait(self, stream: int, device_id: int) -> None:
        pass

    def empty_cache(self, device_id: int) -> None:
        pass

    def capability(self, device_id: int) -> None:
        return None

    def device_of(self, address: int) -> int | None:
        return 0
