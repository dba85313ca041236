"""Checks that every array passes before a CUDA kernel sees it.

The twin of `numparam.kernels._gate`: nothing is copied here, so an array of another layout
raises an error instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from numparam.kernels import _gate
from numparam.kernels.cuda._interface import borrow
from numparam.kernels.cuda._memory import DeviceArray


def sources(arrays: Iterable[object], name: str = "sources") -> list[DeviceArray]:
    """Check at least one source, all of one shape, dtype and GPU."""
    checked = _each(arrays, name)
    if not checked:
        raise ValueError(f"{name} is empty; at least one array is needed")
    first = checked[0]
    for i, array in enumerate(checked):
        if array.shape != first.shape or array.dtype != first.dtype:
            raise ValueError(
                f"{name} must agree in shape and dtype: {name}[0] is {first.dtype}{first.shape}, "
                f"{name}[{i}] is {array.dtype}{array.shape}"
            )
    return checked


def output(array: object, name: str = "out", *, writeable: bool = True) -> DeviceArray:
    """Check that a kernel may use `array` in place; with ``writeable=False`` it is only read."""
    checked = borrow(array, name)
    if writeable and not checked.writeable:
        raise ValueError(f"{name} is read-only; pass a writeable array")
    return checked


def outputs(
    arrays: Iterable[object], name: str = "arrays", *, writeable: bool = True
) -> list[DeviceArray]:
    """Check each of any number of arrays as `output` does; any shapes and dtypes."""
    checked = _each(arrays, name)
    for i, array in enumerate(checked):
        output(array, f"{name}[{i}]", writeable=writeable)
    return checked


def _each(arrays: Iterable[object], name: str) -> list[DeviceArray]:
    if hasattr(arrays, "__cuda_array_interface__") or not isinstance(arrays, Iterable):
        raise TypeError(f"{name} must be a list of arrays, not one {type(arrays).__name__}")
    return [borrow(array, f"{name}[{i}]") for i, array in enumerate(arrays)]


def one_device(arrays: Sequence[DeviceArray], names: Sequence[str]) -> int:
    """Return the GPU that all arrays are on; an empty array is on every one."""
    found = None
    for array, name in zip(arrays, names, strict=True):
        if not array.nbytes:
            continue
        if found is None:
            found = array.device_id, name
        elif array.device_id != found[0]:
            raise ValueError(
                f"{name} is on gpu({array.device_id}) and {found[1]} on gpu({found[0]}); one call "
                "works on one GPU: copy them to the same one first"
            )
    return arrays[0].device_id if found is None else found[0]


def overlap(left: DeviceArray, right: DeviceArray) -> bool:
    """Return whether two arrays share memory."""
    return bool(left.nbytes and right.nbytes) and (
        left.address < right.address + right.nbytes and right.address < left.address + left.nbytes
    )


def refuse_partial_overlap(out: DeviceArray, others: Sequence[DeviceArray], name: str) -> None:
    """Check that `out` shares no part of its memory with one of `others`, all of its form.

    The very same memory is allowed: element i is read before element i is written.
    """
    for i, other in enumerate(others):
        if other.address != out.address and overlap(out, other):
            raise ValueError(
                f"out overlaps part of {name}[{i}]; it may be exactly one of them "
                "or share no memory with any"
            )


def apart(written: DeviceArray, name: str, **read: DeviceArray) -> None:
    """Check that the written array shares no memory with the others."""
    for other_name, other in read.items():
        if overlap(written, other):
            raise ValueError(
                f"{name} shares memory with {other_name}; pass an array of its own or a copy"
            )


def same_form(array: DeviceArray, like: DeviceArray, name: str = "out") -> None:
    """Check that an output has the shape and dtype of `like`."""
    _gate.same_form(array, like, name)  # type: ignore[arg-type]
