"""The lanes in which squares are summed, in an order that depends on their number alone."""

from __future__ import annotations

import functools
from collections.abc import Callable

from numparam.kernels.cpu._convert import convert
from numparam.kernels.cpu._elements import load
from numparam.kernels.cpu._jit import inline

LANES = 256  # accumulators of a chunk, as a CUDA block would have threads


@inline
def folded(lanes, count):
    """Add up the lanes in place, the second half onto the first again and again; return the sum.

    Only the first `count` are not zero, so the halves beyond them are left out.
    """
    if count > 128:
        for lane in range(128):
            lanes[lane] += lanes[lane + 128]
    if count > 64:
        for lane in range(64):
            lanes[lane] += lanes[lane + 64]
    if count > 32:
        for lane in range(32):
            lanes[lane] += lanes[lane + 32]
    if count > 16:
        for lane in range(16):
            lanes[lane] += lanes[lane + 16]
    for lane in range(8):
        lanes[lane] += lanes[lane + 8]
    for lane in range(4):
        lanes[lane] += lanes[lane + 4]
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])


@functools.cache
def chunk_sum(kind: str) -> Callable:
    """Return the function that sums the squares of at most a chunk of elements."""

    @inline
    def sum_chunk(address, count, lanes):
        lanes[:] = 0.0
        whole = count // LANES * LANES
        for row in range(0, whole, LANES):
            for lane in range(LANES):
                value = convert(load(address, row + lane, kind), kind, "float64")
                lanes[lane] += value * value
        for lane in range(count - whole):
            value = convert(load(address, whole + lane, kind), kind, "float64")
            lanes[lane] += value * value
        return folded(lanes, count)

    return sum_chunk
