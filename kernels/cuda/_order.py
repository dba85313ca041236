"""Jitted bodies that sort int64 numbers and list the different ones.

Sorting merges runs of doubling length: an element's place in the merged run is its own plus that in
its neighbour, which it finds by bisection. So each pass is one launch without any waiting between
threads, and equal numbers keep their order.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels.cuda._elements import load, span, store
from numparam.kernels.cuda._jit import inline, kernel


@inline
def _first_above(keys, low, high, value, or_equal):
    """Return the first position whose key is above `value`, or equal if asked; else `high`."""
    while low < high:
        middle = (low + high) >> 1
        key = load(keys, middle, "int64")
        if key > value or (or_equal and key == value):
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def merge_runs(keys, order, keys_out, order_out, count, run_bits):
    """Merge neighbouring sorted runs of 2**run_bits keys, carrying each key's first position.

    `order` 0 stands for 0 … count - 1, and `order_out` 0 for no interest in it.
    """
    i, step = span()
    run = np.int64(1) << run_bits
    while i < count:
        value = load(keys, i, "int64")
        start = (i >> (run_bits + 1)) << (run_bits + 1)
        middle = min(start + run, count)
        if i < middle:
            stop = min(middle + run, count)
            place = i + (_first_above(keys, middle, stop, value, True) - middle)
        else:
            place = _first_above(keys, start, middle, value, False) + (i - middle)
        store(keys_out, place, value, "int64")
        if order_out != 0:
            position = load(order, i, "int64") if order != 0 else i
            store(order_out, place, position, "int64")
        i += step


@inline
def _is_new(keys, i):
    """Return whether a sorted key differs from the one before it."""
    return i == 0 or load(keys, i, "int64") != load(keys, i - 1, "int64")


@kernel
def count_new(keys, count, chunk_bits, counts):
    """Count the different numbers that begin in each chunk of 2**chunk_bits sorted keys."""
    chunk, step = span()
    while chunk << chunk_bits < count:
        start = chunk << chunk_bits
        number = np.int64(0)
        stop = min(start + (np.int64(1) << chunk_bits), count)
        i = start
        while i < stop:
            if _is_new(keys, i):
                number += 1
            i += 1
        store(counts, chunk, number, "int64")
        chunk += step


@kernel
def add_shifted(numbers, count, distance, out):
    """Add to each number the one `distance` before it: one step of a running sum."""
    i, step = span()
    while i < count:
        value = load(numbers, i, "int64")
        if i >= distance:
            value += load(numbers, i - distance, "int64")
        store(out, i, value, "int64")
        i += step


@kernel
def list_new(keys, count, chunk_bits, ends, out):
    """Write the different numbers of sorted keys; ends[c] counts those up to chunk c's end."""
    chunk, step = span()
    while chunk << chunk_bits < count:
        start = chunk << chunk_bits
        place = np.int64(0)
        if chunk > 0:
            place = load(ends, chunk - 1, "int64")
        stop = min(start + (np.int64(1) << chunk_bits), count)
        i = start
        while i < stop:
            if _is_new(keys, i):
                store(out, place, load(keys, i, "int64"), "int64")
                place += 1
            i += 1
        chunk += step
