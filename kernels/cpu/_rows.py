"""Checks of row ids, the search for rows by id, and copies and sums of rows, at plain addresses.

The caller has checked every address: see `numparam.kernels._gate`. Ids are another matter: they
become addresses here, and another thread may write the array that they come from. So the pass that
uses an id checks it too, on the value that it has read, whatever an earlier pass has found.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu._elements import claim, load, minimum, store
from numparam.kernels.cpu._jit import inline, kernel, kernel_per_kind

CHECKED = 1 << 16  # ids that one claim checks
_BATCH = 256  # ids whose rows are looked up together
_AHEAD = 8  # rows that are fetched before they are copied
_LINE = 64  # bytes
_FETCHED = 1024  # bytes of a row that are prefetched; the processor prefetches the rest by itself
_STRIDE = 2048  # ids that are checked before the first bad one is looked for


def _bytes_at(builder, address):
    return builder.inttoptr(address, ir.PointerType(ir.IntType(8)))


@intrinsic
def copy_bytes(typing_context, destination, source, nbytes):
    """Copy `nbytes` bytes from the address `source`; the two do not overlap.

    A constant number becomes moves without a call.
    """

    def codegen(context, builder, signature, arguments):
        destination, source, nbytes = arguments
        cgutils.raw_memcpy(
            builder, _bytes_at(builder, destination), _bytes_at(builder, source), nbytes, 1
        )
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


@intrinsic
def clear_bytes(typing_context, destination, nbytes):
    """Set `nbytes` bytes at the address `destination` to zero."""

    def codegen(context, builder, signature, arguments):
        cgutils.memset(builder, _bytes_at(builder, arguments[0]), arguments[1], 0)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


def fetch_line(builder, address):
    """Build the instruction that prefetches the cache line at an address."""
    i32 = ir.IntType(32)
    pointer = _bytes_at(builder, address)
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(ir.VoidType(), [pointer.type, i32, i32, i32]),
        "llvm.prefetch.p0",
    )
    builder.call(function, [pointer, i32(0), i32(3), i32(1)])


@intrinsic
def prefetch(typing_context, address):
    """Prefetch the cache line at `address`, which may be any address: a hint never faults."""

    def codegen(context, builder, signature, arguments):
        fetch_line(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@kernel
def check_ids(ids, count, last, found, counter):
    """Find what every row operation must know of the int64 ids at an address.

    Lowers found[0] to the position of the first id that is negative or above `last`, found[1] to
    that of the first id that is not above its predecessor, and found[2] to minus the largest id.
    """
    while True:
        piece = claim(counter) * CHECKED
        if piece >= count:
            return
        largest = 0
        for start in range(piece, min(piece + CHECKED, count), _STRIDE):
            stop = min(start + _STRIDE, count)
            outside = 0
            falling = 0
            for i in range(start, stop):
                value = load(ids, i, "int64")
                outside += (value < 0) | (value > last)
                largest = max(largest, value)
            if outside:
                for i in range(start, stop):
                    value = load(ids, i, "int64")
                    if value < 0 or value > last:
                        minimum(found[0:1], i)
                        break
            for i in range(max(start, 1), stop):
                falling += load(ids, i, "int64") <= load(ids, i - 1, "int64")
            if falling:
                for i in range(max(start, 1), stop):
                    if load(ids, i, "int64") <= load(ids, i - 1, "int64"):
                        minimum(found[1:2], i)
                        break
        minimum(found[2:3], -largest)


@inline
def _first_not_below(ids, low, high, value):
    """Return the first position in low … high whose id is `value` or more; else `high`."""
    while low < high:
        middle = (low + high) >> 1
        if load(ids, middle, "int64") < value:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def _locate(ids, count, wanted, number, positions):
    """Set positions[i] to where wanted[i] stands among the ascending ids at an address, or to -1.

    The searches of a batch advance together, one halving at a time, so that their cache misses
    overlap; they start from the range between the batch's smallest and largest id, which is narrow
    when the wanted ids ascend.
    """
    smallest = wanted[0]
    largest = smallest
    for i in range(1, number):
        value = wanted[i]
        smallest = min(smallest, value)
        largest = max(largest, value)
    low = _first_not_below(ids, 0, count, smallest)
    high = _first_not_below(ids, low, count, largest)
    if high < count:
        high += 1
    if low == high:
        for i in range(number):
            positions[i] = -1
        return
    for i in range(number):
        positions[i] = low
    size = high - low
    while size > 1:
        half = size >> 1
        for i in range(number):
            middle = positions[i] + half
            below = load(ids, middle, "int64") <= wanted[i]
            positions[i] += half * below
        size -= half
    for i in range(number):
        if load(ids, positions[i], "int64") != wanted[i]:
            positions[i] = -1


@inline
def _copy_rows(data, positions, batch, out, row_bytes):
    """Copy rows by position, -1 for a row of zeros; short rows without a call for each."""
    missing = 0
    for i in range(batch):
        missing += positions[i] < 0
    if row_bytes == 4 and missing == 0:
        for i in range(batch):
            copy_bytes(out + 4 * i, data + 4 * positions[i], 4)
    elif row_bytes == 8 and missing == 0:
        for i in range(batch):
            copy_bytes(out + 8 * i, data + 8 * positions[i], 8)
    elif row_bytes == 16 and missing == 0:
        for i in range(batch):
            copy_bytes(out + 16 * i, data + 16 * positions[i], 16)
    elif row_bytes <= 16:
        for i in range(batch):
            if positions[i] < 0:
                _clear_short(out + i * row_bytes, row_bytes)
            else:
                _copy_short(out + i * row_bytes, data + positions[i] * row_bytes, row_bytes)
    else:
        fetched = min(row_bytes, _FETCHED)
        for i in range(batch):
            if i + _AHEAD < batch:
                coming = data + positions[i + _AHEAD] * row_bytes
                for line in range(0, fetched, _LINE):
                    prefetch(coming + line)
            if positions[i] >= 0:
                copy_bytes(out + i * row_bytes, data + positions[i] * row_bytes, row_bytes)
            else:
                clear_bytes(out + i * row_bytes, row_bytes)


@inline
def _copy_short(target, source, nbytes):
    """Copy up to 16 bytes: as one or two words that may overlap, or byte by byte."""
    if nbytes >= 8:
        copy_bytes(target, source, 8)
        copy_bytes(target + nbytes - 8, source + nbytes - 8, 8)
    elif nbytes >= 4:
        copy_bytes(target, source, 4)
        copy_bytes(target + nbytes - 4, source + nbytes - 4, 4)
    else:
        for i in range(nbytes):
            copy_bytes(target + i, source + i, 1)


@inline
def _clear_short(target, nbytes):
    """Clear up to 16 bytes like `_copy_short`."""
    if nbytes >= 8:
        clear_bytes(target, 8)
        clear_bytes(target + nbytes - 8, 8)
    elif nbytes >= 4:
        clear_bytes(target, 4)
        clear_bytes(target + nbytes - 4, 4)
    else:
        for i in range(nbytes):
            clear_bytes(target + i, 1)


@kernel
def take_rows(
    out, ids, data, wanted, count, direct, number, last, row_bytes, found, rows_per_piece, counter
):
    """Copy the rows of `number` wanted ids; with `direct`, an id is the position of its row.

    Lowers found[0] to the position of the first wanted id that is negative or above `last`.
    """
    asked = np.empty(_BATCH, np.int64)
    positions = np.empty(_BATCH, np.int64)
    while True:
        piece = claim(counter) * rows_per_piece
        if piece >= number:
            return
        stop = min(piece + rows_per_piece, number)
        for start in range(piece, stop, _BATCH):
            batch = min(_BATCH, stop - start)
            outside = 0
            for i in range(batch):
                value = load(wanted, start + i, "int64")
                asked[i] = value
                outside += (value < 0) | (value > last)
            if outside:
                for i in range(batch):
                    if asked[i] < 0 or asked[i] > last:
                        minimum(found, start + i)
                        break
            if direct:
                for i in range(batch):
                    positions[i] = asked[i] if asked[i] < count else -1
            elif count:
                _locate(ids, count, asked, batch, positions)
            else:
                positions[:] = -1
            _copy_rows(data, positions, batch, out + start * row_bytes, row_bytes)


@kernel
def put_rows(table, ids, count, last, rows, row_bytes, found, rows_per_piece, counter):
    """Write row i of `rows` to row ids[i] of a table; in one piece: in the order of the ids.

    Leaves out ids that are negative or above `last`, and lowers found[0] to the first one's
    position.
    """
    while True:
        piece = claim(counter) * rows_per_piece
        if piece >= count:
            return
        for i in range(piece, min(piece + rows_per_piece, count)):
            value = load(ids, i, "int64")
            if value < 0 or value > last:
                minimum(found, i)
                continue
            target = table + value * row_bytes
            source = rows + i * row_bytes
            if row_bytes <= 16:
                _copy_short(target, source, row_bytes)
            else:
                copy_bytes(target, source, row_bytes)


@kernel_per_kind
def add_rows(kind):
    """Add row i of `rows` to row ids[i] of a table, or subtract it; no id is repeated.

    Leaves out ids that are negative or above `last`, and lowers found[0] to the first one's
    position.
    """
    logical = kind == "bool"
    itemsize = ITEMSIZE[kind]

    def add(table, ids, count, last, rows, length, subtract, found, rows_per_piece, counter):
        row_bytes = length * itemsize
        fetched = min(row_bytes, _FETCHED)
        while True:
            piece = claim(counter) * rows_per_piece
            if piece >= count:
                return
            stop = min(piece + rows_per_piece, count)
            for i in range(piece, stop):
                if i + _AHEAD < stop:
                    coming = table + load(ids, i + _AHEAD, "int64") * row_bytes
                    for line in range(0, fetched, _LINE):
                        prefetch(coming + line)
                value = load(ids, i, "int64")
                if value < 0 or value > last:
                    minimum(found, i)
                    continue
                target = table + value * row_bytes
                source = rows + i * row_bytes
                if logical:
                    for j in range(length):
                        store(target, j, load(target, j, kind) | load(source, j, kind), kind)
                elif subtract:
                    for j in range(length):
                        store(target, j, load(target, j, kind) - load(source, j, kind), kind)
                else:
                    for j in range(length):
                        store(target, j, load(target, j, kind) + load(source, j, kind), kind)

    return add
