"""Jitted bodies of the sums and means of arrays of one shape.

A `table` is the address of int64 numbers: the addresses of the `count` sources, and, where there
is one, of the output. Of up to `MOST_LANES` sources a thread loads 16 bytes each, all of them
before it adds the first: their number is a constant of the kernel. Of more it loads element after
element.

Each family of kinds has two helpers. That of an element, ``(table, count, i, divisor)``, loads and
combines element i of any number of sources. That of a lane, ``(values, scale)``, combines a tuple
of loaded values, and returns the result and whether the helper of the element has to do it again:
few sums are that hard.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from numparam.kernels import _exact_sums, _gate
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels._pair_constants import DOWN, HUGE
from numparam.kernels.cuda._elements import (
    block,
    load,
    minimum,
    narrowed,
    product,
    span,
    store,
)
from numparam.kernels.cuda._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cuda._lanes import load_many, numbers_at, store_lanes
from numparam.kernels.cuda._pairs import divided, two_sum
from numparam.kernels.cuda._spans import owner

MOST_LANES = 8  # sources of which all loads are under way together

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


def _narrow_element(kind: str, merged: bool = False) -> Callable:
    """Floating-point sources whose sums float64 nearly always holds; others are summed exactly.

    The number of `merged` sources has nothing to do with the divisor.
    """
    least = 0 if merged else 2
    room = _exact_sums.ROOM[kind]
    infinity = np.float32(np.inf)
    nothing = np.float32(0)

    @inline
    def element(table, count, i, divisor):
        scale = np.float64(divisor)
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
        value = total / scale
        # Of two numbers the rounded sum is right, rounded once more (Figueroa).
        reach = np.float32(exact_reach(room, max(count, divisor) if merged else count))
        if count > least and highest > lowest * reach and abs(total) < np.inf:
            parts = NOTHING
            k = np.int64(0)
            while k < count:
                parts = exact_add(parts, np.float64(load(load(table, k, "int64"), i, kind)))
                k += 1
            value = exact_quotient(parts, scale)
        return narrowed(value, kind)

    return element


def _narrow_lane(kind: str, count: int) -> Callable:
    reach = np.float32(_exact_sums.reach(_exact_sums.ROOM[kind], count))
    infinity = np.float32(np.inf)
    nothing = np.float32(0)
    few = count <= 2

    def summed(number: int) -> Callable:
        last = number - 1
        if not last:

            @inline
            def first(values):
                magnitude = abs(values[0])
                lowest = magnitude if magnitude > nothing else infinity
                return np.float64(values[0]), magnitude, lowest

            return first
        before = summed(last)

        @inline
        def more(values):
            total, highest, lowest = before(values)
            magnitude = abs(values[last])
            if magnitude > highest:
                highest = magnitude
            if magnitude > nothing and magnitude < lowest:
                lowest = magnitude
            return total + np.float64(values[last]), highest, lowest

        return more

    together = summed(count)

    @inline
    def lane(values, scale):
        total, highest, lowest = together(values)
        hard = not few and highest > lowest * reach and abs(total) < np.inf
        # The reciprocal of a power of two is exact: the caller passes it where it is one.
        return narrowed(total * scale[1] if scale[2] != 0 else total / scale[0], kind), hard

    return lane


@inline
def _float64_element(table, count, i, divisor):
    """float64 sources, summed in pairs."""
    scale = np.float64(divisor)
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
    return value


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


def _float64_lane(count: int) -> Callable:
    def summed(number: int) -> Callable:
        last = number - 1
        if not last:

            @inline
            def first(values):
                return values[0], 0.0

            return first
        before = summed(last)

        @inline
        def more(values):
            high, low = before(values)
            high, dropped = two_sum(high, values[last])
            return high, low + dropped

        return more

    together = summed(count)

    @inline
    def lane(values, scale):
        high, low = together(values)
        return divided(high, low, scale[0]), not abs(high) < HUGE

    return lane


def _integers_element(kind: str) -> Callable:
    """Integers whose sums of many an int64 holds."""

    @inline
    def element(table, count, i, divisor):
        total = np.int64(0)
        k = np.int64(0)
        while k < count:
            total += np.int64(load(load(table, k, "int64"), i, kind))
            k += 1
        if divisor > 1:
            quotient = abs(total) // divisor
            total = -quotient if total < 0 else quotient
        return total

    return element


def _64_bits_element(kind: str) -> Callable:
    """64-bit integers: quotients and remainders are summed apart, so that nothing wraps."""
    element_type = np.dtype(kind).type

    @inline
    def element(table, count, i, divisor):
        divided_by = element_type(divisor)
        zero = element_type(0)
        one = element_type(1)
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
        return whole

    return element


@inline
def _booleans_element(table, count, i, divisor):
    """Booleans, or-ed."""
    value = load(load(table, 0, "int64"), i, "bool")
    k = np.int64(1)
    while k < count:
        value |= load(load(table, k, "int64"), i, "bool")
        k += 1
    return value


def element_of(kind: str, merged: bool = False) -> Callable:
    """Return the helper that combines one element of any number of sources; see the module."""
    if kind == "float64":
        return _float64_element
    if kind in _gate.FLOATS:
        return _narrow_element(kind, merged)
    if kind == "bool":
        return _booleans_element
    return _64_bits_element(kind) if kind in ("int64", "uint64") else _integers_element(kind)


@inline
def _scale(divisor):
    """Return a divisor, its reciprocal, and whether that is exact."""
    scale = np.float64(divisor)
    return scale, 1.0 / scale, np.float64(divisor & (divisor - 1) == 0)


def _lanes(lane: Callable, lanes: int) -> Callable:
    """Return a helper that combines all lanes; and whether one of them is hard."""
    if lanes == 1:

        @inline
        def one(values, scale):
            made = lane(values[0], scale)
            return (made[0],), made[1]

        return one
    half = lanes // 2
    part = _lanes(lane, half)

    @inline
    def both(values, scale):
        low = part(values[:half], scale)
        high = part(values[half:], scale)
        return low[0] + high[0], low[1] or high[1]

    return both


def lanes_of(kind: str, count: int) -> int:
    """Return how many elements of each source a thread loads at once; 1 without lanes."""
    return 16 // ITEMSIZE[kind] if kind in _gate.FLOATS and count <= MOST_LANES else 1


@kernel_per_kind
def combine_lanes(kind, count):
    """Sum or average `count` floating-point sources, whose addresses are multiples of 16."""
    lanes = 16 // ITEMSIZE[kind]
    together = _lanes(_lane(kind, count), lanes)
    element = element_of(kind)

    def combine_lanes(table, size, divisor):
        sources = numbers_at(table, count, "int64", "int64")
        out = load(table, count, "int64")
        scale = _scale(divisor)
        number, step = span()
        whole = size & -lanes
        i = number * lanes
        while i < whole:
            values, hard = together(load_many(sources, i, kind, lanes), scale)
            if hard:
                j = i
                while j < i + lanes:
                    store(out, j, element(table, count, j, divisor), kind)
                    j += 1
            else:
                store_lanes(out, i, values, kind, lanes)
            i += step * lanes
        i = whole + number
        while i < size:
            store(out, i, element(table, count, i, divisor), kind)
            i += step

    return combine_lanes


def _lane(kind: str, count: int) -> Callable:
    return _float64_lane(count) if kind == "float64" else _narrow_lane(kind, count)


@kernel_per_kind
def combine(kind):
    """Sum or average any number of sources of any kind, one thread an element."""
    element = element_of(kind)

    def combine(table, count, size, divisor):
        i, step = span()
        out = load(table, count, "int64")
        while i < size:
            store(out, i, element(table, count, i, divisor), kind)
            i += step

    return combine


@kernel_per_kind
def combine_chunks(kind):
    """Sum or average the sources of each array of a table into its targets, a block a chunk.

    `table` holds `width` addresses for each array, one array after the other: those of `sources`
    sources first, and from the one numbered `first_target` on those of the targets. Then come the
    sizes, and the numbers of the first chunks and of all.
    """
    element = element_of(kind)

    def combine_chunks(table, count, sources, width, first_target, divisor, chunk):
        sizes = table + 8 * width * count
        firsts = sizes + 8 * count
        chunks = load(firsts, count, "int64")
        number, blocks, place, threads = block()
        while number < chunks:
            array = owner(firsts, count, number)
            own = table + 8 * width * array
            begin = (number - load(firsts, array, "int64")) * chunk
            end = min(begin + chunk, load(sizes, array, "int64"))
            i = begin + place
            while i < end:
                value = element(own, sources, i, divisor)
                k = first_target
                while k < width:
                    store(load(own, k, "int64"), i, value, kind)
                    k += 1
                i += threads
            number += blocks

    return combine_chunks


@kernel_per_kind
def combine_chunks_in_lanes(kind, sources):
    """As `combine_chunks`, for a constant number of sources and addresses in multiples of 16."""
    lanes = 16 // ITEMSIZE[kind]
    together = _lanes(_lane(kind, sources), lanes)
    element = element_of(kind)

    def combine_chunks_in_lanes(table, count, width, first_target, divisor, chunk):
        sizes = table + 8 * width * count
        firsts = sizes + 8 * count
        chunks = load(firsts, count, "int64")
        scale = _scale(divisor)
        number, blocks, place, threads = block()
        while number < chunks:
            array = owner(firsts, count, number)
            own = table + 8 * width * array
            addresses = numbers_at(own, sources, "int64", "int64")
            begin = (number - load(firsts, array, "int64")) * chunk
            end = min(begin + chunk, load(sizes, array, "int64"))
            whole = end & -lanes
            i = begin + place * lanes
            while i < whole:
                values, hard = together(load_many(addresses, i, kind, lanes), scale)
                k = first_target
                if hard:
                    j = i
                    while j < i + lanes:
                        value = element(own, sources, j, divisor)
                        k = first_target
                        while k < width:
                            store(load(own, k, "int64"), j, value, kind)
                            k += 1
                        j += 1
                while k < width:
                    store_lanes(load(own, k, "int64"), i, values, kind, lanes)
                    k += 1
                i += threads * lanes
            i = whole + place
            while i < end:
                value = element(own, sources, i, divisor)
                k = first_target
                while k < width:
                    store(load(own, k, "int64"), i, value, kind)
                    k += 1
                i += threads
            number += blocks

    return combine_chunks_in_lanes


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


@kernel
def find_differing_chunks(table, count, copies, chunk, found):
    """As `find_differing`, for the copies of each array of a table; see `combine_chunks`."""
    sizes = table + 8 * copies * count
    firsts = sizes + 8 * count
    chunks = load(firsts, count, "int64")
    number, blocks, place, threads = block()
    while number < chunks:
        array = owner(firsts, count, number)
        own = table + 8 * copies * array
        begin = (number - load(firsts, array, "int64")) * chunk
        end = min(begin + chunk, load(sizes, array, "int64"))
        i = begin + place
        while i < end:
            first = load(load(own, 0, "int64"), i, "bool")
            k = np.int64(1)
            while k < copies:
                if load(load(own, k, "int64"), i, "bool") != first:
                    minimum(found, 0, k)
                    break
                k += 1
            i += threads
        number += blocks
