"""The loops behind sums and means of integers and booleans.

As in `numparam.kernels.cpu._float_sums`, four sources are read at a time. Every kernel takes the
addresses of k sources and of the output.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu._elements import claim, load, minimum, store
from numparam.kernels.cpu._float_sums import PIECE
from numparam.kernels.cpu._jit import kernel, kernel_per_kind

# Up to so many sources, sums of 8 and 16 bits are exact in int32 and float32, of 32 in float64.
MOST_NARROW = 128

_BLOCK = 1024  # elements: running totals stay in the first-level cache


@kernel_per_kind
def add_integers(kind):
    """Add, wrapping as the dtype does; `divisor` is not used."""
    element = np.dtype(kind).type

    def add_range(addresses, size, divisor, counter):
        count = len(addresses) - 1
        out = addresses[count]
        total = np.empty(_BLOCK, element)
        while True:
            piece = claim(counter) * PIECE
            if piece >= size:
                return
            for start in range(piece, min(piece + PIECE, size), _BLOCK):
                n = min(_BLOCK, size - start)
                a = addresses[0]
                for i in range(n):
                    total[i] = load(a, start + i, kind)
                k = 1
                while count - k >= 3:
                    a, b, c = addresses[k], addresses[k + 1], addresses[k + 2]
                    for i in range(n):
                        total[i] += (
                            load(a, start + i, kind)
                            + load(b, start + i, kind)
                            + load(c, start + i, kind)
                        )
                    k += 3
                while k < count:
                    a = addresses[k]
                    for i in range(n):
                        total[i] += load(a, start + i, kind)
                    k += 1
                for i in range(n):
                    store(out, start + i, total[i], kind)

    return add_range


@kernel_per_kind
def mean_integers(kind):
    """Compute means of up to `MOST_NARROW` sources of up to 32 bits.

    A sum below 2**24 in float32, or 2**53 in float64, divides into a quotient that rounding does
    not carry to the next whole number: cut off, it is exact.
    """
    narrow = ITEMSIZE[kind] < 4
    wide = np.int32 if narrow else np.float64
    real = np.float32 if narrow else np.float64
    whole = np.int64 if kind == "uint32" else np.int32

    def mean_range(addresses, size, divisor, counter):
        count = len(addresses) - 1
        out = addresses[count]
        total = np.empty(_BLOCK, wide)
        scale = real(divisor)
        reciprocal = real(1) / scale
        exact = divisor & (divisor - 1) == 0
        while True:
            piece = claim(counter) * PIECE
            if piece >= size:
                return
            for start in range(piece, min(piece + PIECE, size), _BLOCK):
                n = min(_BLOCK, size - start)
                k = 2
                a = addresses[0]
                b = addresses[min(1, count - 1)]
                if count == 1:
                    k = 1
                    for i in range(n):
                        total[i] = load(a, start + i, kind)
                elif count < 4:
                    for i in range(n):
                        total[i] = wide(load(a, start + i, kind)) + wide(load(b, start + i, kind))
                else:
                    k = 4
                    c, d = addresses[2], addresses[3]
                    for i in range(n):
                        t = wide(load(a, start + i, kind)) + wide(load(b, start + i, kind))
                        t += wide(load(c, start + i, kind))
                        total[i] = t + wide(load(d, start + i, kind))
                while count - k >= 4:
                    a, b, c, d = (
                        addresses[k], addresses[k + 1], addresses[k + 2], addresses[k + 3],
                    )  # fmt: skip
                    for i in range(n):
                        t = total[i] + wide(load(a, start + i, kind))
                        t += wide(load(b, start + i, kind))
                        t += wide(load(c, start + i, kind))
                        total[i] = t + wide(load(d, start + i, kind))
                    k += 4
                while k < count:
                    a = addresses[k]
                    for i in range(n):
                        total[i] += wide(load(a, start + i, kind))
                    k += 1
                if exact:
                    for i in range(n):
                        store(out, start + i, whole(real(total[i]) * reciprocal), kind)
                else:
                    for i in range(n):
                        store(out, start + i, whole(real(total[i]) / scale), kind)

    return mean_range


@kernel_per_kind
def mean_many_integers(kind):
    """Compute means of any number of sources of up to 32 bits, whose sums an int64 holds."""

    def combine_range(addresses, size, divisor, counter):
        last = len(addresses) - 2
        out = addresses[last + 1]
        total = np.empty(_BLOCK, np.int64)
        while True:
            piece = claim(counter) * PIECE
            if piece >= size:
                return
            for start in range(piece, min(piece + PIECE, size), _BLOCK):
                count = min(_BLOCK, size - start)
                source = addresses[0]
                for i in range(count):
                    total[i] = load(source, start + i, kind)
                for k in range(1, last + 1):
                    source = addresses[k]
                    for i in range(count):
                        total[i] += load(source, start + i, kind)
                if divisor > 1:
                    for i in range(count):
                        quotient = abs(total[i]) // divisor
                        total[i] = -quotient if total[i] < 0 else quotient
                for i in range(count):
                    store(out, start + i, total[i], kind)

    return combine_range


@kernel_per_kind
def mean_64_bits(kind):
    """Compute means of 64-bit integers: quotients and remainders are summed apart; none wrap."""
    element = np.dtype(kind).type

    def mean_range(addresses, size, divisor, counter):
        count = len(addresses) - 1
        out = addresses[count]
        whole = np.empty(_BLOCK, element)
        rest = np.empty(_BLOCK, element)
        step, zero, one = element(divisor), element(0), element(1)
        mask = element(divisor - 1)
        shift = zero
        while one << shift < step:
            shift += one
        exact = one << shift == step
        while True:
            piece = claim(counter) * PIECE
            if piece >= size:
                return
            for start in range(piece, min(piece + PIECE, size), _BLOCK):
                n = min(_BLOCK, size - start)
                for i in range(n):
                    whole[i] = zero
                    rest[i] = zero
                if exact:
                    # So there is an even number of sources: as many as the divisor says.
                    for k in range(0, count, 2):
                        a, b = addresses[k], addresses[k + 1]
                        for i in range(n):
                            first = load(a, start + i, kind)
                            second = load(b, start + i, kind)
                            whole[i] += (first >> shift) + (second >> shift)
                            rest[i] += (first & mask) + (second & mask)
                    for i in range(n):
                        whole[i] += rest[i] >> shift
                        rest[i] &= mask
                else:
                    for k in range(count):
                        a = addresses[k]
                        for i in range(n):
                            value = load(a, start + i, kind)
                            part = value // step
                            left = rest[i] + (value - part * step)
                            carry = left >= step
                            whole[i] += part + (one if carry else zero)
                            rest[i] = left - (step if carry else zero)
                for i in range(n):
                    # From the floor to truncation toward zero.
                    up = whole[i] < zero and rest[i] > zero
                    store(out, start + i, whole[i] + (one if up else zero), kind)

    return mean_range


@kernel_per_kind
def combine_booleans(kind):
    def combine_range(addresses, size, divisor, counter):
        last = len(addresses) - 2
        out = addresses[last + 1]
        while True:
            piece = claim(counter) * PIECE
            if piece >= size:
                return
            for i in range(piece, min(piece + PIECE, size)):
                value = load(addresses[0], i, kind)
                for k in range(1, last + 1):
                    value |= load(addresses[k], i, kind)
                store(out, i, value, kind)

    return combine_range


@kernel
def find_differing(addresses, size, differing, counter):
    """Lower differing[0] to the first source that differs from source 0, if any does."""
    last = len(addresses) - 2
    while True:
        piece = claim(counter) * PIECE
        if piece >= size:
            return
        for k in range(1, last + 1):
            for i in range(piece, min(piece + PIECE, size)):
                if load(addresses[k], i, "bool") != load(addresses[0], i, "bool"):
                    minimum(differing, k)
                    break
