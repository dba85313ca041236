"""Sorting of row ids: by a bit map, by merging runs, or by a radix sort of the digits in use."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from numparam.kernels.cpu._elements import load
from numparam.kernels.cpu._jit import inline, kernel

_BITS = 11  # of a digit at most: its table of places stays in the first-level cache
_RUNS = 4  # at most so many ascending runs are merged rather than sorted
BIT_MAP = 64  # most bits of a bit map for each id: then the map is no larger than the ids


@inline
def _sort_ids(ids, values, other_ids, other_values, largest):
    """Sort non-negative ids, and values along with them, in their order of occurrence.

    Parameters
    ----------
    ids, other_ids : int64 arrays of n
        The ids, and room for as many.
    values, other_values : int64 arrays of n or of 0
        What goes with each id, if anything, and room for it.
    largest : int64
        No id is above it.

    Returns
    -------
    bool
        Whether the result is in `other_ids` and `other_values` rather than in place.
    """
    width = 0
    while width < 63 and largest >> width:
        width += 1
    passes = (width + _BITS - 1) // _BITS
    moved = False
    if passes == 0:
        return moved
    bits = (width + passes - 1) // passes
    mask = (1 << bits) - 1
    places = np.empty(mask + 1, np.int64)
    for turn in range(passes):
        shift = turn * bits
        if moved:
            _distribute(other_ids, other_values, ids, values, shift, mask, places)
        else:
            _distribute(ids, values, other_ids, other_values, shift, mask, places)
        moved = not moved
    return moved


@inline
def _distribute(ids, values, to_ids, to_values, shift, mask, places):
    """Sort stably by one digit."""
    places[:] = 0
    for i in range(len(ids)):
        places[(ids[i] >> shift) & mask] += 1
    place = 0
    for digit in range(len(places)):
        count = places[digit]
        places[digit] = place
        place += count
    if len(values):
        for i in range(len(ids)):
            digit = (ids[i] >> shift) & mask
            place = places[digit]
            places[digit] = place + 1
            to_ids[place] = ids[i]
            to_values[place] = values[i]
    else:
        for i in range(len(ids)):
            digit = (ids[i] >> shift) & mask
            place = places[digit]
            places[digit] = place + 1
            to_ids[place] = ids[i]


@inline
def _merge_runs(ids, values, other_ids, other_values, bounds, runs):
    """Merge adjacent ascending runs, two by two, stably; the last of the bounds is the end.

    Returns whether the result is in `other_ids` and `other_values` rather than in place.
    """
    moved = False
    while runs > 1:
        merged = 0
        for run in range(0, runs, 2):
            begin = bounds[run]
            middle = bounds[run + 1]
            end = bounds[min(run + 2, runs)]
            if moved:
                _merge_two(other_ids, other_values, ids, values, begin, middle, end)
            else:
                _merge_two(ids, values, other_ids, other_values, begin, middle, end)
            bounds[merged] = begin
            merged += 1
        bounds[merged] = bounds[runs]
        runs = merged
        moved = not moved
    return moved


@inline
def _merge_two(ids, values, to_ids, to_values, begin, middle, end):
    """Merge the runs begin … middle - 1 and middle … end - 1; of equal ids the left is first."""
    left = begin
    right = middle
    place = begin
    while left < middle and right < end:
        # No branch on the ids: which run is next cannot be predicted.
        second = np.int64(ids[right] < ids[left])
        source = left + second * (right - left)
        to_ids[place] = ids[source]
        to_values[place] = values[source]
        right += second
        left += 1 - second
        place += 1
    for source in range(left, middle):
        to_ids[place] = ids[source]
        to_values[place] = values[source]
        place += 1
    for source in range(right, end):
        to_ids[place] = ids[source]
        to_values[place] = values[source]
        place += 1


@intrinsic
def _trailing_zeros(typing_context, word):
    """Count the zero bits below the lowest one of a word that is not zero."""

    def codegen(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


@intrinsic
def _bits_set(typing_context, word):
    """Count the bits of a word that are set."""

    def codegen(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), codegen


@kernel
def mark(ids, count, bits):
    """Set the bit of each of the ids at an address; return how many bits are set."""
    unique = 0
    one = np.uint64(1)
    for i in range(count):
        value = load(ids, i, "int64")
        word = value >> 6
        shift = np.uint64(value & 63)
        held = bits[word]
        unique += np.int64((held >> shift) & one) ^ 1
        bits[word] = held | (one << shift)
    return unique


@kernel
def list_marked(bits, unique):
    """List the numbers whose bits are set."""
    place = 0
    for word in range(len(bits)):
        rest = bits[word]
        while rest:
            unique[place] = 64 * word + _trailing_zeros(rest)
            place += 1
            rest &= rest - np.uint64(1)


@kernel
def sort_unique(ids, unique, largest):
    """Sort the ids at an address into `unique`, drop repeats, and return how many are left."""
    other = np.empty(len(unique), np.int64)
    nothing = np.empty(0, np.int64)
    for i in range(len(unique)):
        unique[i] = load(ids, i, "int64")
    moved = _sort_ids(unique, nothing, other, nothing, largest)
    ordered = other if moved else unique
    place = 0
    previous = -1
    for i in range(len(ordered)):
        value = ordered[i]
        if value != previous:
            unique[place] = value
            place += 1
            previous = value
    return place


@kernel
def arrange(sources, row_bytes, last, ids, rows, other_ids, other_rows, found):
    """Sort all occurrences by id, stably, and group them; return the number of groups.

    found[0] says whether the sorted addresses of rows are in `other_rows`. What the groups' ids and
    starts are written to are the two buffers that are free then: memory that is touched already.
    For an id out of range the result is -1, and `found` its place.
    """
    place = 0
    largest = 0
    previous = 0
    runs = 1
    bounds = np.zeros(_RUNS + 1, np.int64)
    for k in range(sources.shape[1]):
        ids_at = sources[0, k]
        for i in range(sources[2, k]):
            value = load(ids_at, i, "int64")
            if value < 0 or value > last:
                found[0] = k
                found[1] = i
                return -1
            if value < previous:
                if runs < _RUNS:
                    bounds[runs] = place
                runs += 1
            previous = value
            largest = max(largest, value)
            ids[place] = value
            place += 1
    # From here on `ids` is read, which no other thread writes.
    if largest < BIT_MAP * place:
        found[0] = 0
        return _group_marked(sources, row_bytes, ids, rows, other_ids, other_rows, largest)
    place = 0
    for k in range(sources.shape[1]):
        row_at = sources[1, k]
        for i in range(sources[2, k]):
            rows[place] = row_at + i * row_bytes
            place += 1
    if runs <= _RUNS:
        bounds[runs] = place
        moved = _merge_runs(ids, rows, other_ids, other_rows, bounds, runs)
    else:
        moved = _sort_ids(ids, rows, other_ids, other_rows, largest)
    found[0] = moved
    ascending = other_ids if moved else ids
    unique = ids if moved else other_ids
    starts = rows if moved else other_rows
    count = 0
    previous = -1
    for i in range(place):
        value = ascending[i]
        if value != previous:
            unique[count] = value
            starts[count] = i
            count += 1
            previous = value
    starts[count] = place
    return count


@inline
def _group_marked(sources, row_bytes, ids, rows, unique, starts, largest):
    """Group the occurrences of ids that a bit map holds, without a sort; return their number.

    The rank of an id is the number of set bits before its own. `ids` is overwritten by the ranks.
    """
    one = np.uint64(1)
    bits = np.zeros((largest >> 6) + 1, np.uint64)
    for i in range(len(ids)):
        bits[ids[i] >> 6] |= one << np.uint64(ids[i] & 63)
    before = np.empty(len(bits), np.int64)
    count = 0
    for word in range(len(bits)):
        before[word] = count
        rest = bits[word]
        while rest:
            unique[count] = 64 * word + _trailing_zeros(rest)
            count += 1
            rest &= rest - one
    # Numbers of occurrences go two places behind, their sums then one: the place that the next
    # occurrence of a group takes. When all have theirs, each group starts where the last one ends.
    for i in range(count + 2):
        starts[i] = 0
    for i in range(len(ids)):
        word = ids[i] >> 6
        below = (one << np.uint64(ids[i] & 63)) - one
        rank = before[word] + _bits_set(bits[word] & below)
        ids[i] = rank
        starts[rank + 2] += 1
    for i in range(count):
        starts[i + 2] += starts[i + 1]
    occurrence = 0
    for k in range(sources.shape[1]):
        row_at = sources[1, k]
        for i in range(sources[2, k]):
            rank = ids[occurrence]
            place = starts[rank + 1]
            starts[rank + 1] = place + 1
            rows[place] = row_at + i * row_bytes
            occurrence += 1
    return count
