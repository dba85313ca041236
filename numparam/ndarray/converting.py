"""Copies of arrays: to another context, in another dtype, or into an existing array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.base import MXNetError
from numparam.devices.backend import Backend, Buffer
from numparam.devices.registry import backend_of
from numparam.ndarray.operations.operation import Operation, register

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["COPY", "MOVE", "check_copyto", "moved", "write_converted"]


def moved(
    buffer: Buffer, source: Backend, target: Backend, dtype: np.dtype[Any] | None = None
) -> Buffer:
    """Copy a buffer into new memory of a device.

    Parameters
    ----------
    buffer : Buffer
        What is copied.
    source, target : Backend
        Where it is, and where the copy goes.
    dtype : numpy.dtype, optional
        The dtype of the copy, if it is another one.
    """
    if target is not source:
        buffer = target.fetched(buffer, source)
        if dtype is None or dtype == buffer.dtype:
            return buffer
    elif dtype is None or dtype == buffer.dtype:
        return target.copied(buffer)
    return target.converted(buffer, dtype)


def write_converted(source: NDArray, target: NDArray) -> None:
    """Write a dense array into another one of its shape, of any dtype and on any context."""
    buffer, backend = source._memory, target._backend
    if backend is not source._backend:
        buffer = backend.fetched(buffer, source._backend)
    try:
        backend.convert_into(buffer, target._memory)
    except ValueError:  # the kernels refuse a source that overlaps a part of the target
        backend.convert_into(backend.copied(buffer), target._memory)


def check_copyto(source: NDArray, target: NDArray) -> None:
    """Check that one array can be copied into another one.

    Raises
    ------
    MXNetError
        If the shapes differ.
    ValueError
        If the target shares memory that must not be written.
    """
    if target.shape != source.shape:
        raise MXNetError(
            f"copyto needs an array of shape {source.shape} to write into; "
            f"the one given has {target.shape}"
        )
    target._require_writable()


def _move(inputs: Sequence[NDArray], attributes: dict[str, Any], out: Any) -> Any:
    (array,) = inputs
    context, dtype = attributes.get("ctx") or array._ctx, attributes.get("dtype")
    here = there = array._backend
    if context is not array._ctx:
        there = backend_of(context.device_type, context.device_id)
    buffer = moved(array._memory, here, there, dtype)
    return array._array_class.from_buffer(buffer, context, there)


def _copy(inputs: Sequence[NDArray], attributes: dict[str, Any], out: Any) -> Any:
    if out is None:
        return _move(inputs, attributes, out)
    write_converted(inputs[0], out)
    return out


def _forward(data: np.ndarray, **attributes: Any) -> np.ndarray:
    return data.copy()


def _itself(cotangent: np.ndarray) -> np.ndarray:
    """Return the cotangent itself; the tape moves and converts it."""
    return cotangent


#: A copy on the context ``ctx``, and of ``dtype`` where that is given.
MOVE = register(
    Operation(
        "_move",
        _forward,
        inputs=("data",),
        attributes={"ctx": None, "dtype": None},
        arrays=_move,
        vjp=_itself,
        summary="Copy an array to a context.",
    )
)

#: A copy into ``out``, whatever its dtype and context.
COPY = register(
    Operation(
        "_copyto",
        _forward,
        inputs=("data",),
        arrays=_copy,
        vjp=_itself,
        summary="Copy an array into another one.",
    )
)
