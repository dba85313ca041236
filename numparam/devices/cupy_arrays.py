"""Evaluation of NumPy functions on a GPU's memory, by CuPy.

NumPy's functions reach CuPy's arrays by ``__array_function__`` and ``__array_ufunc__``. CuPy sees
the memory of our buffers, and we take the memory of its results: nothing is copied, and nothing
goes to the host. It has no bfloat16: such buffers are evaluated as float32, and floating-point
results are rounded to bfloat16, where all floating-point buffers had that type.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.devices.backend import Buffer

__all__ = ["MissingCuPyError", "apply", "update"]

_INSTALL = (
    "most operations on a GPU are evaluated by CuPy, which is not installed; install it with the "
    "extra that fits the driver's CUDA version, which nvidia-smi shows: "
    "pip install 'numparam[cupy13]', or 'numparam[cupy12]'. numparam does not copy to the host "
    "silently: as_in_context(cpu()) does it"
)


class MissingCuPyError(MXNetError, ImportError):
    """An operation needs CuPy, and it is not installed."""


def _cupy(name: str) -> Any:
    try:
        return importlib.import_module("cupy")
    except ImportError as error:
        raise MissingCuPyError(f"{name} cannot be evaluated: {_INSTALL}") from error


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", function))


def _is_bfloat16(buffer: Buffer) -> bool:
    return buffer.dtype.name == "bfloat16"


def _seen(cupy: Any, buffer: Buffer) -> Any:
    """Return CuPy's array over a buffer's memory, which it keeps alive."""
    if not buffer.nbytes:
        return cupy.empty(buffer.shape, buffer.dtype)
    memory = cupy.cuda.UnownedMemory(
        buffer.address, buffer.nbytes, buffer, device_id=buffer.device_id
    )
    pointer = cupy.cuda.MemoryPointer(memory, 0)
    return cupy.ndarray(buffer.shape, buffer.dtype, memptr=pointer)


def apply(backend: Any, function: Callable[..., Any], buffers: tuple[Buffer, ...]) -> Any:
    """Evaluate a function of arrays on buffers of a GPU; see `Backend.apply`."""
    cupy = _cupy(_name(function))
    floats = [one for one in buffers if one.dtype.kind == "f" or _is_bfloat16(one)]
    narrow = bool(floats) and all(map(_is_bfloat16, floats))
    with cupy.cuda.Device(backend.device_id), _in_our_stream(cupy, backend):
        seen = [_seen(cupy, one) for one in _widened(backend, buffers)]
        result = function(*seen)
        return _taken(cupy, backend, result, buffers, narrow)


def update(
    backend: Any, function: Callable[..., None], target: Buffer, buffers: tuple[Buffer, ...]
) -> None:
    """Call a function that writes into its first array; see `Backend.update`."""
    cupy = _cupy(_name(function))
    with cupy.cuda.Device(backend.device_id), _in_our_stream(cupy, backend):
        [aside, *others] = _widened(backend, (target, *buffers))
        function(_seen(cupy, aside), *(_seen(cupy, one) for one in others))
        if aside is not target:
            backend.convert_into(aside, target)


def _in_our_stream(cupy: Any, backend: Any) -> AbstractContextManager[Any]:
    """Let CuPy give its work to the stream that ours goes to, so that both are in order."""
    if backend.stream == 1:
        return nullcontext()  # CuPy's own default
    stream: AbstractContextManager[Any] = cupy.cuda.ExternalStream(backend.stream)
    return stream


def _widened(backend: Any, buffers: tuple[Buffer, ...]) -> list[Buffer]:
    return [
        backend.converted(one, np.dtype(np.float32)) if _is_bfloat16(one) else one
        for one in buffers
    ]


def _taken(cupy: Any, backend: Any, result: Any, buffers: tuple[Buffer, ...], narrow: bool) -> Any:
    """Return new buffers for arrays of CuPy, of its memory or, of views of inputs, of a copy."""
    if isinstance(result, tuple):
        return tuple(_taken(cupy, backend, one, buffers, narrow) for one in result)
    if not hasattr(result, "__cuda_array_interface__"):
        # What a function has made on the host, such as an array of indices.
        return backend.upload(np.asarray(result)) if isinstance(result, np.ndarray) else result
    made = backend.borrowed(cupy.ascontiguousarray(result))
    if narrow and made.dtype.kind == "f":
        return backend.converted(made, backend.bfloat16)
    if any(_shares(made, one) for one in buffers):
        return backend.copied(made)
    return made


def _shares(left: Buffer, right: Buffer) -> bool:
    return bool(left.nbytes and right.nbytes) and (
        left.address < right.address + right.nbytes and right.address < left.address + left.nbytes
    )
