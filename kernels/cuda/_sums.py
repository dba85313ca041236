"""Jitted bodies of the sums and means of many arrays, one thread an element.

`table` is the address of int64 numbers: those of the `count` sources' addresses, then the output's.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels._pair_constants import DOWN, HUGE
from numparam.kernels.cuda._elements import load, minimum, product, span, store
from numparam.kernels.cuda._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cuda._pairs import divided, two_sum


@kernel_per_kind
def combine_narrow(kind):
    """Floating-point sources whose sums a wider type holds."""
    wide = np.float64 if kind == "float32" else np.float32
    can_exceed = kind == "bfloat16"

    def combine(table, count, size, divisor):
        i, step = span()
        out = load(table, count, "int64")
        scale = wide(divisor)
        reciprocal = wide(1) / scale
        exact = divisor & (divisor - 1) == 0
        while i < size:
            total = wide(load(load(table, 0, "int64"), i, kind))
            k = np.int64(1)
            while k < count:
                total += wide(load(load(table, k, "int64"), i, kind))
                k += 1
            # The reciprocal of a power of two is exact, and a division costs many products.
            value = total * reciprocal if exact else total / scale
            if can_exceed and not abs(total) < np.inf:
                # The sum of large bfloat16 numbers can exceed float32, though their mean does
                # not: once more, in float64.
                larger = 0.0
                k = np.int64(0)
                while k < count:
                    larger += np.float64(load(load(table, k, "int64"), i, kind))
                    k += 1
                value = np.float32(larger / np.float64(divisor))
            store(out, i, np.float32(value), kind)
            i += step

    return combine


@kernel
def combine_float64(table, count, size, divisor):
    """float64 sources, summed in pairs."""
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
    """Integers whose sums of many an int64 holds."""

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
    """64-bit integers: quotients and remainders are summed apart, so that nothing wraps."""
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
    """Booleans, or-ed."""
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
