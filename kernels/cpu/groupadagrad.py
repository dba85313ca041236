"""AdaGrad with one number of state for each row.

With one state of shape (rows, 1), the sum of mean squares h (zeros at the start), and g =
clip(rescale_grad × gradient), where clip bounds at ±clip_gradient:

- h of a row ← h + mean of g² over the row
- weight ← weight - lr × (g / √(h + epsilon) + wd × weight)

The mean is summed in float64, in the order of `numparam.kernels.cpu.norm`. MXNet's formula, there
without decay, which stands as in `numparam.kernels.cpu.adagrad`. Weights have at least one
dimension.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient` and `epsilon`.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels import _step_gate
from numparam.kernels._formulas import scalars
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._elements import claim, load, minimum, store
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._norm_lanes import LANES, folded
from numparam.kernels.cpu._pointers import CHUNK
from numparam.kernels.cpu._separate import load_apart, load_held, numbers_at, store_apart
from numparam.kernels.cpu._steps import Steps
from numparam.kernels.cpu._walk import address

_known: dict = {}
clipped, finite, no_decay = (
    scalars.compiled(one, inline, _known)
    for one in (scalars.clipped, scalars.finite, scalars.no_decay)
)


@inline
def _moved(weight, slope, root, lr, wd):
    return weight - lr * (slope / root + wd * weight)


def _row_steps(kind, mixed):
    """Return the functions that look at the gradient of a row, and that step a row."""
    held = "float32" if mixed else kind
    real = np.float32 if _step_gate.WORKING[kind] == "float32" else np.float64
    zero = real(0)

    @inline
    def mean_square(gradient, start, length, rescale, clip, lanes):
        total = 0.0
        for begin in range(0, length, CHUNK):
            count = min(CHUNK, length - begin)
            used = min(count, LANES)
            lanes[:] = 0.0
            for first in range(0, count, LANES):
                for lane in range(min(LANES, count - first)):
                    given = load_apart(gradient, start + begin + first + lane, kind, 1)
                    slope = np.float64(clipped(rescale * given, clip))
                    lanes[lane] += slope * slope
            total += folded(lanes, used)
        return real(total / length)

    @inline
    def make(weight, gradient, total, low, base, start, length, with_):
        rescale, clip, lr, wd, epsilon = with_
        root = np.sqrt(total + epsilon)
        for i in range(length):
            given = load_apart(gradient, start + i, kind, 1) if gradient else zero
            slope = clipped(rescale * given, clip)
            value = load_held(weight, low, base + i, held, kind)
            made = _moved(value, slope, root, lr, wd)
            store_apart(weight, base + i, made, held, 0)
            if mixed:
                store_apart(low, base + i, made, kind, 7)

    return mean_square, make


def _group_arrays(states, width, kind, mixed):
    held = "float32" if mixed else kind
    working = _step_gate.WORKING[kind]
    mean_square, make = _row_steps(kind, mixed)

    def group_arrays(pointers, positions, pieces, coefficients, counter):
        stride = pointers.shape[1]
        pointing = address(pointers)
        numbers = address(coefficients)
        places = address(positions)
        arrays = pieces.shape[1] - 1
        counts = address(pieces)
        lengths = counts + 8 * (arrays + 1)
        batches = lengths + 8 * (arrays + 1)
        firsts = batches + 8 * (arrays + 1)
        all_pieces = load(firsts, arrays, "int64")
        lanes = np.empty(LANES, np.float64)
        array = 0
        while True:
            piece = claim(counter)
            if piece >= all_pieces:
                return
            # Claims only grow, so the search goes on from the last array.
            while load(firsts, array + 1, "int64") <= piece:
                array += 1
            own = pointing + 8 * stride * array
            weight = load(own, 0, "int64")
            gradient = load(own, 1, "int64")
            sums = load(own, 2, "int64")
            low = load(own, 3, "int64") if mixed else 0
            place = load(places, array, "int64")
            with_ = numbers_at(numbers + 8 * width * place, width, "float64", working)
            length = load(lengths, array, "int64")
            batch = load(batches, array, "int64")
            start = (piece - load(firsts, array, "int64")) * batch
            for row in range(start, min(start + batch, load(counts, array, "int64"))):
                base = row * length
                mean = mean_square(gradient, base, length, with_[0], with_[1], lanes)
                total = load(sums, row, held) + mean
                store(sums, row, total, held)
                make(weight, gradient, total, low, base, base, length, with_)

    return group_arrays


def _group_rows(states, width, kind, mixed):
    held = "float32" if mixed else kind
    working = _step_gate.WORKING[kind]
    number = ITEMSIZE[working]
    mean_square, make = _row_steps(kind, mixed)

    @inline
    def row_is_finite(weight, base, length):
        count = 0
        for i in range(length):
            count += finite(load_apart(weight, base + i, held, 0))
        return count == length

    def group_rows(
        pointers, ids, count, length, highest, found, steps, total, first, bounds, last_steps,
        steady, batch, counter,
    ):  # fmt: skip
        own = address(pointers)
        weight = load(own, 0, "int64")
        gradient = load(own, 1, "int64")
        sums = load(own, 2, "int64")
        low = load(own, 3, "int64") if mixed else 0
        history = address(steps)
        limits = address(bounds)
        lower = numbers_at(limits, width, working, working)
        upper = numbers_at(limits + number * width, width, working, working)
        may_rest = no_decay(lower, upper) and lower[4] > 0
        end = total - 1 if gradient else total
        lanes = np.empty(LANES, np.float64)
        while True:
            piece = claim(counter) * batch
            if piece >= count:
                return
            for place in range(piece, min(piece + batch, count)):
                row = load(ids, place, "int64") if ids else place
                if row < 0 or row > highest:
                    minimum(found, place)
                    continue
                base = row * length
                k = load(last_steps, row, "int64") + 1 - first if last_steps else end
                if k < 0 or k > end:
                    minimum(found, place)
                    continue
                past = load(sums, row, held)
                look = k + 1
                while k < end:
                    # A gradient of zero over a positive root moves nothing, if nothing decays.
                    if k == look and may_rest and past >= 0 and row_is_finite(weight, base, length):
                        k = end
                        break
                    with_ = numbers_at(history + number * width * k, width, working, working)
                    make(weight, 0, past, low, base, 0, length, with_)
                    k += 1
                if gradient and length:
                    with_ = numbers_at(history + number * width * k, width, working, working)
                    start = place * length
                    mean = mean_square(gradient, start, length, with_[0], with_[1], lanes)
                    past = past + mean
                    store(sums, row, past, held)
                    make(weight, gradient, past, low, base, start, length, with_)
                if last_steps:
                    store(last_steps, row, first + total - 1, "int64")

    return group_rows


_STEPS = Steps("groupadagrad", {1: None}, _group_rows, _group_arrays)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
