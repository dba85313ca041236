"""Conversion of an array to another dtype, and plain copies, on a GPU."""

from __future__ import annotations

import numpy as np

from numparam.kernels import _gate
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cuda import _device_gate, _launch, _memory
from numparam.kernels.cuda._interface import borrow
from numparam.kernels.cuda._memory import DeviceArray


def cast(source: object, dtype: object = None, out: np.ndarray | None = None) -> np.ndarray:
    """Convert an array to another dtype, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.cast.cast`, with C-contiguous arrays of
    one GPU, which is not waited for. The same bits. Moves source.nbytes + out.nbytes.
    """
    array = borrow(source, "source")
    if out is None:
        target = _memory.empty(array.shape, _target_dtype(dtype), array.device_id)
    else:
        target = _device_gate.output(out)
        if dtype is not None and _gate.kind(_target_dtype(dtype)) != _gate.kind(target.dtype):
            raise ValueError(
                f"dtype is {_target_dtype(dtype)} but out is {target.dtype}; "
                "give one of them, or both alike"
            )
        if target.shape != array.shape:
            raise ValueError(f"out must have the source's shape {array.shape}, not {target.shape}")
        _refuse_partial_overlap(target, array)
    _write(array, target)
    return target if out is None else out


def copy(source: object, out: np.ndarray | None = None) -> np.ndarray:
    """Copy an array into another one of the same dtype, bit for bit.

    Parameters and errors are those of `numparam.kernels.cpu.cast.copy`, with C-contiguous arrays of
    one GPU, which is not waited for. Moves 2 × nbytes.
    """
    array = borrow(source, "source")
    if out is None:
        target = _memory.empty(array.shape, array.dtype, array.device_id)
    else:
        target = _device_gate.output(out)
        _device_gate.same_form(target, array)
        _refuse_partial_overlap(target, array)
    _write(array, target)
    return target if out is None else out


def _refuse_partial_overlap(target: DeviceArray, array: DeviceArray) -> None:
    same = target.address == array.address and target.nbytes == array.nbytes
    if not same and _device_gate.overlap(target, array):
        raise ValueError(
            "out overlaps part of source[0]; it may be exactly one of them "
            "or share no memory with any"
        )


def _target_dtype(dtype: object) -> np.dtype:
    if dtype is None:
        raise TypeError("cast needs the dtype of its result: give dtype or out")
    wanted = np.dtype(dtype)  # type: ignore[call-overload]
    return _gate.BFLOAT16 if _gate.kind(wanted) == "bfloat16" else wanted


def _write(source: DeviceArray, target: DeviceArray) -> None:
    """Convert between contiguous arrays of one shape: the same memory, or without overlap."""
    device_id = _device_gate.one_device([target, source], ["out", "source"])
    if not target.size:
        return
    given, wanted = _gate.kind(source.dtype), _gate.kind(target.dtype)
    if given == wanted:
        if target.address != source.address:
            _memory.copy_into(target, source)
        return
    from numparam.kernels.cuda import _casting  # needs numba-cuda

    size = max(ITEMSIZE[given], ITEMSIZE[wanted])
    aligned = not (source.address | target.address) % 16
    lanes = 16 // size if aligned else 1
    _launch.run(
        _casting.convert_lanes(given, wanted, lanes), device_id, -(-target.size // lanes),
        source.address, target.address, target.size,
    )  # fmt: skip
