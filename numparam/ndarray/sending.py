"""Sending arrays to other processes: arrays in shared memory are sent by reference.

Only `multiprocessing` does so, as with MXNet's arrays; pickles and files hold values.
"""

from __future__ import annotations

from typing import Any

from numparam.context import Context
from numparam.devices.registry import backend_of
from numparam.devices.shared import Reference, reference_to, referred, send_by_reference
from numparam.ndarray.ndarray import NDArray

__all__ = ["send_shared_memory"]


def send_shared_memory(cls: type[NDArray]) -> type[NDArray]:
    """Make `multiprocessing` send shared memory's arrays of a dense class by reference."""
    send_by_reference(cls, _reduced)
    return cls


def _reduced(array: NDArray) -> Any:
    if array._ctx.device_type == "cpu_shared":
        reference = reference_to(array._buffer)
        if reference is not None:
            return _rebuilt, (type(array), array._ctx, reference)
    return array.__reduce_ex__(2)


def _rebuilt(cls: type[NDArray], ctx: Context, reference: Reference) -> NDArray:
    backend = backend_of(ctx.device_type, ctx.device_id)
    return cls.from_buffer(referred(*reference), ctx, backend)
