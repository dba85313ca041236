"""Jitted bodies of the row kernels: checks of ids, and copies and sums of rows by their ids.

An id becomes an address. Other threads and streams may write the array that it comes from, so the
kernel that uses it checks it too, on the value that it has read, and leaves its row out.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels import _exact_sums
from numparam.kernels._pair_constants import DOWN, HUGE
from numparam.kernels.cuda._elements import (
    clear_unit,
    load,
    minimum,
    narrowed,
    product,
    span,
    store,
)
from numparam.kernels.cuda._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cuda._lanes import load_lanes, store_lanes
from numparam.kernels.cuda._pairs import divided, two_sum
from numparam.kernels.cuda._sums import NOTHING, exact_add, exact_quotient, exact_reach

_LARGEST = 2**63 - 1


@kernel_per_kind
def convert_ids(kind):
    """Convert ids of any kind to int64; lower the number at `found` to the first fractional one."""
    is_float = kind in ("float16", "bfloat16", "float32", "float64")
    exact = 2.0 ** {"float16": 11, "bfloat16": 8, "float32": 24}.get(kind, 53)
    is_unsigned = kind == "uint64"

    def convert(ids, count, out, found):
        i, step = span()
        while i < count:
            given = load(ids, i, kind)
            value = np.int64(0)
            if is_float:
                wide = np.float64(given)
                good = abs(wide) <= exact  # false for NaN
                if good:
                    value = np.int64(wide)
                    good = np.float64(value) == wide
                if not good:
                    minimum(found, 0, i)
            else:
                value = np.int64(given)
                if is_unsigned and value < 0:
                    # Beyond int64: the largest one's complement is the least. One less, since
                    # that of 2**63 is the number that stands for nothing found.
                    minimum(found, 0, ~value - 1)
            store(out, i, value, "int64")
            i += step

    return convert


@inline
def _survey(ids, count, last, found):
    i, step = span()
    outside = _LARGEST
    falling = _LARGEST
    while i < count:
        value = load(ids, i, "int64")
        if value < 0 or value > last:
            outside = min(outside, i)
        if i > 0 and value <= load(ids, i - 1, "int64"):
            falling = min(falling, i)
        i += step
    # A look first: where many threads find something, few have to write.
    if outside < load(found, 0, "int64"):
        minimum(found, 0, outside)
    if falling < load(found, 1, "int64"):
        minimum(found, 1, falling)


@kernel
def check_ids(ids, count, wanted, number, last, found):
    """Find what the row operations must know of two lists of int64 ids.

    Lowers found[0] to the position of the first of `count` ids that is negative or above `last`,
    and found[1] to that of the first that is not above its predecessor; found[2] and found[3]
    likewise for the `number` wanted ids.
    """
    _survey(ids, count, last, found)
    _survey(wanted, number, last, found + 16)


@inline
def _place(ids, count, value):
    """Return the position of a value among ascending ids, or -1."""
    low = np.int64(0)
    high = count
    while low < high:
        middle = (low + high) >> 1
        if load(ids, middle, "int64") < value:
            low = middle + 1
        else:
            high = middle
    if low < count and load(ids, low, "int64") == value:
        return low
    return np.int64(-1)


# The kind, and the number of its elements, that stand for a unit of so many bytes.
_PARTS = {16: ("uint32", 4), 8: ("uint32", 2), 4: ("uint32", 1), 2: ("uint16", 1), 1: ("uint8", 1)}


def _kept_of(kind: str, lanes: int):
    """Return a helper that keeps lanes, or makes them zero."""
    nothing = np.dtype(kind).type(0)
    if lanes == 1:

        @inline
        def one(values, keep):
            return (values[0] if keep else nothing,)

        return one
    half = lanes // 2
    part = _kept_of(kind, half)

    @inline
    def both(values, keep):
        return part(values[:half], keep) + part(values[half:], keep)

    return both


@kernel_per_kind
def take_rows(unit):
    """Copy rows of `units` × `unit` bytes, 2**lane_bits threads a row, two rows at once.

    Both rows' loads are under way together. A row that is not there is zero.
    """
    kind, lanes = _PARTS[unit]
    kept = _kept_of(kind, lanes)

    @inline
    def position_of(wanted, row, ids, count, dense):
        value = load(wanted, row, "int64")
        if not dense:
            return _place(ids, count, value)
        return value if value < count else np.int64(-1)

    def take(out, ids, count, data, wanted, number, direct, units, lane_bits):
        i, step = span()
        beside = np.int64(1) << lane_bits
        lane = i & (beside - 1)
        # With `direct`, or if the ids are 0 … count - 1, an id is its row's position.
        dense = direct != 0
        if not dense and count > 0:
            dense = load(ids, count - 1, "int64") == count - 1
        row = i >> lane_bits
        apart = step >> lane_bits
        while row < number:
            other = row + apart
            here = position_of(wanted, row, ids, count, dense) if count > 0 else np.int64(-1)
            there = np.int64(-1)
            if other < number and count > 0:
                there = position_of(wanted, other, ids, count, dense)
            # Any row stands for one that is not there: its loads are harmless.
            near = max(here, 0)
            far = max(there, 0)
            column = lane
            while column < units:
                at = (row * units + column) * lanes
                if count > 0:
                    first = load_lanes(data, (near * units + column) * lanes, kind, lanes)
                    second = load_lanes(data, (far * units + column) * lanes, kind, lanes)
                    store_lanes(out, at, kept(first, here >= 0), kind, lanes)
                    if other < number:
                        at = (other * units + column) * lanes
                        store_lanes(out, at, kept(second, there >= 0), kind, lanes)
                else:
                    clear_unit(out, row * units + column, unit)
                    if other < number:
                        clear_unit(out, other * units + column, unit)
                column += beside
            row += 2 * apart

    return take


@kernel_per_kind
def put_rows(unit):
    """Write rows of `units` × `unit` bytes to a table, 2**lane_bits threads a row, two at once.

    The ids ascend; of equal ids the last one's row is written. Row i is row order[i] of `rows`, or
    row i itself if the address `order` is 0. Ids that are negative or above `last` are left out.
    """
    kind, lanes = _PARTS[unit]

    @inline
    def target_of(ids, row, count, last):
        """Row of the table that a row is written to; -1 for none."""
        value = load(ids, row, "int64")
        if row + 1 < count and load(ids, row + 1, "int64") == value:
            return np.int64(-1)
        return value if 0 <= value <= last else np.int64(-1)

    @inline
    def source_of(order, row, count):
        given = load(order, row, "int64") if order != 0 else row
        return given if 0 <= given < count else np.int64(-1)

    def put(table, ids, count, last, rows, order, units, lane_bits):
        i, step = span()
        beside = np.int64(1) << lane_bits
        lane = i & (beside - 1)
        row = i >> lane_bits
        apart = step >> lane_bits
        while row < count:
            other = row + apart
            here = target_of(ids, row, count, last)
            near = source_of(order, row, count)
            there = np.int64(-1)
            far = np.int64(-1)
            if other < count:
                there = target_of(ids, other, count, last)
                far = source_of(order, other, count)
            if near < 0:
                here = np.int64(-1)
            if far < 0:
                there = np.int64(-1)
            near = max(near, 0)
            far = max(far, 0)
            column = lane
            while column < units:
                first = load_lanes(rows, (near * units + column) * lanes, kind, lanes)
                second = load_lanes(rows, (far * units + column) * lanes, kind, lanes)
                if here >= 0:
                    store_lanes(table, (here * units + column) * lanes, first, kind, lanes)
                if there >= 0:
                    store_lanes(table, (there * units + column) * lanes, second, kind, lanes)
                column += beside
            row += 2 * apart

    return put


@inline
def _is_first(ids, row, last, value):
    """Return whether a row is the first of its id, and the id is in range; the ids ascend."""
    return 0 <= value <= last and (row == 0 or load(ids, row - 1, "int64") != value)


@inline
def _given(order, k, count):
    """Return the row of the k-th id in the order given; sums leave out ids out of range."""
    row = load(order, k, "int64") if order != 0 else k
    return row if 0 <= row < count else np.int64(-1)


@kernel_per_kind
def add_narrow(kind):
    """Add rows of `length` floats to rows of a table, 2**lane_bits threads a row, or subtract them.

    The ids ascend; all rows of equal ids are added by the first one's threads, in their order. Row
    i is row order[i] of `rows`, or row i itself if the address `order` is 0. Ids that are negative
    or above `last` are left out. The other `add_…` kernels are alike.
    """
    room = _exact_sums.ROOM[kind]
    infinity = np.float32(np.inf)
    nothing = np.float32(0)

    def add(table, ids, count, last, rows, order, length, lane_bits, subtract):
        i, step = span()
        lanes = np.int64(1) << lane_bits
        lane = i & (lanes - 1)
        row = i >> lane_bits
        while row < count:
            value = load(ids, row, "int64")
            column = lane if _is_first(ids, row, last, value) else length
            while column < length:
                place = value * length + column
                own = load(table, place, kind)
                total = np.float64(own)
                highest = abs(own)
                lowest = highest if highest > nothing else infinity
                summed = np.int64(1)
                k = row
                while k < count and load(ids, k, "int64") == value:
                    given = _given(order, k, count)
                    if given >= 0:
                        number = load(rows, given * length + column, kind)
                        added = np.float64(number)
                        total += -added if subtract != 0 else added
                        magnitude = abs(number)
                        if magnitude > highest:
                            highest = magnitude
                        if magnitude > nothing and magnitude < lowest:
                            lowest = magnitude
                        summed += 1
                    k += 1
                reach = np.float32(exact_reach(room, summed))
                # As in `_sums.combine_narrow`: what float64 may not hold is summed exactly.
                if summed > 2 and highest > lowest * reach and abs(total) < np.inf:
                    parts = exact_add(NOTHING, np.float64(own))
                    k = row
                    while k < count and load(ids, k, "int64") == value:
                        given = _given(order, k, count)
                        if given >= 0:
                            again = np.float64(load(rows, given * length + column, kind))
                            parts = exact_add(parts, -again if subtract != 0 else again)
                        k += 1
                    total = exact_quotient(parts, 1.0)
                store(table, place, narrowed(total, kind), kind)
                column += lanes
            row += step >> lane_bits

    return add


@inline
def _pair(table, place, ids, count, value, rows, order, length, column, row, subtract, scale):
    """Sum an element of a table and those of its rows, scaled, as a pair of float64."""
    high = product(load(table, place, "float64"), scale)
    low = 0.0
    k = row
    while k < count and load(ids, k, "int64") == value:
        given = _given(order, k, count)
        if given >= 0:
            added = product(load(rows, given * length + column, "float64"), scale)
            high, dropped = two_sum(high, -added if subtract != 0 else added)
            low += dropped
        k += 1
    return high, low


@kernel
def add_float64(table, ids, count, last, rows, order, length, lane_bits, subtract):
    """Add rows of float64, summed in pairs; see `add_narrow`."""
    i, step = span()
    lanes = np.int64(1) << lane_bits
    lane = i & (lanes - 1)
    row = i >> lane_bits
    while row < count:
        value = load(ids, row, "int64")
        column = lane if _is_first(ids, row, last, value) else length
        while column < length:
            place = value * length + column
            high, low = _pair(
                table, place, ids, count, value, rows, order, length, column, row, subtract, 1.0
            )
            total = divided(high, low, 1.0)
            if not abs(high) < HUGE:
                upper, lower = _pair(
                    table, place, ids, count, value, rows, order, length, column, row, subtract,
                    DOWN,
                )  # fmt: skip
                total = divided(upper, lower, 1.0) / DOWN
                if not abs(product(total, DOWN)) < np.inf:
                    total = high
            store(table, place, total, "float64")
            column += lanes
        row += step >> lane_bits


@kernel_per_kind
def add_integers(kind):
    """Add rows of integers, which wrap, or rows of booleans by "or"; see `add_narrow`."""
    logical = kind == "bool"

    def add(table, ids, count, last, rows, order, length, lane_bits, subtract):
        i, step = span()
        lanes = np.int64(1) << lane_bits
        lane = i & (lanes - 1)
        row = i >> lane_bits
        while row < count:
            value = load(ids, row, "int64")
            column = lane if _is_first(ids, row, last, value) else length
            while column < length:
                place = value * length + column
                total = load(table, place, kind)
                k = row
                while k < count and load(ids, k, "int64") == value:
                    given = _given(order, k, count)
                    if given >= 0:
                        added = load(rows, given * length + column, kind)
                        if logical:
                            total = total | added
                        elif subtract != 0:
                            total -= added
                        else:
                            total += added
                    k += 1
                store(table, place, total, kind)
                column += lanes
            row += step >> lane_bits

    return add
