"""Jitted bodies that order row ids without sorting: one bit for each row, counted and listed.

The bits are int64 words. Words are counted in chunks of 2**chunk_bits, one thread a chunk.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels.cuda._elements import (
    barrier,
    bits_set,
    block,
    load,
    set_bit,
    shared_numbers,
    span,
    store,
)
from numparam.kernels.cuda._jit import inline, kernel


@kernel
def set_bits(ids, count, last, words):
    """Set the bit of each id that is in range."""
    i, step = span()
    while i < count:
        value = load(ids, i, "int64")
        word = load(words, value >> 6, "int64") if 0 <= value <= last else np.int64(-1)
        # A look first: repeated ids need no write.
        if (word >> (value & 63)) & 1 == 0:
            set_bit(words, value)
        i += step


@kernel
def count_bits(words, count, chunk_bits, counts):
    """Count the bits of each chunk of words."""
    chunk, step = span()
    while chunk << chunk_bits < count:
        stop = min((chunk + 1) << chunk_bits, count)
        total = np.int64(0)
        i = chunk << chunk_bits
        while i < stop:
            total += bits_set(load(words, i, "int64"))
            i += 1
        store(counts, chunk, total, "int64")
        chunk += step


@kernel
def add_up(counts, count):
    """Replace counts by the sums of those before them; number `count` becomes that of all.

    One block does it: each thread adds up a part, and all add the parts before theirs.
    """
    parts = shared_numbers()
    number, _, thread, threads = block()
    if number == 0:
        share = (count + threads - 1) // threads
        begin = min(thread * share, count)
        stop = min(begin + share, count)
        total = np.int64(0)
        i = begin
        while i < stop:
            total += load(counts, i, "int64")
            i += 1
        parts[thread] = total
        barrier()
        distance = np.int64(1)
        while distance < threads:
            before = np.int64(0)
            if thread >= distance:
                before = parts[thread - distance]
            barrier()
            parts[thread] += before
            barrier()
            distance <<= 1
        running = parts[thread] - total
        i = begin
        while i < stop:
            value = load(counts, i, "int64")
            store(counts, i, running, "int64")
            running += value
            i += 1
        if thread == threads - 1:
            store(counts, count, parts[thread], "int64")


@kernel
def number_words(words, count, chunk_bits, counts, before):
    """Set, for each word, how many bits stand before it."""
    chunk, step = span()
    while chunk << chunk_bits < count:
        stop = min((chunk + 1) << chunk_bits, count)
        running = load(counts, chunk, "int64")
        i = chunk << chunk_bits
        while i < stop:
            store(before, i, running, "int64")
            running += bits_set(load(words, i, "int64"))
            i += 1
        chunk += step


@kernel
def list_bits(words, count, before, out):
    """List the numbers of all bits, ascending."""
    i, step = span()
    while i < count:
        word = load(words, i, "int64")
        place = load(before, i, "int64")
        while word != 0:
            lowest = word & -word
            store(out, place, (i << 6) + bits_set(lowest - 1), "int64")
            place += 1
            word ^= lowest
        i += step


@inline
def _rank(words, before, value):
    """Return how many bits stand before that of an id."""
    below = (np.int64(1) << (value & 63)) - 1
    word = load(words, value >> 6, "int64")
    return load(before, value >> 6, "int64") + bits_set(word & below)


@kernel
def place_rows(ids, count, last, data, row_bytes, words, before, part, parts, rows):
    """Note where each row of one of several arrays lies: `parts` places for each different id.

    `rows` holds addresses, 0 where an array has no such row. The ids of one array differ.
    """
    i, step = span()
    while i < count:
        value = load(ids, i, "int64")
        if 0 <= value <= last:
            place = _rank(words, before, value) * parts + part
            store(rows, place, data + i * row_bytes, "int64")
        i += step


@kernel
def gather_rows(count, parts, rows, starts, counts):
    """Move the addresses of each row to the front of its places, and count them."""
    i, step = span()
    while i < count:
        found = np.int64(0)
        k = np.int64(0)
        while k < parts:
            address = load(rows, i * parts + k, "int64")
            if address != 0:
                store(rows, i * parts + found, address, "int64")
                found += 1
            k += 1
        store(starts, i, i * parts, "int64")
        store(counts, i, found, "int64")
        i += step
