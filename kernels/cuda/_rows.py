"""Jitted bodies of the row operations: checks of ids, and copies of rows by their ids."""

from __future__ import annotations

import numpy as np

from numparam.kernels.cuda._elements import clear_unit, copy_unit, load, minimum, span, store
from numparam.kernels.cuda._jit import inline, kernel, kernel_per_kind

_LARGEST = 2**63 - 1


@kernel_per_kind
def convert_ids(kind):
    """Whole numbers of any kind to int64; lowers the number at `found` to the first other one."""
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
    """Survey two lists of int64 ids for what the row operations ask.

    Lowers found[0] to the position of the first of `count` ids that is negative or above `last`,
    and found[1] to that of the first that is not above its predecessor; found[2] and found[3]
    likewise for the `number` wanted ids.
    """
    _survey(ids, count, last, found)
    _survey(wanted, number, last, found + 16)


@inline
def _place(ids, count, value):
    """Position of a value among ascending ids, or -1."""
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


@kernel_per_kind
def take_rows(unit):
    """Copy rows of `units` × `unit` bytes, 2**lane_bits threads a row."""

    def take(out, ids, count, data, wanted, number, direct, units, lane_bits):
        i, step = span()
        lanes = np.int64(1) << lane_bits
        lane = i & (lanes - 1)
        # With `direct`, or if the ids are 0 … count - 1, an id is its row's position.
        dense = direct != 0
        if not dense and count > 0:
            dense = load(ids, count - 1, "int64") == count - 1
        row = i >> lane_bits
        while row < number:
            value = load(wanted, row, "int64")
            if dense:
                position = value if value < count else np.int64(-1)
            else:
                position = _place(ids, count, value)
            column = lane
            while column < units:
                if position >= 0:
                    copy_unit(out, row * units + column, data, position * units + column, unit)
                else:
                    clear_unit(out, row * units + column, unit)
                column += lanes
            row += step >> lane_bits

    return take


@kernel_per_kind
def put_rows(unit):
    """Write rows of `units` × `unit` bytes to a table, 2**lane_bits threads a row.

    The ids ascend; of equal ids the last one's row is written. Row i is row order[i] of `rows`, or
    row i itself if the address `order` is 0.
    """

    def put(table, ids, count, rows, order, units, lane_bits):
        i, step = span()
        lanes = np.int64(1) << lane_bits
        lane = i & (lanes - 1)
        row = i >> lane_bits
        while row < count:
            value = load(ids, row, "int64")
            if row + 1 == count or load(ids, row + 1, "int64") != value:
                given = load(order, row, "int64") if order != 0 else row
                column = lane
                while column < units:
                    copy_unit(table, value * units + column, rows, given * units + column, unit)
                    column += lanes
            row += step >> lane_bits

    return put
