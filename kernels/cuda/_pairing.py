"""Jitted bodies that write or add the arrays of a table to others, a block a chunk.

A `table` holds, for each of `count` arrays, the addresses of the target and of the source; then the
sizes, and the numbers of the first chunks and of all.
"""

from __future__ import annotations

from collections.abc import Callable

from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cuda._elements import block, copy_unit, load, store
from numparam.kernels.cuda._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cuda._lanes import load_lanes, store_lanes
from numparam.kernels.cuda._spans import owner

_UNIT = 16  # bytes of one load


@kernel
def assign_chunks(table, count, chunk):
    """Copy bytes: sizes and chunks are in bytes."""
    sizes = table + 16 * count
    firsts = sizes + 8 * count
    chunks = load(firsts, count, "int64")
    number, blocks, place, threads = block()
    while number < chunks:
        array = owner(firsts, count, number)
        target = load(table, 2 * array, "int64")
        source = load(table, 2 * array + 1, "int64")
        begin = (number - load(firsts, array, "int64")) * chunk
        end = min(begin + chunk, load(sizes, array, "int64"))
        aligned = (target | source) & (_UNIT - 1) == 0
        whole = end & -_UNIT if aligned else begin
        i = begin + _UNIT * place
        # Two units of a thread are under way together.
        while i + _UNIT * threads < whole:
            near = load_lanes(source, i >> 2, "uint32", 4)
            far = load_lanes(source, (i + _UNIT * threads) >> 2, "uint32", 4)
            store_lanes(target, i >> 2, near, "uint32", 4)
            store_lanes(target, (i + _UNIT * threads) >> 2, far, "uint32", 4)
            i += 2 * _UNIT * threads
        while i < whole:
            copy_unit(target + i, 0, source + i, 0, 16)
            i += _UNIT * threads
        i = whole + place
        while i < end:
            copy_unit(target + i, 0, source + i, 0, 1)
            i += threads
        number += blocks


@kernel_per_kind
def add_chunks(kind):
    """Add sources to targets: sizes and chunks are in elements."""
    lanes = _UNIT // ITEMSIZE[kind]
    one = _sum_of(kind)
    many = _sums_of(one, lanes)

    def add_chunks(table, count, chunk):
        sizes = table + 16 * count
        firsts = sizes + 8 * count
        chunks = load(firsts, count, "int64")
        number, blocks, place, threads = block()
        while number < chunks:
            array = owner(firsts, count, number)
            target = load(table, 2 * array, "int64")
            source = load(table, 2 * array + 1, "int64")
            begin = (number - load(firsts, array, "int64")) * chunk
            end = min(begin + chunk, load(sizes, array, "int64"))
            whole = end & -lanes if (target | source) & (_UNIT - 1) == 0 else begin
            i = begin + place * lanes
            while i < whole:
                own = load_lanes(target, i, kind, lanes)
                added = load_lanes(source, i, kind, lanes)
                store_lanes(target, i, many(own, added), kind, lanes)
                i += threads * lanes
            i = whole + place
            while i < end:
                store(target, i, one(load(target, i, kind), load(source, i, kind)), kind)
                i += threads
            number += blocks

    return add_chunks


def _sum_of(kind: str) -> Callable:
    if kind == "bool":

        @inline
        def one(own, added):
            return own | added

    else:

        @inline
        def one(own, added):
            return own + added

    return one


def _sums_of(one: Callable, lanes: int) -> Callable:
    """Return a helper that adds lanes one by one."""
    if lanes == 1:

        @inline
        def single(own, added):
            return (one(own[0], added[0]),)

        return single
    half = lanes // 2
    part = _sums_of(one, half)

    @inline
    def both(own, added):
        return part(own[:half], added[:half]) + part(own[half:], added[half:])

    return both
