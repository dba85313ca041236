"""The loops behind sums and means of floating-point arrays.

Four sources are read at a time: memory answers several streams together, and one stream alone no
faster than its latency allows. Results larger than the caches are made in a block, then streamed.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels import _exact_sums
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels._pair_constants import DOWN, HUGE
from numparam.kernels.cpu._convert import convert
from numparam.kernels.cpu._elements import claim, load, store
from numparam.kernels.cpu._inexact import clear_inexact, is_inexact
from numparam.kernels.cpu._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cpu._pairs import all_below, divided, two_sum
from numparam.kernels.cpu._streaming import STREAMED, copy_bytes

PIECE = 1 << 15  # elements that one claim combines: large against the cost of a claim

# Elements: running totals and results stay in the first-level cache, with room for what is read.
_BLOCK = 1024
# Elements that are combined again if one of their sums was not exact. 16-bit floats are summed in
# float32, where that is more frequent.
_PART = {"float32": 1024, "float16": 256, "bfloat16": 512}
_PAIRS = 256  # of float64, in three such blocks


@inline
def _any_is(addresses, out):
    found = False
    for k in range(len(addresses) - 1):
        found |= addresses[k] == out
    return found


reach_of = inline(_exact_sums.reach)
_add = inline(_exact_sums.add)
_carried = inline(_exact_sums.carried)
_leading = inline(_exact_sums.leading)
_NOTHING = _exact_sums.NOTHING
_KEPT = 2.0**21 + 1  # splits a float64 into 32 leading bits and the rest (Dekker)
_GRID = 1.5 * 2.0**-108  # added to a small number, it rounds it to a multiple of 2**-160


@inline
def exact_quotient(addresses, first, stop, i, kind, reach, divisor, rounded):
    """Return element i of the arrays first … stop - 1, summed exactly and divided.

    `rounded`, what float64 gives, is returned where it is exact, infinite or not a number. `reach`
    is the ratio of magnitudes up to which sums are exact.
    """
    lowest = np.float32(np.inf)
    highest = np.float32(0)
    for k in range(first, stop):
        magnitude = abs(load(addresses[k], i, kind))
        highest = max(highest, magnitude)
        if magnitude > 0:
            lowest = min(lowest, magnitude)
    if not (highest > lowest * reach and abs(rounded) < np.inf):
        return rounded
    parts = _NOTHING
    for k in range(first, stop):
        parts = _add(parts, np.float64(load(addresses[k], i, kind)))
    scale = np.float64(divisor)
    quotient = _leading(_carried(parts)) / scale
    big = quotient * _KEPT
    quotient = big - (big - quotient)
    if abs(quotient) < 2.0**-110:
        quotient = (quotient + _GRID) - _GRID
    # Of 32 bits, so that the product is exact. Every number that float32 holds, and every middle
    # between two, is as short: on which side of it the exact quotient lies decides the rounding.
    rest = _leading(_carried(_add(parts, -(quotient * scale))))
    aside = abs(quotient) * 2.0**-45 + 2.0**-200
    if rest > 0:
        return quotient + aside
    return quotient - aside if rest < 0 else quotient


@inline
def _combine_again(addresses, start, n, target, kind, room, divisor, larger):
    """Combine a block in float64, and exactly where float64 has to round."""
    count = len(addresses) - 1
    scale = np.float64(divisor)
    reciprocal = 1 / scale
    a, b, c = addresses[0], addresses[1], addresses[2]
    clear_inexact()
    for i in range(n):
        t = np.float64(load(a, start + i, kind)) + np.float64(load(b, start + i, kind))
        larger[i] = t + np.float64(load(c, start + i, kind))
    for k in range(3, count):
        a = addresses[k]
        for i in range(n):
            larger[i] += np.float64(load(a, start + i, kind))
    inexact = is_inexact()
    if divisor & (divisor - 1) == 0:
        for i in range(n):
            larger[i] *= reciprocal
    else:
        for i in range(n):
            larger[i] /= scale
    if not inexact:
        for i in range(n):
            store(target, i, convert(larger[i], "float64", kind), kind)
    else:
        reach = np.float32(reach_of(room, count))
        for i in range(n):
            value = exact_quotient(addresses, 0, count, start + i, kind, reach, divisor, larger[i])
            store(target, i, convert(value, "float64", kind), kind)


@kernel_per_kind
def combine_narrow(kind):
    """Combine sources whose sums a wider type nearly always holds: addresses of k and the output.

    A block whose sums are not all exact is combined again, with more care.
    """
    itemsize = ITEMSIZE[kind]
    part = _PART[kind]
    room = _exact_sums.ROOM[kind]
    # A type twice as precise, and two bits more. So the rounded sum of two, rounded again, is right
    # (Figueroa, doi:10.1145/221332.221334), and the quotient of any exact sum.
    wide = np.float64 if kind == "float32" else np.float32

    def combine_range(addresses, size, divisor, counter):
        count = len(addresses) - 1
        out = addresses[count]
        # LLVM's vector loops need an output apart from their sources.
        streamed = size * itemsize >= STREAMED
        apart = _any_is(addresses, out) or streamed
        held = np.empty(_BLOCK * itemsize, np.uint8)
        total = np.empty(part, wide)
        larger = np.empty(part, np.float64)
        scale = wide(divisor)
        reciprocal = wide(1) / scale
        exact = divisor & (divisor - 1) == 0
        step = _BLOCK if apart else PIECE
        while True:
            piece = claim(counter) * PIECE
            if piece >= size:
                return
            for start in range(piece, min(piece + PIECE, size), step):
                n = min(step, size - start)
                target = held.ctypes.data if apart else out + start * itemsize
                a = addresses[0]
                b = addresses[1]  # the output's, if there is no such source: then not read
                if count == 1:
                    for i in range(n):
                        store(target, i, load(a, start + i, kind), kind)
                elif count == 2 and kind != "bfloat16":
                    for i in range(n):
                        t = wide(load(a, start + i, kind)) + wide(load(b, start + i, kind))
                        store(target, i, np.float32(t * reciprocal), kind)
                elif count == 2:
                    for i in range(n):
                        # Halved first, if it is for a mean: the sum may exceed float32.
                        t = load(a, start + i, kind) * reciprocal
                        store(target, i, t + load(b, start + i, kind) * reciprocal, kind)
                else:
                    for begin in range(start, start + n, part):
                        m = min(part, start + n - begin)
                        place = target + (begin - start) * itemsize
                        a, b = addresses[0], addresses[1]
                        c = addresses[2]
                        d = addresses[min(3, count)]
                        clear_inexact()
                        if count == 3:
                            for i in range(m):
                                t = wide(load(a, begin + i, kind)) + wide(load(b, begin + i, kind))
                                total[i] = t + wide(load(c, begin + i, kind))
                        else:
                            for i in range(m):
                                t = wide(load(a, begin + i, kind)) + wide(load(b, begin + i, kind))
                                t += wide(load(c, begin + i, kind))
                                total[i] = t + wide(load(d, begin + i, kind))
                        k = 4
                        while count - k >= 4:
                            a, b, c, d = (
                                addresses[k], addresses[k + 1], addresses[k + 2], addresses[k + 3],
                            )  # fmt: skip
                            for i in range(m):
                                t = total[i] + wide(load(a, begin + i, kind))
                                t += wide(load(b, begin + i, kind))
                                t += wide(load(c, begin + i, kind))
                                total[i] = t + wide(load(d, begin + i, kind))
                            k += 4
                        while k < count:
                            a = addresses[k]
                            for i in range(m):
                                total[i] += wide(load(a, begin + i, kind))
                            k += 1
                        if is_inexact() or (itemsize == 2 and count > 2048):
                            _combine_again(addresses, begin, m, place, kind, room, divisor, larger)
                        elif exact:
                            # The reciprocal of a power of two is exact, and a product faster.
                            for i in range(m):
                                store(place, i, np.float32(total[i] * reciprocal), kind)
                        else:
                            for i in range(m):
                                store(place, i, np.float32(total[i] / scale), kind)
                if apart:
                    copy_bytes(out + start * itemsize, target, n * itemsize, streamed)

    return combine_range


@kernel
def combine_float64(addresses, size, divisor, counter):
    """Combine float64 in pairs: addresses of k sources and the output."""
    count = len(addresses) - 1
    out = addresses[count]
    streamed = size * 8 >= STREAMED
    apart = _any_is(addresses, out) or streamed
    held = np.empty(_PAIRS, np.float64)
    high = np.empty(_PAIRS, np.float64)
    low = np.empty(_PAIRS, np.float64)
    scale = np.float64(divisor)
    reciprocal = 1 / scale
    exact = divisor & (divisor - 1) == 0
    while True:
        piece = claim(counter) * PIECE
        if piece >= size:
            return
        for start in range(piece, min(piece + PIECE, size), _PAIRS):
            n = min(_PAIRS, size - start)
            target = held.ctypes.data if apart else out + start * 8
            beyond = False
            a = addresses[0]
            b = addresses[1]  # the output's, if there is no such source: then not read
            c = addresses[min(2, count)]
            d = addresses[min(3, count)]
            if count == 1:
                for i in range(n):
                    store(target, i, load(a, start + i, "float64"), "float64")
            elif count == 2 and exact:
                # The rounded sum of two is its quotient too: what was dropped is below half a unit.
                for i in range(n):
                    s = load(a, start + i, "float64") + load(b, start + i, "float64")
                    beyond |= not abs(s) < HUGE
                    store(target, i, s * reciprocal, "float64")
            elif count == 4 and exact:
                for i in range(n):
                    s, first = two_sum(load(a, start + i, "float64"), load(b, start + i, "float64"))
                    s, second = two_sum(s, load(c, start + i, "float64"))
                    s, third = two_sum(s, load(d, start + i, "float64"))
                    beyond |= not abs(s) < HUGE
                    value = _exact_quotient(s, (first + second) + third, scale, reciprocal)
                    store(target, i, value, "float64")
            else:
                k = 4
                if count >= 4:
                    for i in range(n):
                        s, first = two_sum(
                            load(a, start + i, "float64"), load(b, start + i, "float64")
                        )
                        s, second = two_sum(s, load(c, start + i, "float64"))
                        high[i], third = two_sum(s, load(d, start + i, "float64"))
                        low[i] = (first + second) + third
                else:
                    k = 2
                    for i in range(n):
                        high[i], low[i] = two_sum(
                            load(a, start + i, "float64"), load(b, start + i, "float64")
                        )
                while count - k >= 4:
                    a, b, c, d = (
                        addresses[k], addresses[k + 1], addresses[k + 2], addresses[k + 3],
                    )  # fmt: skip
                    for i in range(n):
                        s, first = two_sum(high[i], load(a, start + i, "float64"))
                        s, second = two_sum(s, load(b, start + i, "float64"))
                        s, third = two_sum(s, load(c, start + i, "float64"))
                        high[i], fourth = two_sum(s, load(d, start + i, "float64"))
                        low[i] = (((low[i] + first) + second) + third) + fourth
                    k += 4
                while k < count:
                    a = addresses[k]
                    for i in range(n):
                        high[i], dropped = two_sum(high[i], load(a, start + i, "float64"))
                        low[i] += dropped
                    k += 1
                beyond = not all_below(high, n, HUGE)
                if exact:
                    for i in range(n):
                        value = _exact_quotient(high[i], low[i], scale, reciprocal)
                        store(target, i, value, "float64")
                else:
                    for i in range(n):
                        store(target, i, divided(high[i], low[i], scale), "float64")
            if beyond:
                for i in range(n):
                    store(target, i, _careful(addresses, start + i, scale), "float64")
            if apart:
                copy_bytes(out + start * 8, target, n * 8, streamed)


@inline
def _exact_quotient(high, low, scale, reciprocal):
    """Divide like `divided` by a power of two: its product with the quotient needs no splitting."""
    quotient = high * reciprocal
    correction = ((high - quotient * scale) + low) * reciprocal
    return quotient if correction == 0 else quotient + correction


@inline
def _careful(addresses, i, scale):
    """Combine element i, on sources scaled down where they are near float64's end."""
    high, low = _pair(addresses, i, 1.0)
    if abs(high) < HUGE:
        return divided(high, low, scale)
    scaled_high, scaled_low = _pair(addresses, i, DOWN)
    scaled = divided(scaled_high, scaled_low, scale) / DOWN
    return scaled if abs(scaled * DOWN) < np.inf else high


@inline
def _pair(addresses, i, factor):
    high = load(addresses[0], i, "float64") * factor
    low = 0.0
    for k in range(1, len(addresses) - 1):
        high, dropped = two_sum(high, load(addresses[k], i, "float64") * factor)
        low += dropped
    return high, low
