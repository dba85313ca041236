"""Jitted bodies of the sums and means of many arrays, with one thread for each element.

`table` is the address of int64 numbers: those of the `count` sources' addresses, then the output's.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels import _exact_sums
from numparam.kernels._pair_constants import DOWN, HUGE
from numparam.kernels.cuda._elements import load, minimum, narrowed, product, span, store
from numparam.kernels.cuda._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cuda._pairs import divided, two_sum

exact_reach = inline(_exact_sums.reach)
exact_add = inline(_exact_sums.add)
_carried = inline(_exact_sums.carried)
_leading = inline(_exact_sums.leading)
NOTHING = _exact_sums.NOTHING
_KEPT = 2.0**21 + 1  # splits a float64 into 32 leading bits and the rest (Dekker)
_GRID = 1.5 * 2.0**-108  # added to a small number, it rounds it to a multiple of 2**-160


@inline
def exact_quotient(parts, divisor):
    """Return the sum in parts, divided, for one more rounding; see the CPU's `exact_quotient`."""
    quotient = _leading(_carried(parts)) / divisor
    big = product(quotient, _KEPT)
    quotient = big - (big - quotient)
    if abs(quotient) < 2.0**-110:
        quotient = (quotient + _GRID) - _GRID
    rest = _leading(_carried(exact_add(parts, -product(quotient, divisor))))
    aside = product(abs(quotient), 2.0**-45) + 2.0**-200
    if rest > 0.0:
        return quotient + aside
    return quotient - aside if rest < 0.0 else quotient


@kernel_per_kind
def combine_narrow(kind):
    """Combine floats whose sums float64 nearly always holds; other sums are made exactly."""
    room = _exact_sums.ROOM[kind]
    infinity = np.float32(np.inf)
    nothing = np.float32(0)

    def combine(table, count, size, divisor):
        i, step = span()
        out = load(table, count, "int64")
        scale = np.float64(divisor)
        reciprocal = 1.0 / scale
        exact = divisor & (divisor - 1) == 0
        reach = np.float32(exact_reach(room, count))
        while i < size:
            total = np.float64(load(load(table, 0, "int64"), i, kind))
            highest = abs(load(load(table, 0, "int64"), i, kind))
            lowest = highest if highest > nothing else infinity
            k = np.int64(1)
            while k < count:
                number = load(load(table, k, "int64"), i, kind)
                total += np.float64(number)
                magnitude = abs(number)
                if magnitude > highest:
                    highest = magnitude
                if magnitude > nothing and magnitude < lowest:
                    lowest = magnitude
                k += 1
            # The reciprocal of a power of two is exact, and a division costs many products.
            value = total * reciprocal if exact else total / scale
            # Of two numbers the rounded sum is right, rounded once more (Figueroa).
            if count > 2 and highest > lowest * reach and abs(total) < np.inf:
                parts = NOTHING
                k = np.int64(0)
                while k < count:
                    parts = exact_add(parts, np.float64(load(load(table, k, "int64"), i, kind)))
                    k += 1
                value = exact_quotient(parts, scale)
            store(out, i, narrowed(value, kind), kind)
            i += step

    return combine


@kernel
def combine_float64(table, count, size, divisor):
    """Combine float64 sources, summed in pairs of float64."""
    i, step = span()
    out = load(table, count, "int64")
    scale = np.float64(divisor)
    while i < size:
        high = load(load(table, 0, "int64"), i, "float64")
        low = 0.0
        k = np.int64(1)
        while k < count:
            high, dropped = two_sum(high, load(load(table, k, "int64"), i, "float64"))
            low += dropped
            k += 1
        value = divided(high, low, scale)
        if not abs(high) < HUGE:
            value = _combined_large(table, count, i, scale, high)
        store(out, i, value, "float64")
        i += step


@inline
def _combined_large(table, count, i, scale, plain):
    """Combine element i of sources near float64's end, on sources scaled down."""
    high = product(load(load(table, 0, "int64"), i, "float64"), DOWN)
    low = 0.0
    k = np.int64(1)
    while k < count:
        added = product(load(load(table, k, "int64"), i, "float64"), DOWN)
        high, dropped = two_sum(high, added)
        low += dropped
        k += 1
    scaled = divided(high, low, scale) / DOWN
    return scaled if abs(product(scaled, DOWN)) < np.inf else plain


@kernel_per_kind
def combine_integers(kind):
    """Combine integers whose sums an int64 holds."""

    def combine(table, count, size, divisor):
        i, step = span()
        out = load(table, count, "int64")
        while i < size:
            total = np.int64(0)
            k = np.int64(0)
            while k < count:
                total += np.int64(load(load(table, k, "int64"), i, kind))
                k += 1
            if divisor > 1:
                quotient = abs(total) // divisor
                total = -quotient if total < 0 else quotient
            store(out, i, total, kind)
            i += step

    return combine


@kernel_per_kind
def combine_64_bits(kind):
    """Combine 64-bit integers: quotients and remainders are summed apart, so that nothing wraps."""
    element = np.dtype(kind).type

    def combine(table, count, size, divisor):
        i, step = span()
        out = load(table, count, "int64")
        divided_by = element(divisor)
        zero = element(0)
        one = element(1)
        while i < size:
            whole = zero
            rest = zero
            k = np.int64(0)
            while k < count:
                value = load(load(table, k, "int64"), i, kind)
                if divisor == 1:
                    whole += value
                else:
                    # Floor division: the rest is in 0 … divisor - 1 and its sum small.
                    part = value // divided_by
                    whole += part
                    rest += value - part * divided_by
                    if rest >= divided_by:
                        rest -= divided_by
                        whole += one
                k += 1
            if whole < zero and rest > zero:
                whole += one  # from the floor to truncation toward zero
            store(out, i, whole, kind)
            i += step

    return combine


@kernel
def combine_booleans(table, count, size, divisor):
    """Combine booleans by "or"."""
    i, step = span()
    out = load(table, count, "int64")
    while i < size:
        value = load(load(table, 0, "int64"), i, "bool")
        k = np.int64(1)
        while k < count:
            value |= load(load(table, k, "int64"), i, "bool")
            k += 1
        store(out, i, value, "bool")
        i += step


@kernel
def find_differing(table, count, size, found):
    """Lower the number at `found` to the first source that differs from source 0, if any does."""
    i, step = span()
    while i < size:
        first = load(load(table, 0, "int64"), i, "bool")
        k = np.int64(1)
        while k < count:
            if load(load(table, k, "int64"), i, "bool") != first:
                minimum(found, 0, k)
                break
            k += 1
        i += step
