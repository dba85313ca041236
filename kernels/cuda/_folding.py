"""Folds of the lanes of a block of threads: halves onto halves, in an order that never changes."""

from __future__ import annotations

from collections.abc import Callable

from numparam.kernels.cuda._elements import LANES, barrier
from numparam.kernels.cuda._jit import inline


def _folding(combine: Callable) -> Callable:
    """Return a helper ``fold(lanes, thread, threads)`` that combines all lanes in place.

    `combine` is a function of two numbers, compiled for the device.
    """

    @inline
    def fold(lanes, thread, threads):
        half = LANES // 2
        barrier()
        while half > 0:
            lane = thread
            while lane < half:
                lanes[lane] = combine(lanes[lane], lanes[lane + half])
                lane += threads
            barrier()
            half >>= 1
        result = lanes[0]
        barrier()  # before anyone writes the lanes again
        return result

    return fold


@inline
def _added(left, right):
    return left + right


@inline
def _larger(left, right):
    return right if right > left else left


folded = _folding(_added)
largest = _folding(_larger)
