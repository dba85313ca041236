"""Sums of scattered rows: the kernels of `merge`, one for each family of element kinds.

They share their arguments. Row i of the result has id ids[i] and is the sum of the rows at the
addresses rows[starts[i]] … rows[starts[i + 1] - 1], in this order, divided by `divisor`. A unit of
work is a block of a row; one claim takes `batch` units.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels import _exact_sums
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels._pair_constants import DOWN, HUGE
from numparam.kernels.cpu._convert import convert
from numparam.kernels.cpu._elements import claim, load, minimum, store
from numparam.kernels.cpu._float_sums import exact_quotient, reach_of
from numparam.kernels.cpu._inexact import clear_inexact, is_inexact
from numparam.kernels.cpu._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cpu._pairs import all_below, divided, two_sum
from numparam.kernels.cpu._rows import copy_bytes, prefetch

BLOCK = 2048  # elements of a row that are summed at a time, in the first-level cache

_AHEAD = 8  # occurrences that are fetched before they are summed
_LINE = 64  # bytes
_FETCHED = 1024  # bytes of an occurrence that are asked for ahead


@inline
def _unit(number, blocks, length):
    """Return the row, the first element in it and the number of elements of one unit of work."""
    row = number // blocks
    start = (number - row * blocks) * BLOCK
    return row, start, min(BLOCK, length - start)


@inline
def _fetch(rows, first, stop, last, offset, nbytes):
    """Prefetch the occurrences that come after the next few: they are scattered in memory."""
    for k in range(min(first + _AHEAD, last), min(stop + _AHEAD, last)):
        for line in range(0, min(nbytes, _FETCHED), _LINE):
            prefetch(rows[k] + offset + line)


@kernel_per_kind
def _merge_narrow(kind):
    """Sum floating-point rows in float64, and again exactly where that had to round."""
    itemsize = ITEMSIZE[kind]
    room = _exact_sums.ROOM[kind]

    def merge_range(
        rows, starts, ids, count, length, divisor, union, out, differing, batch, counter
    ):
        total = np.empty(BLOCK, np.float64)
        scale = np.float64(divisor)
        reciprocal = 1 / scale
        blocks = max(1, (length + BLOCK - 1) // BLOCK)
        while True:
            piece = claim(counter) * batch
            if piece >= count * blocks:
                return
            for number in range(piece, min(piece + batch, count * blocks)):
                row, start, size = _unit(number, blocks, length)
                first = starts[row]
                stop = starts[row + 1]
                target = out + (row * length + start) * itemsize
                offset = start * itemsize
                union[row] = ids[row]
                _fetch(rows, first, stop, starts[count], offset, size * itemsize)
                source = rows[first] + offset
                if stop - first == 1 and divisor == 1:
                    copy_bytes(target, source, size * itemsize)
                    continue
                clear_inexact()
                for i in range(size):
                    total[i] = load(source, i, kind)
                for k in range(first + 1, stop):
                    source = rows[k] + offset
                    for i in range(size):
                        total[i] += load(source, i, kind)
                inexact = is_inexact()
                if divisor & (divisor - 1) == 0:
                    # The reciprocal of a power of two is exact, and a product faster.
                    for i in range(size):
                        total[i] *= reciprocal
                else:
                    for i in range(size):
                        total[i] /= scale
                for i in range(size):
                    store(target, i, convert(total[i], "float64", kind), kind)
                if inexact:
                    reach = np.float32(reach_of(room, max(stop - first, divisor)))
                    for i in range(size):
                        value = exact_quotient(
                            rows, first, stop, start + i, kind, reach, divisor, total[i]
                        )
                        store(target, i, convert(value, "float64", kind), kind)

    return merge_range


@kernel
def _merge_float64(
    rows, starts, ids, count, length, divisor, union, out, differing, batch, counter
):
    high = np.empty(BLOCK, np.float64)
    low = np.empty(BLOCK, np.float64)
    scale = np.float64(divisor)
    blocks = max(1, (length + BLOCK - 1) // BLOCK)
    while True:
        piece = claim(counter) * batch
        if piece >= count * blocks:
            return
        for number in range(piece, min(piece + batch, count * blocks)):
            row, start, size = _unit(number, blocks, length)
            first = starts[row]
            stop = starts[row + 1]
            target = out + (row * length + start) * 8
            offset = start * 8
            union[row] = ids[row]
            _fetch(rows, first, stop, starts[count], offset, size * 8)
            if stop - first == 1 and divisor == 1:
                copy_bytes(target, rows[first] + offset, size * 8)
                continue
            source = rows[first] + offset
            for i in range(size):
                high[i] = load(source, i, "float64")
                low[i] = 0.0
            for k in range(first + 1, stop):
                source = rows[k] + offset
                for i in range(size):
                    high[i], dropped = two_sum(high[i], load(source, i, "float64"))
                    low[i] += dropped
            if all_below(high, size, HUGE):
                for i in range(size):
                    store(target, i, divided(high[i], low[i], scale), "float64")
            else:
                for i in range(size):
                    value = divided(high[i], low[i], scale)
                    if not abs(high[i]) < HUGE:
                        value = _merged_large(rows, first, stop, offset, i, scale, high[i])
                    store(target, i, value, "float64")


@inline
def _merged_large(rows, first, stop, offset, i, scale, plain):
    """Sum element i of rows near float64's end, on rows scaled down."""
    high = load(rows[first] + offset, i, "float64") * DOWN
    low = 0.0
    for k in range(first + 1, stop):
        high, dropped = two_sum(high, load(rows[k] + offset, i, "float64") * DOWN)
        low += dropped
    scaled = divided(high, low, scale) / DOWN
    return scaled if abs(scaled * DOWN) < np.inf else plain


@kernel_per_kind
def _merge_integers(kind):
    """Sum integers whose sums an int64 holds, and 64-bit ones that are not divided."""
    itemsize = ITEMSIZE[kind]

    def merge_range(
        rows, starts, ids, count, length, divisor, union, out, differing, batch, counter
    ):
        total = np.empty(BLOCK, np.int64)
        blocks = max(1, (length + BLOCK - 1) // BLOCK)
        while True:
            piece = claim(counter) * batch
            if piece >= count * blocks:
                return
            for number in range(piece, min(piece + batch, count * blocks)):
                row, start, size = _unit(number, blocks, length)
                first = starts[row]
                stop = starts[row + 1]
                offset = start * itemsize
                union[row] = ids[row]
                _fetch(rows, first, stop, starts[count], offset, size * itemsize)
                source = rows[first] + offset
                for i in range(size):
                    total[i] = load(source, i, kind)
                for k in range(first + 1, stop):
                    source = rows[k] + offset
                    for i in range(size):
                        total[i] += load(source, i, kind)
                if divisor > 1:
                    for i in range(size):
                        quotient = abs(total[i]) // divisor
                        total[i] = -quotient if total[i] < 0 else quotient
                target = out + row * length * itemsize + offset
                for i in range(size):
                    store(target, i, total[i], kind)

    return merge_range


@kernel_per_kind
def _merge_64_bits(kind):
    """Average 64-bit integers exactly: quotients and remainders are summed apart."""
    element = np.dtype(kind).type

    def merge_range(
        rows, starts, ids, count, length, divisor, union, out, differing, batch, counter
    ):
        step = element(divisor)
        half = element(32)
        mask = element(0xFFFFFFFF)
        zero = element(0)
        blocks = max(1, (length + BLOCK - 1) // BLOCK)
        while True:
            piece = claim(counter) * batch
            if piece >= count * blocks:
                return
            for number in range(piece, min(piece + batch, count * blocks)):
                row, start, size = _unit(number, blocks, length)
                union[row] = ids[row]
                for i in range(start, start + size):
                    # The halves of the sum of floors: with few terms neither wraps.
                    top = zero
                    bottom = zero
                    rest = zero
                    for k in range(starts[row], starts[row + 1]):
                        value = load(rows[k], i, kind)
                        part = value // step
                        top += part >> half
                        bottom += part & mask
                        rest += value - part * step
                    whole = rest // step
                    bottom += whole
                    top += bottom >> half
                    bottom &= mask
                    quotient = (top << half) | bottom
                    if top < zero and rest > whole * step:
                        quotient += element(1)  # from the floor to truncation toward zero
                    store(out, row * length + i, quotient, kind)

    return merge_range


@kernel_per_kind
def _merge_booleans(kind):
    """Or booleans; divided, each element must be true in none or in `divisor` occurrences."""

    def merge_range(
        rows, starts, ids, count, length, divisor, union, out, differing, batch, counter
    ):
        total = np.empty(BLOCK, np.int64)
        blocks = max(1, (length + BLOCK - 1) // BLOCK)
        while True:
            piece = claim(counter) * batch
            if piece >= count * blocks:
                return
            for number in range(piece, min(piece + batch, count * blocks)):
                row, start, size = _unit(number, blocks, length)
                union[row] = ids[row]
                total[:size] = 0
                for k in range(starts[row], starts[row + 1]):
                    source = rows[k] + start
                    for i in range(size):
                        total[i] += load(source, i, kind)
                target = out + row * length + start
                partial = 0
                for i in range(size):
                    store(target, i, total[i] > 0, kind)
                    partial += (total[i] > 0) & (total[i] != divisor)
                if divisor > 1 and partial:
                    minimum(differing, row)

    return merge_range


# Which kernel, and which kind of elements it loads, for a kind and whether the sum is divided.
KERNELS = {
    (kind, divides): (_merge_narrow, kind)
    for kind in ("float16", "bfloat16", "float32")
    for divides in (False, True)
}
KERNELS |= {("float64", divides): (lambda kind: _merge_float64, "float64") for divides in (0, 1)}
KERNELS |= {
    (kind, divides): (_merge_integers, kind)
    for kind in ("int8", "int16", "int32", "uint8", "uint16", "uint32")
    for divides in (False, True)
}
# Undivided, unsigned sums wrap like signed ones.
KERNELS |= {(kind, False): (_merge_integers, "int64") for kind in ("int64", "uint64")}
KERNELS |= {(kind, True): (_merge_64_bits, kind) for kind in ("int64", "uint64")}
KERNELS |= {("bool", divides): (_merge_booleans, "bool") for divides in (False, True)}
