"""Checks that the optimizers' steps make before they touch memory."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numparam.kernels import _gate, _row_gate

SHORT = ("float16", "bfloat16")

Array = Any
"""An array of NumPy, or one on a GPU: it has a shape, a dtype and bytes."""

# What arithmetic is done in; 16-bit floats are widened.
WORKING = {"float16": "float32", "bfloat16": "float32", "float32": "float32", "float64": "float64"}


def many(
    weights: Sequence[Array],
    gradients: Sequence[Array],
    states: Sequence[Sequence[Array]],
    masters: Sequence[Array] | None,
    row_state: bool = False,
    address: Callable[[Any], int] = _gate.address,
) -> None:
    """Check the arrays of a step of many parameters; each has passed `output` of its gate.

    With `row_state` a state has one number for each row of its weight.
    """
    count = len(weights)
    for name, arrays in _named(gradients, states, masters):
        if len(arrays) != count:
            raise ValueError(
                f"there are {count} weights and {len(arrays)} {name}; each weight needs one"
            )
    dtypes = _held_dtypes(masters is not None)
    groups = [arrays for _, arrays in _named([], states, masters)[1:]]
    for i, weight in enumerate(weights):
        shape, dtype = weight.shape, weight.dtype
        held = dtypes.get(dtype)
        gradient = gradients[i]
        if row_state:
            _raise_for(weights, gradients, states, masters, i, row_state)
            continue
        # The common case formats no names; `one` finds what is wrong and raises.
        if gradient.shape != shape or gradient.dtype != dtype or held is None:
            _raise_for(weights, gradients, states, masters, i)
        for arrays in groups:
            if arrays[i].shape != shape or arrays[i].dtype != held:
                _raise_for(weights, gradients, states, masters, i)
    written = [("weights", weights), *_named([], states, masters)[1:]]
    apart(written, [("gradients", gradients)], address)


def _held_dtypes(mixed: bool) -> dict[np.dtype, np.dtype]:
    """Dtype of the states for each dtype that a weight may have."""
    short = [np.dtype(np.float16), _gate.BFLOAT16]
    if mixed:
        return dict.fromkeys(short, np.dtype(np.float32))
    return {dtype: dtype for dtype in (*short, np.dtype(np.float32), np.dtype(np.float64))}


def _named(gradients, states, masters):
    named = [("gradients", gradients)]
    named += [(f"states[{j}]", state) for j, state in enumerate(states)]
    return named if masters is None else [*named, ("masters", masters)]


def _raise_for(weights, gradients, states, masters, i, row_state=False) -> None:
    own = None if masters is None else masters[i]
    one(weights[i], gradients[i], [state[i] for state in states], own, f"[{i}]", row_state)


def one(
    weight: Array,
    gradient: Array | None,
    states: Sequence[Array],
    master: Array | None,
    where: str = "",
    row_state: bool = False,
) -> None:
    """Check shapes and dtypes of one weight, its gradient (if dense), states and master weight."""
    plural = "s" if where else ""
    kind = _gate.kind(weight.dtype)
    if kind not in _gate.FLOATS:
        raise TypeError(
            f"weight{plural}{where} is {kind}; only floating-point weights can be trained"
        )
    held = weight.dtype
    if master is not None:
        if kind not in SHORT:
            raise TypeError(
                f"weight{plural}{where} is {kind}; only float16 and bfloat16 weights have a "
                "float32 master weight"
            )
        held = np.dtype(np.float32)
        _like(master, weight.shape, held, f"master{plural}{where}")
    if gradient is not None:
        _like(gradient, weight.shape, weight.dtype, f"gradient{plural}{where}")
    shape = weight.shape
    if row_state:
        _row_gate.with_rows(weight, f"weight{plural}{where}")
        shape = (weight.shape[0], 1)
    for j, state in enumerate(states):
        _like(state, shape, held, f"states[{j}]{where}")


def _like(array: np.ndarray, shape: tuple[int, ...], dtype: np.dtype, name: str) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{name} must be {dtype}{shape}, not {array.dtype}{array.shape}")


def apart(
    written: Sequence[tuple[str, Sequence[np.ndarray]]],
    read: Sequence[tuple[str, Sequence[np.ndarray]]],
    address: Callable[[Any], int] = _gate.address,
) -> None:
    """Raise if memory is written under two names, or written under one and read under another.

    Both are named lists of arrays.
    """
    lists = [*written, *read]
    spans = []
    for place, (_, arrays) in enumerate(lists):
        for i, array in enumerate(arrays):
            nbytes = array.nbytes
            if nbytes:
                start = address(array)
                spans.append((start, start + nbytes, place, i))
    spans.sort()
    # The farthest end so far of memory that is only read, and of memory that is written.
    farthest = [(0, 0, 0), (0, 0, 0)]
    for start, stop, place, i in spans:
        writes = place < len(written)
        for end, other, j in farthest if writes else farthest[1:]:
            if start < end:
                raise ValueError(
                    f"{_called(lists[other], j)} and {_called(lists[place], i)} share memory, and "
                    "it is written; give each array memory of its own"
                )
        if stop > farthest[writes][0]:
            farthest[writes] = (stop, place, i)


def _called(named: tuple[str, Sequence[np.ndarray]], i: int) -> str:
    name, arrays = named
    return name if isinstance(arrays, _Single) else f"{name}[{i}]"


class _Single(tuple):
    """A single array with the interface of a list of one."""


def refuse_shared(
    written: dict[str, np.ndarray],
    gradient: np.ndarray | None,
    address: Callable[[Any], int] = _gate.address,
) -> None:
    """Raise if single arrays share memory that is written."""
    read = [] if gradient is None else [("gradient", _Single((gradient,)))]
    apart([(name, _Single((array,))) for name, array in written.items()], read, address)


def state_count(optimizer: str, given: int, allowed: Sequence[int]) -> int:
    """Check the number of states."""
    if given not in allowed:
        raise ValueError(
            f"{optimizer} takes {' or '.join(map(str, allowed))} states for each weight, "
            f"not {given}"
        )
    return given


def coefficients(table: object, count: int, width: int, name: str = "coefficients") -> np.ndarray:
    """Check coefficients: float64, (count, width)."""
    made = _gate.source(table, name)
    if made.dtype != np.float64 or made.shape != (count, width):
        raise ValueError(
            f"{name} must be float64{(count, width)}, made by the module's own function "
            f"coefficients, not {made.dtype}{made.shape}"
        )
    return made


def row_weight(weight: object) -> np.ndarray:
    """Check a weight whose rows are stepped, and return it as `output` does."""
    return _row_gate.with_rows(_gate.output(weight, "weight"), "weight")


def row_gradient(weight: np.ndarray, ids: object, gradient: object) -> tuple[np.ndarray, ...]:
    """Check the ids and rows of a row-sparse gradient; the range of the ids is not checked."""
    numbers, rows = _row_gate.row_sparse(ids, gradient)
    _like(rows, (len(numbers), *weight.shape[1:]), weight.dtype, "gradient")
    return numbers, rows


def history(table: object, first: Any, width: int) -> tuple[np.ndarray, int]:
    """Check the coefficients of the last steps, and the number of the first of them."""
    made = _gate.source(table, "history")
    if made.dtype != np.float64 or made.ndim != 2 or made.shape[1] != width:
        raise ValueError(
            f"history must be float64 of shape (steps, {width}), not {made.dtype}{made.shape}"
        )
    try:
        start = operator.index(first)
    except TypeError:
        raise TypeError(f"first must be a whole number, not {type(first).__name__}") from None
    if start < 1:
        raise ValueError(f"first must be at least 1, the number of the first step, not {start}")
    return made, start


def last_steps(steps: object, rows: int) -> np.ndarray:
    """Check the array that holds the number of the last step of each row."""
    checked = _gate.output(steps, "last_steps")
    if checked.dtype != np.int64 or checked.shape != (rows,):
        raise ValueError(
            f"last_steps must be int64({rows},), one for each row of the weight, "
            f"not {checked.dtype}{checked.shape}"
        )
    return checked


def outside_history(row: int, last: int, first: int, newest: int) -> ValueError:
    """Return the error for a row whose missed steps the history does not hold."""
    return ValueError(
        f"row {row} had step {last} last; the history goes from step {first} to {newest}, so it "
        f"must have had one from {first - 1} to {newest}"
    )
