"""Jitted bodies that sort row ids by their digits, and list the different ones of sorted ids.

Each pass sorts by one digit of eight bits and keeps the order of equal ones; only digits that ids
differ in are looked at. Every warp of 32 threads has segments of 2**segment_bits neighbouring ids:
it counts the digits of each, sums over all segments give the place of the first id with a digit,
and the warp places its ids in order, 32 at a time. Threads of one warp see by a mask, in memory
that they share, which of them have the same digit. (D. Merrill and A. Grimshaw, "High performance
and scalable radix sorting", Parallel Processing Letters 21, 2011.)
"""

from __future__ import annotations

import numpy as np

from numparam.kernels.cuda._elements import (
    add_shared,
    barrier,
    bits_set,
    block,
    load,
    mark_shared,
    shared_masks,
    shared_numbers,
    shared_places,
    span,
    store,
    warp_barrier,
)
from numparam.kernels.cuda._jit import inline, kernel


@kernel
def join_bits(ids, count, parts):
    """Set number b at `parts` to the bits that any of block b's ids has, and the first id lacks."""
    shared = shared_numbers()
    number, _, thread, threads = block()
    i, step = span()
    first = load(ids, 0, "int64")
    bits = np.int64(0)
    while i < count:
        bits |= load(ids, i, "int64") ^ first
        i += step
    shared[thread] = bits
    barrier()
    distance = threads >> 1
    while distance > 0:
        if thread < distance:
            shared[thread] |= shared[thread + distance]
        barrier()
        distance >>= 1
    if thread == 0:
        store(parts, number, shared[0], "int64")


@inline
def _digit(keys, i, shift):
    return (load(keys, i, "int64") >> shift) & 255


@kernel
def count_digits(keys, count, shift, lane_bits, segment_bits, segments, counts):
    """Count the keys with each digit in each segment: counts[digit × segments + segment].

    A warp has 2**lane_bits threads: 32, or less in a smaller block.
    """
    found = shared_masks()
    number, blocks, thread, threads = block()
    width, warps = np.int64(1) << lane_bits, threads >> lane_bits
    warp, lane = thread >> lane_bits, thread & (width - 1)
    first = warp << 8
    begin = number * warps
    while begin < segments:  # the same number of turns in all threads of a block
        segment = begin + warp
        digit = lane
        while digit < 256:
            found[first + digit] = 0
            digit += width
        warp_barrier()
        i = (segment << segment_bits) + lane
        stop = min((segment + 1) << segment_bits, count)
        while i < stop:
            add_shared(found, first + _digit(keys, i, shift))
            i += width
        warp_barrier()
        digit = lane
        while digit < 256:
            if segment < segments:
                store(counts, digit * segments + segment, np.int64(found[first + digit]), "int64")
            digit += width
        warp_barrier()
        begin += blocks * warps


@kernel
def place_keys(
    keys, order, keys_out, order_out, count, shift, lane_bits, segment_bits, segments, starts
):
    """Write keys in the order of one digit, and with each its first position.

    `starts` holds the sums of what `count_digits` counts: places of the first keys. `order` 0
    stands for 0 … count - 1, and `order_out` 0 for no interest in it.
    """
    masks, places = shared_masks(), shared_places()
    number, blocks, thread, threads = block()
    width, warps = np.int64(1) << lane_bits, threads >> lane_bits
    warp, lane = thread >> lane_bits, thread & (width - 1)
    first = warp << 8
    digit = lane
    while digit < 256:
        masks[first + digit] = 0
        digit += width
    begin = number * warps
    while begin < segments:  # the same number of turns in all threads of a block
        segment = begin + warp
        digit = lane
        while digit < 256:
            if segment < segments:
                places[first + digit] = load(starts, digit * segments + segment, "int64")
            digit += width
        warp_barrier()
        i = (segment << segment_bits) + lane
        stop = min((segment + 1) << segment_bits, count)
        end = i + (np.int64(1) << segment_bits)
        key = np.int64(0)
        if i < stop:
            key = load(keys, i, "int64")
        while i < end:
            # The next key is on its way while this one finds its place.
            ahead = np.int64(0)
            if i + width < stop:
                ahead = load(keys, i + width, "int64")
            slot = first + ((key >> shift) & 255)
            if i < stop:
                mark_shared(masks, slot, lane)
            warp_barrier()
            same = np.int64(masks[slot])
            place = places[slot]
            before = bits_set(same & ((np.int64(1) << lane) - 1))
            warp_barrier()
            if i < stop:
                if before == 0:  # one thread for all with the same digit
                    places[slot] = place + bits_set(same)
                    masks[slot] = 0
                place += before
                store(keys_out, place, key, "int64")
                if order_out != 0:
                    position = load(order, i, "int64") if order != 0 else i
                    store(order_out, place, position, "int64")
            warp_barrier()
            key = ahead
            i += width
        begin += blocks * warps


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
def sum_chunks(counts, count, chunk_bits, sums):
    """Add up each chunk of 2**chunk_bits counts."""
    chunk, step = span()
    while chunk << chunk_bits < count:
        i = chunk << chunk_bits
        stop = min(i + (np.int64(1) << chunk_bits), count)
        total = np.int64(0)
        while i < stop:
            total += load(counts, i, "int64")
            i += 1
        store(sums, chunk, total, "int64")
        chunk += step


@kernel
def add_before(counts, count, chunk_bits, sums):
    """Replace counts by the sums of those before them; sums[c] is that of those before chunk c."""
    chunk, step = span()
    while chunk << chunk_bits < count:
        i = chunk << chunk_bits
        stop = min(i + (np.int64(1) << chunk_bits), count)
        running = load(sums, chunk, "int64")
        while i < stop:
            value = load(counts, i, "int64")
            store(counts, i, running, "int64")
            running += value
            i += 1
        chunk += step


@kernel
def list_new(keys, count, chunk_bits, before, out):
    """Write the different numbers of sorted keys; before[c] counts those before chunk c."""
    chunk, step = span()
    while chunk << chunk_bits < count:
        start = chunk << chunk_bits
        place = load(before, chunk, "int64")
        stop = min(start + (np.int64(1) << chunk_bits), count)
        i = start
        while i < stop:
            if _is_new(keys, i):
                store(out, place, load(keys, i, "int64"), "int64")
                place += 1
            i += 1
        chunk += step
