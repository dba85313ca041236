"""Jitted bodies of the optimizers' steps: made for a formula, an element kind, and master weights.

Each is a factory ``(formula, states, width, kind, mixed, lanes)``: `width` is the number of
coefficients; `lanes` is the number of neighbouring elements that a thread steps at once.
"""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np

from numparam.kernels import _step_gate
from numparam.kernels.cuda._elements import block, load, minimum, span, store
from numparam.kernels.cuda._jit import inline, kernel
from numparam.kernels.cuda._lanes import (
    alike,
    load_lanes,
    load_many,
    newer,
    numbers_at,
    rounded,
    stepped,
    store_lanes,
    store_many,
)
from numparam.kernels.cuda._spans import owner
from numparam.kernels.cuda._weights import weight_access

_PATIENCE = 16  # missed steps between two looks at whether an element rests


def move_of(formula, kind: str, mixed: bool, lanes: int) -> Callable:
    """Return a helper that steps `lanes` elements: all loads, then the steps, then all stores.

    It is called as ``move(weight, low, kept, gradient, i, given_at, coefficients)``: the addresses
    of the weight or its master, of the weight of a master, of the states and of the gradient;
    the elements' place in them and in the gradient.
    """
    held = "float32" if mixed else kind
    step = stepped(formula.step, lanes)
    if mixed:

        @inline
        def move(weight, low, kept, gradient, i, given_at, coefficients):
            masters = load_lanes(weight, i, held, lanes)
            own = load_lanes(low, i, kind, lanes)
            given = load_lanes(gradient, given_at, kind, lanes)
            before = load_many(kept, i, held, lanes)
            made = step(newer(masters, own, kind), given, before, coefficients)
            store_lanes(weight, i, made[0], held, lanes)
            store_many(kept, i, made[1], held, lanes)
            store_lanes(low, i, made[0], kind, lanes)

        return move

    @inline
    def move_alone(weight, low, kept, gradient, i, given_at, coefficients):
        own = load_lanes(weight, i, held, lanes)
        given = load_lanes(gradient, given_at, kind, lanes)
        before = load_many(kept, i, held, lanes)
        made = step(own, given, before, coefficients)
        store_lanes(weight, i, made[0], held, lanes)
        store_many(kept, i, made[1], held, lanes)

    return move_alone


def dense(formula, states, width, kind, mixed, lanes):
    """Step the arrays of a table, a block a chunk of `chunk` elements; `chunk` is in whole lanes.

    `table` holds, all int64: for each array the addresses of what is updated, of its gradient, its
    states, and, where that is a master, of the weight; then the sizes; the numbers of the first
    chunks and of all; the rows of the coefficients; and whether lanes can be loaded at once.
    """
    working = _step_gate.WORKING[kind]
    stride = states + 2 + mixed
    many = move_of(formula, kind, mixed, lanes)
    one = move_of(formula, kind, mixed, 1)

    def dense(table, count, chunk, coefficients):
        sizes = table + 8 * stride * count
        firsts = sizes + 8 * count
        places = firsts + 8 * (count + 1)
        aligned = places + 8 * count
        chunks = load(firsts, count, "int64")
        number, blocks, place, threads = block()
        while number < chunks:
            array = owner(firsts, count, number)
            own = table + 8 * stride * array
            weight = load(own, 0, "int64")
            gradient = load(own, 1, "int64")
            kept = numbers_at(own + 16, states, "int64", "int64")
            low = load(own, stride - 1, "int64")
            row = load(places, array, "int64")
            with_ = numbers_at(coefficients + 8 * width * row, width, "float64", working)
            begin = (number - load(firsts, array, "int64")) * chunk
            end = min(begin + chunk, load(sizes, array, "int64"))
            whole = end & -lanes if load(aligned, array, "int64") != 0 else begin
            i = begin + place * lanes
            while i < whole:
                many(weight, low, kept, gradient, i, i, with_)
                i += threads * lanes
            i = whole + place
            while i < end:
                one(weight, low, kept, gradient, i, i, with_)
                i += threads
            number += blocks

    return dense


def rows(formula, states, width, kind, mixed, lanes):
    """Step rows of `units` × `lanes` elements, 2**lane_bits threads a row.

    `table` holds the addresses as for one array in `dense`, then the coefficients. Ids that are
    negative or above `highest` are left out.
    """
    working = _step_gate.WORKING[kind]
    stride = states + 2 + mixed
    move = move_of(formula, kind, mixed, lanes)

    def rows(table, ids, count, units, highest, lane_bits):
        weight = load(table, 0, "int64")
        gradient = load(table, 1, "int64")
        kept = numbers_at(table + 16, states, "int64", "int64")
        low = load(table, stride - 1, "int64")
        with_ = numbers_at(table + 8 * stride, width, "float64", working)
        i, step = span()
        beside = np.int64(1) << lane_bits
        lane = i & (beside - 1)
        k = i >> lane_bits
        while k < count:
            row = load(ids, k, "int64")
            unit = lane if 0 <= row <= highest else units
            while unit < units:
                at = (row * units + unit) * lanes
                move(weight, low, kept, gradient, at, (k * units + unit) * lanes, with_)
                unit += beside
            k += step >> lane_bits

    return rows


def replay(formula, states, width, kind, mixed, lanes):
    """Make the steps that rows have missed, and, with a gradient, the last one of the history.

    An element is stepped in registers, and on its own: where it rests, only its states fade. All
    rows are meant where the address `ids` is 0. `table` holds the addresses as for one array in
    `dense`, then `total` rows of coefficients, then their least and their largest values. Rows
    whose id or last step is out of range are left out.
    """
    working = _step_gate.WORKING[kind]
    stride = states + 2 + mixed
    held = "float32" if mixed else kind
    step, _, rests, fade = formula[:4]
    info = ml_dtypes.finfo(held)
    real = np.float32 if working == "float32" else np.float64
    tiny, nothing = real(info.tiny), real(0)

    weight_at, put = weight_access(kind, mixed)

    @inline
    def faded(before, history, begin, end, steady):
        k = begin
        while k < end:
            with_ = numbers_at(history + 8 * width * k, width, "float64", working)
            after = rounded(fade(before, with_), held)
            # Coefficients that stay the same change nothing any more, once they did not.
            k = end if steady != 0 and alike(before, after) else k + 1
            before = after
        return before

    def replay(
        table, ids, count, length, highest, lane_bits, total, first, last_steps, may_rest, steady
    ):
        weight = load(table, 0, "int64")
        gradient = load(table, 1, "int64")
        kept = numbers_at(table + 16, states, "int64", "int64")
        low = load(table, stride - 1, "int64")
        history = table + 8 * stride
        bounds = history + 8 * width * total
        lower = numbers_at(bounds, width, "float64", working)
        upper = numbers_at(bounds + 8 * width, width, "float64", working)
        end = total - 1 if gradient != 0 else total
        i, stride_of = span()
        beside = np.int64(1) << lane_bits
        lane = i & (beside - 1)
        place = i >> lane_bits
        while place < count:
            row = load(ids, place, "int64") if ids != 0 else place
            column = length
            begin = np.int64(-1)
            if 0 <= row <= highest:
                begin = load(last_steps, row, "int64") + 1 - first
                if 0 <= begin <= end:
                    column = lane
            while column < length:
                at = row * length + column
                value = weight_at(weight, low, at)
                own = load_many(kept, at, held, 1)[0]
                k = begin
                look = k + 1
                while k < end:
                    if may_rest != 0 and k == look and end - k > 1:
                        if rests(value, own, lower, upper, tiny):
                            own = faded(own, history, k, end - 1, steady)
                            k = end - 1
                        look += _PATIENCE
                    with_ = numbers_at(history + 8 * width * k, width, "float64", working)
                    made = step(value, nothing, own, with_)
                    value = rounded((made[0],), held)[0]
                    own = rounded(made[1], held)
                    k += 1
                if gradient != 0:
                    with_ = numbers_at(history + 8 * width * k, width, "float64", working)
                    given = load_lanes(gradient, place * length + column, kind, 1)[0]
                    made = step(value, given, own, with_)
                    value = rounded((made[0],), held)[0]
                    own = rounded(made[1], held)
                put(weight, low, at, value)
                store_many(kept, at, (own,), held, 1)
                column += beside
            place += stride_of >> lane_bits

    return replay


@kernel
def mark_rows(ids, count, highest, last_steps, low, high, number):
    """Set the last step of rows to a number; those that `replay` leaves out stay."""
    i, step = span()
    while i < count:
        row = load(ids, i, "int64") if ids != 0 else i
        if 0 <= row <= highest:
            last = load(last_steps, row, "int64")
            if low <= last <= high:
                store(last_steps, row, number, "int64")
        i += step


@kernel
def check_last(last_steps, ids, count, low, high, found):
    """Lower the number at `found` to the first place whose row's last step is out of range."""
    i, step = span()
    while i < count:
        row = load(ids, i, "int64") if ids != 0 else i
        last = load(last_steps, row, "int64")
        if last < low or last > high:
            minimum(found, 0, i)
        i += step
