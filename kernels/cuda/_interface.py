"""Arrays of other libraries, taken through ``__cuda_array_interface__`` without a copy.

CuPy, PyTorch and Numba speak it; version 3 is described in Numba's documentation.
"""

from __future__ import annotations

import math

import numpy as np

from numparam.kernels import _gate
from numparam.kernels.cuda import _provider
from numparam.kernels.cuda._memory import DeviceArray


def borrow(array: object, name: str) -> DeviceArray:
    """Describe an array in a GPU's memory as a `DeviceArray`, which keeps it alive.

    Parameters
    ----------
    array : DeviceArray or object with ``__cuda_array_interface__``
        C-contiguous, aligned, native-endian, of one of the kernels' dtypes. What its library has
        issued for it on a stream of its own is waited for.
    name : str
        How messages call it.

    Raises
    ------
    TypeError
        If it is not in a GPU's memory, or its dtype is not one of the kernels'.
    ValueError
        If its layout is another, it is masked, or its stream is 0.
    """
    if type(array) is DeviceArray:
        return array
    form = getattr(array, "__cuda_array_interface__", None)
    if form is None:
        raise TypeError(
            f"{name} is not in a GPU's memory ({type(array).__name__}); numparam.kernels.cuda "
            "takes what has __cuda_array_interface__: arrays of CuPy, PyTorch, numba.cuda.to_device"
        )
    if form.get("mask") is not None:
        raise ValueError(f"{name} is masked; pass its plain values")
    shape = tuple(form["shape"])
    dtype = _dtype(form["typestr"], name)
    _refuse_layout(shape, form.get("strides"), dtype, name)
    address, read_only = form["data"]
    address = int(address or 0)
    if address % dtype.itemsize:
        raise ValueError(f"{name} is not aligned to its {dtype.itemsize}-byte elements")
    device_id = 0
    if math.prod(shape):
        found = _provider.device_memory().device_of(address)
        if found is None:
            raise ValueError(
                f"{name} points to {address:#x}, which is not a GPU's memory, or not any more"
            )
        device_id = found
        _wait(form.get("stream"), device_id, name)
    return DeviceArray(shape, dtype, address, device_id, array, not read_only)


def _dtype(typestr: str, name: str) -> np.dtype:
    # No standard code stands for bfloat16; ml_dtypes, PyTorch and CuPy write this one.
    dtype = _gate.BFLOAT16 if typestr[1:] == "V2" else np.dtype(typestr)
    _gate.kind(dtype.newbyteorder("="))
    if not dtype.isnative:
        raise ValueError(f"{name} is not in native byte order (dtype {typestr})")
    return dtype


def _refuse_layout(
    shape: tuple[int, ...], strides: tuple[int, ...] | None, dtype: np.dtype, name: str
) -> None:
    if strides is None or not math.prod(shape):
        return
    expected = dtype.itemsize
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length != 1 and stride != expected:
            raise ValueError(
                f"{name} is not C-contiguous (shape {shape}, strides {tuple(strides)} bytes); pass "
                "a contiguous copy: cupy.ascontiguousarray(a), tensor.contiguous()"
            )
        expected *= length


def _wait(stream: int | None, device_id: int, name: str) -> None:
    if stream is None:
        return
    if stream == 0:
        raise ValueError(f"{name} names stream 0, which the interface forbids as ambiguous")
    memory = _provider.device_memory()
    if stream != memory.stream_of(device_id):
        memory.wait_for(stream, device_id)
