"""The jitted body of AdaGrad with one number of state for each row: a block of threads a row."""

from __future__ import annotations

import numpy as np

from numparam.kernels import _step_gate
from numparam.kernels._formulas import scalars
from numparam.kernels._formulas.scalars import compiled
from numparam.kernels.cuda._elements import LANES, block, load, root, shared_lanes
from numparam.kernels.cuda._folding import folded
from numparam.kernels.cuda._jit import inline
from numparam.kernels.cuda._lanes import load_lanes, numbers_at, store_lanes
from numparam.kernels.cuda._squares import CHUNK
from numparam.kernels.cuda._weights import weight_access

_known: dict = {}
clipped, finite = (compiled(one, inline, _known) for one in (scalars.clipped, scalars.finite))


def group_rows(states, width, kind, mixed):
    """Make missed steps, and with a gradient one more; see `numparam.kernels.cuda._stepping`."""
    held = "float32" if mixed else kind
    working = _step_gate.WORKING[kind]
    real = np.float32 if working == "float32" else np.float64
    nothing = real(0)

    weight_at, put = weight_access(kind, mixed)

    @inline
    def moved(value, given, total, with_):
        rescale, clip, lr, wd, epsilon = with_
        slope = clipped(rescale * given, clip)
        return value - lr * (slope / root(total + epsilon) + wd * value)

    @inline
    def mean_square(gradient, start, length, with_, lanes, thread, threads):
        total = 0.0
        begin = np.int64(0)
        while begin < length:
            count = min(length - begin, CHUNK)
            lane = thread
            while lane < LANES:
                own = 0.0
                i = lane
                while i < count:
                    given = load_lanes(gradient, start + begin + i, kind, 1)[0]
                    slope = np.float64(clipped(with_[0] * given, with_[1]))
                    own += slope * slope
                    i += LANES
                lanes[lane] = own
                lane += threads
            total += folded(lanes, thread, threads)
            begin += CHUNK
        return real(total / np.float64(length))

    def group_rows(
        table, ids, count, length, highest, lane_bits, total, first, last_steps, may_rest, steady
    ):
        weight = load(table, 0, "int64")
        gradient = load(table, 1, "int64")
        sums = load(table, 2, "int64")
        low = load(table, 2 + mixed, "int64")
        history = table + 8 * (3 + mixed)
        end = total - 1 if gradient != 0 else total
        lanes = shared_lanes()
        place, blocks, thread, threads = block()
        while place < count:
            row = load(ids, place, "int64") if ids != 0 else place
            k = np.int64(-1)
            if 0 <= row <= highest:
                k = load(last_steps, row, "int64") + 1 - first if last_steps != 0 else end
            if 0 <= k <= end:
                past = load_lanes(sums, row, held, 1)[0]
                column = thread
                while column < length:
                    at = row * length + column
                    value = weight_at(weight, low, at)
                    missed = k
                    while missed < end:
                        # A gradient of zero over a positive root moves nothing without decay.
                        if may_rest != 0 and past >= nothing and missed > k and finite(value):
                            missed = end
                        else:
                            at_step = history + 8 * width * missed
                            with_ = numbers_at(at_step, width, "float64", working)
                            stored = moved(value, nothing, past, with_)
                            put(weight, low, at, stored)
                            value = weight_at(weight, low, at)
                            missed += 1
                    column += threads
                if gradient != 0 and length > 0:
                    with_ = numbers_at(history + 8 * width * end, width, "float64", working)
                    start = place * length
                    past += mean_square(gradient, start, length, with_, lanes, thread, threads)
                    # All threads have read the old sum: they have met to add the squares.
                    if thread == 0:
                        store_lanes(sums, row, (past,), held, 1)
                    column = thread
                    while column < length:
                        at = row * length + column
                        given = load_lanes(gradient, start + column, kind, 1)[0]
                        value = weight_at(weight, low, at)
                        put(weight, low, at, moved(value, given, past, with_))
                        column += threads
            place += blocks

    return group_rows
