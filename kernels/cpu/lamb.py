"""Layer-wise adaptive moments for batch training (LAMB).

With two states, m and v (zeros at the start), a third array u of the same form whose contents do
not matter, and g = clip(rescale_grad × gradient), where clip bounds at ±clip_gradient:

- m ← beta1 × m + (1 - beta1) × g
- v ← beta2 × v + (1 - beta2) × g²
- u ← m / (1 - beta1**t) / (√(v / (1 - beta2**t)) + epsilon) + wd × weight, without the two
  divisions by 1 - beta**t if `bias_correction` is false
- r = ‖weight‖, bounded by `lower_bound` and `upper_bound`, over ‖u‖; 1 if either is 0
- weight ← weight - lr × r × u

The norms are those of one parameter, summed in float64 as in `numparam.kernels.cpu.norm`. They
change with every row, so there is no exact form for rows. MXNet's formulas.
You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
arXiv:1904.00962.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _coefficients, _step_gate
from numparam.kernels._formulas import lamb
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu import _pool, norm, retain
from numparam.kernels.cpu._elements import added, load
from numparam.kernels.cpu._norm_lanes import LANES, chunk_sum
from numparam.kernels.cpu._pointers import CHUNK
from numparam.kernels.cpu._separate import (
    load_all,
    load_apart,
    load_held,
    numbers_at,
    store_all,
    store_apart,
)
from numparam.kernels.cpu._steps import Bound, Steps, formulas
from numparam.kernels.cpu._walk import address, spans

_LOOK, _MOVE = formulas(lamb.LOOK), formulas(lamb.MOVE)
_UPDATE = 2  # the state that holds u
_ALL_CLAIMED = _pool.ALL_CLAIMED
_YIELDS = _pool.YIELDS
_rest = _pool.rest


def _whole(formula, states, width, kind, mixed):
    """Step whole arrays: all of them up to u and the norms, and then, when those are known, on.

    The thread that finishes the last chunk computes the norms; the others wait for it.
    """
    look, move = formula.step, _MOVE[states].step
    held = "float32" if mixed else kind
    working = _step_gate.WORKING[kind]
    last = states + 2
    itemsize = ITEMSIZE[held]
    sum_chunk = chunk_sum(held)

    def whole(
        rows, pointers, positions, coefficients, partial, own, finished, known, second,
        chunks_per_piece, counter,
    ):  # fmt: skip
        stride = pointers.shape[1]
        arrays = len(positions)
        chunks = rows[2, arrays]
        if chunks == 0 or counter[0] >= _ALL_CLAIMED:
            return
        pointing = address(pointers)
        numbers = address(coefficients)
        lanes = np.empty(LANES, np.float64)
        done = 0
        for array, begin, end in spans(rows, chunks_per_piece, counter):
            at = pointing + 8 * stride * array
            weight = load(at, 0, "int64")
            gradient = load(at, 1, "int64")
            kept = numbers_at(at + 16, states, "int64", "int64")
            low = load(at, last, "int64") if mixed else 0
            with_ = numbers_at(numbers + 8 * width * positions[array], width, "float64", working)
            for start in range(begin, end, CHUNK):
                stop = min(start + CHUNK, end)
                for i in range(start, stop):
                    made, following = look(
                        load_held(weight, low, i, held, kind),
                        load_apart(gradient, i, kind, 1),
                        load_all(kept, i, held, 2),
                        with_,
                    )
                    store_apart(weight, i, made, held, 0)
                    store_all(kept, i, following, held, 2)
                    if mixed:
                        store_apart(low, i, made, kind, 7)
                chunk = rows[2, array] + start // CHUNK
                ahead = start * itemsize
                partial[0, chunk] = sum_chunk(weight + ahead, stop - start, lanes)
                partial[1, chunk] = sum_chunk(kept[_UPDATE] + ahead, stop - start, lanes)
                done += 1
        if added(finished, done) + done == chunks and done > 0:
            for array in range(arrays):
                size = change = 0.0
                for chunk in range(rows[2, array], rows[2, array + 1]):
                    size += partial[0, chunk]
                    change += partial[1, chunk]
                for j in range(width):
                    own[array, j] = coefficients[positions[array], j]
                # As `_coefficients.trusted` does.
                size, change = np.sqrt(size), np.sqrt(change)
                if size < own[array, width - 2]:
                    size = own[array, width - 2]
                if size > own[array, width - 1]:
                    size = own[array, width - 1]
                if size > 0.0 and change > 0.0:
                    own[array, 2] *= size / change
            added(known, 1)
        rests = 0
        while added(known, 0) == 0:
            _rest(rests >= _YIELDS)
            rests += 1
        trusted = address(own)
        for array, start, stop in spans(rows, chunks_per_piece, second):
            at = pointing + 8 * stride * array
            weight = load(at, 0, "int64")
            gradient = load(at, 1, "int64")
            kept = numbers_at(at + 16, states, "int64", "int64")
            low = load(at, last, "int64") if mixed else 0
            with_ = numbers_at(trusted + 8 * width * array, width, "float64", working)
            for i in range(start, stop):
                made, _ = move(
                    load_held(weight, low, i, held, kind),
                    load_apart(gradient, i, kind, 1),
                    load_all(kept, i, held, 2),
                    with_,
                )
                store_apart(weight, i, made, held, 0)
                if mixed:
                    store_apart(low, i, made, kind, 7)

    return whole


_STEPS = Steps("lamb", _LOOK, whole_form=_whole)
_FIRST = Steps("lamb", _LOOK)
_SECOND = Steps("lamb", _MOVE)


def coefficients(count: int, **hyper: object) -> np.ndarray:
    """Return what the steps of `count` parameters compute with, from the hyper-parameters.

    The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`,
    `t` (number of the step, from 1), `beta1`, `beta2`, `epsilon`, `bias_correction` (default true),
    `lower_bound` and `upper_bound` (default none):
    see `numparam.kernels.cpu.sgd.coefficients`.
    """
    return _coefficients.rows("lamb", count, hyper)


def bind(
    weights: Iterable[object],
    gradients: Iterable[object],
    states: Iterable[Iterable[object]],
    masters: Iterable[object] | None = None,
) -> Bound:
    """Check the arrays of many parameters together, once for many calls of `dense`.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.bind`.
    """
    return _STEPS.bind(weights, gradients, states, masters)


def dense(arrays: Bound | tuple, coefficients: np.ndarray) -> None:
    """Step many parameters, in one call into compiled code for each dtype.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.dense`.
    """
    _STEPS.dense(arrays, coefficients)


def rows(
    weight: np.ndarray,
    ids: object,
    gradient: object,
    states: Iterable[object],
    coefficients: np.ndarray,
    master: np.ndarray | None = None,
) -> None:
    """Step the rows that a row-sparse gradient holds, by the norms of those rows alone.

    Parameters, errors and notes are those of `numparam.kernels.cpu.sgd.rows`.
    """
    given = list(states)
    _FIRST.rows(weight, ids, gradient, given, coefficients, master)
    held = weight if master is None else master
    squares = (norm.sum_of_squares([retain.gather(array, ids)]) for array in (held, given[2]))
    trusted = _coefficients.trusted(coefficients, *squares)
    _SECOND.rows(weight, ids, gradient, given, trusted, master)
