"""Jitted bodies of merged rows: where each lies, and their sums."""

from __future__ import annotations

import numpy as np

from numparam.kernels.cuda._elements import load, minimum, span, store
from numparam.kernels.cuda._jit import kernel, kernel_per_kind
from numparam.kernels.cuda._sums import element_of


@kernel
def locate_rows(order, count, parts, table, row_bytes, rows):
    """Replace positions in all arrays' ids by the addresses of their rows.

    `table` holds the first position of each of `parts` arrays, then the addresses of their rows.
    """
    i, step = span()
    while i < count:
        position = load(order, i, "int64")
        part = np.int64(0)
        while part + 1 < parts and load(table, part + 1, "int64") <= position:
            part += 1
        first = load(table, part, "int64")
        address = load(table, parts + part, "int64") + (position - first) * row_bytes
        store(rows, i, address, "int64")
        i += step


@kernel
def find_starts(keys, count, chunk_bits, before, starts):
    """List where each different one of sorted ids begins; before[c] counts those before chunk c."""
    chunk, step = span()
    while chunk << chunk_bits < count:
        i = chunk << chunk_bits
        stop = min(i + (np.int64(1) << chunk_bits), count)
        place = load(before, chunk, "int64")
        while i < stop:
            if i == 0 or load(keys, i, "int64") != load(keys, i - 1, "int64"):
                store(starts, place, i, "int64")
                place += 1
            i += 1
        chunk += step


@kernel
def measure_rows(starts, number, count, counts):
    """Set how many rows each different id has, of `count` in all."""
    i, step = span()
    while i < number:
        stop = load(starts, i + 1, "int64") if i + 1 < number else count
        store(counts, i, stop - load(starts, i, "int64"), "int64")
        i += step


@kernel_per_kind
def sum_rows(kind):
    """Sum, and divide, the rows at the addresses from rows[starts[i]] on, one thread an element.

    Booleans that differ have no mean: `found` is lowered to the first such row.
    """
    element = element_of(kind, True)
    boolean = kind == "bool"

    def sum_rows(rows, starts, counts, number, length, divisor, out, found):
        i, step = span()
        while i < number * length:
            row = i // length
            column = i - row * length
            start = rows + 8 * load(starts, row, "int64")
            count = load(counts, row, "int64")
            if boolean and divisor > 1:
                held = np.int64(0)
                k = np.int64(0)
                while k < count:
                    held += np.int64(load(load(start, k, "int64"), column, kind))
                    k += 1
                if held > 0 and held != divisor:
                    minimum(found, 0, row)
            store(out, i, element(start, count, column, divisor), kind)
            i += step

    return sum_rows
