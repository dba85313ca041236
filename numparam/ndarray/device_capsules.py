"""DLPack capsules of GPU memory.

Nothing is copied, and nobody waits on the host: the consumer's stream waits for what was given to
ours before. A buffer is described by its ``__cuda_array_interface__``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.ndarray import capsules
from numparam.ndarray.capsules import UnshareableError

__all__ = [
    "GPU_TYPES",
    "device_of",
    "exported",
    "exported_for_writing",
    "imported",
    "imported_from",
]

_HOST = (1, 0)
_GPU = 2  # kDLCUDA
#: DLPack's numbers of the device types whose memory is a GPU's.
GPU_TYPES = (_GPU, 13)  # and kDLCUDAManaged
_NO_WAIT = -1


def device_of(buffer: Buffer) -> tuple[int, int]:
    """Return DLPack's number of the device type, and the device's number."""
    return _GPU, buffer.device_id


def exported(
    buffer: Buffer,
    backend: Backend,
    writable: bool,
    *,
    stream: int | None = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """Return a capsule of a buffer of a GPU.

    Parameters
    ----------
    buffer : Buffer
        Has ``__cuda_array_interface__``.
    backend : Backend
        Its backend.
    writable : bool
        Whether the consumer may write. Memory that it may not write is copied, since consumers
        write into memory whatever they are told.
    stream : int, optional
        The stream on which the consumer works, as CUDA numbers it: 1, the legacy default stream,
        if not given. -1: the consumer waits by itself.
    max_version : tuple of int, optional
        The newest version of DLPack that the consumer knows; None means the first.
    dl_device : tuple of int, optional
        Where the consumer wants the memory; on the host, it gets a copy.
    copy : bool, optional
        True copies the memory, False never does.

    Raises
    ------
    BufferError
        If a copy is needed and `copy` is False, or for another device.
    ValueError
        For stream 0, which DLPack forbids as ambiguous.
    """
    wanted = device_of(buffer) if dl_device is None else (int(dl_device[0]), int(dl_device[1]))
    if stream == 0:
        raise ValueError("stream 0 is ambiguous; pass 1 for CUDA's legacy default stream")
    if copy is False and (wanted == _HOST or not writable):
        raise BufferError(
            f"sharing this memory with device {wanted} takes a copy, which copy=False forbids"
        )
    if wanted == _HOST:
        return capsules.exported(backend.download(buffer), max_version=max_version)
    if wanted != device_of(buffer):
        raise BufferError(
            f"the memory is on DLPack's device {device_of(buffer)}, and {wanted} was asked for; "
            "copy it there with as_in_context"
        )
    if copy or not writable:
        buffer = backend.copied(buffer)
    if stream != _NO_WAIT:
        backend.let_wait(1 if stream is None else stream)
    return capsules.exported_at(buffer, device_of(buffer), max_version)


def exported_for_writing(buffer: Buffer, backend: Backend) -> Any:
    """Return a capsule of DLPack's first version whose memory `imported` may write."""
    backend.let_wait(1)
    return capsules.exported_at(buffer, device_of(buffer), None, for_writing=True)


def imported_from(exporter: Any, backend: Backend) -> Buffer:
    """Return a buffer that shares the memory of another library's array on a GPU.

    Raises
    ------
    UnshareableError
        If the memory cannot be shared as it is: a ValueError and an MXNetError.
    """
    return imported(capsules.capsule_of(exporter, stream=backend.stream), backend)


def imported(capsule: Any, backend: Backend) -> Buffer:
    """Return a buffer on the GPU memory of a capsule; errors are those of `imported_from`."""

    def borrowed(interface: dict[str, Any], owner: Any) -> Buffer:
        dtype = np.dtype(interface["dtype"])
        owner.__cuda_array_interface__ = {
            "version": 3,
            "data": interface["data"],
            "shape": interface["shape"],
            "strides": interface["strides"],
            "typestr": "<V2" if dtype.name == "bfloat16" else dtype.str,
            "stream": None,  # the exporter has let our stream wait
        }
        try:
            return backend.borrowed(owner)
        except (TypeError, ValueError) as error:
            raise UnshareableError(str(error)) from error

    return capsules.imported_by(capsule, borrowed, GPU_TYPES)
