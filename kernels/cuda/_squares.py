"""Jitted bodies of sums of squares, in the order of `numparam.kernels.cpu.norm`, and of scaling."""

from __future__ import annotations

from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cuda._convert import convert
from numparam.kernels.cuda._elements import LANES, barrier, block, load, shared_lanes, store
from numparam.kernels.cuda._folding import folded
from numparam.kernels.cuda._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cuda._lanes import load_lanes, store_lanes
from numparam.kernels.cuda._spans import owner

CHUNK = 4096  # elements whose squares one block sums


@kernel_per_kind
def sum_chunks(kind):
    """Sum the squares of each chunk of each array of a table, a block a chunk.

    `table` holds the addresses, the sizes, and the numbers of the first chunks and of all.
    """

    def sum_chunks(table, count, partial):
        sizes = table + 8 * count
        firsts = sizes + 8 * count
        chunks = load(firsts, count, "int64")
        lanes = shared_lanes()
        chunk, blocks, thread, threads = block()
        while chunk < chunks:
            array = owner(firsts, count, chunk)
            address = load(table, array, "int64")
            begin = (chunk - load(firsts, array, "int64")) * CHUNK
            size = min(load(sizes, array, "int64") - begin, CHUNK)
            lane = thread
            while lane < LANES:
                own = 0.0
                i = lane
                while i < size:
                    value = convert(load(address, begin + i, kind), kind, "float64")
                    own += value * value
                    i += LANES
                lanes[lane] = own
                lane += threads
            total = folded(lanes, thread, threads)
            if thread == 0:
                store(partial, chunk, total, "float64")
            chunk += blocks

    return sum_chunks


@kernel
def add_chunks(firsts, count, places, partial, sums):
    """Add the chunks' sums of each array from the first to the last, a block an array."""
    lanes = shared_lanes()
    array, blocks, thread, threads = block()
    while array < count:
        stop = load(firsts, array + 1, "int64")
        total = 0.0
        begin = load(firsts, array, "int64")
        while begin < stop:
            size = min(stop - begin, LANES)
            lane = thread
            while lane < size:
                lanes[lane] = load(partial, begin + lane, "float64")
                lane += threads
            barrier()
            if thread == 0:
                lane = 0
                while lane < size:
                    total += lanes[lane]
                    lane += 1
            barrier()
            begin += LANES
        if thread == 0:
            store(sums, load(places, array, "int64"), total, "float64")
        array += blocks


@kernel_per_kind
def scale_chunks(kind):
    """Multiply the arrays of a table, a block a chunk; `factor` holds a float64."""
    lanes = 16 // ITEMSIZE[kind]
    scaled = _scaled_of(kind, lanes)

    def scale_chunks(table, count, chunk, factor):
        sizes = table + 8 * count
        firsts = sizes + 8 * count
        chunks = load(firsts, count, "int64")
        by = load(factor, 0, "float64")
        number, blocks, thread, threads = block()
        while number < chunks:
            array = owner(firsts, count, number)
            address = load(table, array, "int64")
            begin = (number - load(firsts, array, "int64")) * chunk
            end = min(begin + chunk, load(sizes, array, "int64"))
            whole = end & -lanes if address & 15 == 0 else begin
            i = begin + thread * lanes
            while i < whole:
                store_lanes(
                    address, i, scaled(load_lanes(address, i, kind, lanes), by), kind, lanes
                )
                i += threads * lanes
            i = whole + thread
            while i < end:
                product = convert(load(address, i, kind), kind, "float64") * by
                store(address, i, convert(product, "float64", kind), kind)
                i += threads
            number += blocks

    return scale_chunks


def _scaled_of(kind: str, lanes: int):
    """Return a helper that multiplies lanes and rounds each product once."""
    if lanes == 1:

        @inline
        def one(values, by):
            return (convert(convert(values[0], kind, "float64") * by, "float64", kind),)

        return one
    half = lanes // 2
    part = _scaled_of(kind, half)

    @inline
    def both(values, by):
        return part(values[:half], by) + part(values[half:], by)

    return both
