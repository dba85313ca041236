"""Jitted body of the comparison of two arrays."""

from __future__ import annotations

import numpy as np

from numparam.kernels.cuda._convert import convert
from numparam.kernels.cuda._elements import (
    LANES,
    block,
    load,
    product,
    shared_lanes,
    span,
    store,
)
from numparam.kernels.cuda._folding import folded, largest
from numparam.kernels.cuda._jit import inline, kernel_per_kind

RESULTS = 5  # of each block: elements that differ, NaN of both arrays, largest differences


@inline
def _put(lanes, value, thread, threads):
    """Set a thread's lane; those that no thread has are zero."""
    lanes[thread] = value
    lane = thread + threads
    while lane < LANES:
        lanes[lane] = 0.0
        lane += threads


@kernel_per_kind
def compare(kind):
    """Compare two arrays; write five float64 numbers for each block to `partial`.

    `tolerances` holds two float64. Counts are whole numbers below 2**53.
    """

    def compare(one, two, size, tolerances, partial):
        number, blocks, thread, threads = block()
        rtol = load(tolerances, 0, "float64")
        atol = load(tolerances, 1, "float64")
        exact = rtol == 0.0 and atol == 0.0
        differing = nan_one = nan_two = absolute = relative = 0.0
        i, step = span()
        while i < size:
            x = load(one, i, kind)
            y = load(two, i, kind)
            a = convert(x, kind, "float64")
            b = convert(y, kind, "float64")
            missing_a = a != a
            missing_b = b != b
            if missing_a:
                nan_one += 1.0
            if missing_b:
                nan_two += 1.0
            if missing_a != missing_b:
                differing += 1.0
            if not (missing_a or missing_b or x == y):
                gap = abs(a - b)
                infinite = gap == np.inf
                if exact or infinite or gap > atol + product(rtol, abs(b)):
                    differing += 1.0
                proportion = np.inf
                if gap == 0.0:
                    proportion = 0.0
                elif not infinite:
                    proportion = gap / max(abs(a), abs(b))
                absolute = max(absolute, gap)
                relative = max(relative, proportion)
            i += step
        lanes = shared_lanes()
        _put(lanes, differing, thread, threads)
        differing = folded(lanes, thread, threads)
        _put(lanes, nan_one, thread, threads)
        nan_one = folded(lanes, thread, threads)
        _put(lanes, nan_two, thread, threads)
        nan_two = folded(lanes, thread, threads)
        _put(lanes, absolute, thread, threads)
        absolute = largest(lanes, thread, threads)
        _put(lanes, relative, thread, threads)
        relative = largest(lanes, thread, threads)
        if thread == 0:
            store(partial, number, differing, "float64")
            store(partial, blocks + number, nan_one, "float64")
            store(partial, 2 * blocks + number, nan_two, "float64")
            store(partial, 3 * blocks + number, absolute, "float64")
            store(partial, 4 * blocks + number, relative, "float64")

    return compare
