"""A small buffer on each GPU for numbers that kernels read or return, allocated once.

Each host thread has one small buffer on each GPU. Its copies and the kernels that use it run in the
order in which the thread issued them, so the next call may overwrite it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from numparam.kernels.cuda import _memory
from numparam.kernels.cuda._memory import DeviceArray

_LEAST = 512  # numbers

_mine = threading.local()


def put(device_id: int, numbers: Sequence[int] | np.ndarray) -> int:
    """Copy int64 numbers to the GPU; return their address, valid until the thread's next `put`."""
    buffers: dict[int, DeviceArray] = _mine.__dict__.setdefault("buffers", {})
    buffer = buffers.get(device_id)
    if buffer is None or buffer.size < len(numbers):
        room = max(_LEAST, 1 << (len(numbers) - 1).bit_length())
        buffer = buffers[device_id] = _memory.empty((room,), np.int64, device_id)
    part = _memory.view(buffer, 0, (len(numbers),))
    _memory.copy_from_host(part, np.array(numbers, np.int64))
    return buffer.address


def get(device_id: int, count: int) -> list[int]:
    """Wait for the GPU, and read the first `count` numbers of the thread's buffer."""
    return _memory.download(_memory.view(_mine.buffers[device_id], 0, (count,))).tolist()
