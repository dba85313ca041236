"""The loops behind sums and means of floating-point arrays.

Four sources are read at a time: memory answers several streams together, and one stream alone no
faster than its latency allows. Results larger than the caches are made in a block, then streamed.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels._gate import ITEMSIZE
from numparam.kernels._pair_constants import DOWN, HUGE
from numparam.kernels.cpu._elements import claim, load, store
from numparam.kernels.cpu._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cpu._pairs import all_below, divided, two_sum
from numparam.kernels.cpu._streaming import STREAMED, copy_bytes

PIECE = 1 << 15  # elements that one claim combines: large against the cost of a claim

# Elements: running totals and results stay in the first-level cache, with room for what is read.
_BLOCK = {"float32": 256, "float16": 1024, "bfloat16": 1024}
_FLOAT64_BLOCK = 256
_ACCUMULATOR = {"float32": np.float64, "float16": np.float32, "bfloat16": np.float32}


@inline
def _any_is(addresses, out):
    found = False
    for k in range(len(addresses) - 1):
        found |= addresses[k] == out
    return found


@inline
def _quotient(total, scale, reciprocal, exact):
    # The reciprocal of a power of two is exact, and a product many times as fast.
    return np.float32(total * reciprocal) if exact else np.float32(total / scale)


@kernel_per_kind
def combine_narrow(kind):
    """Combine sources whose sums a wider type holds: addresses of k of them and the output."""
    wide = _ACCUMULATOR[kind]
    itemsize = ITEMSIZE[kind]
    block = _BLOCK[kind]
    can_exceed = kind == "bfloat16"

    def combine_range(addresses, size, divisor, counter):
        count = len(addresses) - 1
        out = addresses[count]
        # LLVM's vector loops need an output apart from their sources.
        streamed = size * itemsize >= STREAMED
        apart = _any_is(addresses, out) or streamed
        held = np.empty(block * itemsize, np.uint8)
        total = np.empty(block, wide)
        scale = wide(divisor)
        reciprocal = wide(1) / scale
        exact = divisor & (divisor - 1) == 0
        step = block if apart or count > 4 else PIECE
        while True:
            piece = claim(counter) * PIECE
            if piece >= size:
                return
            for start in range(piece, min(piece + PIECE, size), step):
                n = min(step, size - start)
                target = held.ctypes.data if apart else out + start * itemsize
                beyond = False
                k = 0
                if count > 4:
                    a, b, c, d = addresses[0], addresses[1], addresses[2], addresses[3]
                    for i in range(n):
                        t = wide(load(a, start + i, kind)) + wide(load(b, start + i, kind))
                        t += wide(load(c, start + i, kind))
                        total[i] = t + wide(load(d, start + i, kind))
                    k = 4
                    while count - k > 4:
                        a, b, c, d = (
                            addresses[k], addresses[k + 1], addresses[k + 2], addresses[k + 3],
                        )  # fmt: skip
                        for i in range(n):
                            t = total[i] + wide(load(a, start + i, kind))
                            t += wide(load(b, start + i, kind))
                            t += wide(load(c, start + i, kind))
                            total[i] = t + wide(load(d, start + i, kind))
                        k += 4
                left = count - k
                a = addresses[k]
                b = addresses[k + 1]  # the output's, if there is no such source: then not read
                c = addresses[min(k + 2, count)]
                d = addresses[min(k + 3, count)]
                if k == 0:
                    if left == 1:
                        for i in range(n):
                            t = wide(load(a, start + i, kind))
                            beyond |= can_exceed and not abs(t) < np.inf
                            store(target, i, _quotient(t, scale, reciprocal, exact), kind)
                    elif left == 2:
                        for i in range(n):
                            t = wide(load(a, start + i, kind)) + wide(load(b, start + i, kind))
                            beyond |= can_exceed and not abs(t) < np.inf
                            store(target, i, _quotient(t, scale, reciprocal, exact), kind)
                    elif left == 3:
                        for i in range(n):
                            t = wide(load(a, start + i, kind)) + wide(load(b, start + i, kind))
                            t += wide(load(c, start + i, kind))
                            beyond |= can_exceed and not abs(t) < np.inf
                            store(target, i, _quotient(t, scale, reciprocal, exact), kind)
                    else:
                        for i in range(n):
                            t = wide(load(a, start + i, kind)) + wide(load(b, start + i, kind))
                            t += wide(load(c, start + i, kind))
                            t += wide(load(d, start + i, kind))
                            beyond |= can_exceed and not abs(t) < np.inf
                            store(target, i, _quotient(t, scale, reciprocal, exact), kind)
                elif left == 1:
                    for i in range(n):
                        t = total[i] + wide(load(a, start + i, kind))
                        beyond |= can_exceed and not abs(t) < np.inf
                        store(target, i, _quotient(t, scale, reciprocal, exact), kind)
                elif left == 2:
                    for i in range(n):
                        t = total[i] + wide(load(a, start + i, kind))
                        t += wide(load(b, start + i, kind))
                        beyond |= can_exceed and not abs(t) < np.inf
                        store(target, i, _quotient(t, scale, reciprocal, exact), kind)
                elif left == 3:
                    for i in range(n):
                        t = total[i] + wide(load(a, start + i, kind))
                        t += wide(load(b, start + i, kind))
                        t += wide(load(c, start + i, kind))
                        beyond |= can_exceed and not abs(t) < np.inf
                        store(target, i, _quotient(t, scale, reciprocal, exact), kind)
                else:
                    for i in range(n):
                        t = total[i] + wide(load(a, start + i, kind))
                        t += wide(load(b, start + i, kind))
                        t += wide(load(c, start + i, kind))
                        t += wide(load(d, start + i, kind))
                        beyond |= can_exceed and not abs(t) < np.inf
                        store(target, i, _quotient(t, scale, reciprocal, exact), kind)
                if can_exceed and beyond:
                    # The sum of large bfloat16 numbers can exceed float32, though their mean does
                    # not: once more, in float64.
                    for i in range(n):
                        t = wide(load(addresses[0], start + i, kind))
                        larger = np.float64(t)
                        for k in range(1, count):
                            value = load(addresses[k], start + i, kind)
                            t += value
                            larger += value
                        if abs(t) < np.inf:
                            t /= scale
                        else:
                            t = np.float32(larger / divisor)
                        store(target, i, t, kind)
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
    held = np.empty(_FLOAT64_BLOCK, np.float64)
    high = np.empty(_FLOAT64_BLOCK, np.float64)
    low = np.empty(_FLOAT64_BLOCK, np.float64)
    scale = np.float64(divisor)
    reciprocal = 1 / scale
    exact = divisor & (divisor - 1) == 0
    while True:
        piece = claim(counter) * PIECE
        if piece >= size:
            return
        for start in range(piece, min(piece + PIECE, size), _FLOAT64_BLOCK):
            n = min(_FLOAT64_BLOCK, size - start)
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
    """`divided` by a power of two, whose product with the quotient needs no splitting."""
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
