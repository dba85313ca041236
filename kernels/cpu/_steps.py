"""Steps of optimizers: the kernels, and the functions that call them.

An optimizer is a `Formula`, whose step is one function of scalars: every form of the optimizer,
dense, lazy and exact, compiles that same function, so that their bits agree. Each kernel is
compiled for a formula, an element kind, and whether there are float32 master weights.

A row that gets no gradient in a step still moves by its momentum. `exact_rows` and `catch_up` make
such missed steps late, all at once, while the row is in the caches. They need not make all of them
in full: once momentum is so small that it moves no weight of the row, only the states fade, which
takes a few multiplications; a formula says when that is so (`Formula.rests`), and how they fade.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from numparam.kernels import _coefficients, _gate, _row_gate, _step_gate
from numparam.kernels._formulas.scalars import Formula, all_compiled
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels._without_signals import at_once
from numparam.kernels.cpu import _pool, _rows, _walk, table
from numparam.kernels.cpu._elements import claim, load, minimum, store
from numparam.kernels.cpu._jit import inline, kernel
from numparam.kernels.cpu._pointers import Group, Table
from numparam.kernels.cpu._rows import prefetch
from numparam.kernels.cpu._separate import (
    differing,
    load_all,
    load_apart,
    load_held,
    numbers_at,
    prefetch_all,
    rounded,
    store_all,
    store_apart,
)

_PIECE = 1 << 15  # elements whose rows one claim takes: large against the cost of a claim
_AHEAD = 4  # rows that are fetched before they are stepped
_FETCHED = 1024  # bytes of a row that are asked for ahead; the processor guesses the rest
_LINE = 64
_PATIENCE = 16  # missed steps between two looks at whether a row rests
_NONE = 2**63 - 1


def formulas(plain: Mapping[int, Formula]) -> dict[int, Formula | None]:
    """Compile the formulas of an optimizer."""
    return all_compiled(plain, inline)


class Bound:
    """The arrays of many parameters, checked together and grouped for the kernels.

    Immutable; it holds the arrays and is valid as long as each keeps its memory.

    Attributes
    ----------
    weights, gradients : Table
        The arrays that were given.
    held : Table
        The arrays that are updated: the masters, where there are any.
    states : tuple of Table
        One for each state.
    groups : tuple
        What the kernels take, for each element kind of the weights.
    """

    __slots__ = ("_steps", "gradients", "groups", "held", "states", "weights")

    def __init__(
        self,
        steps: Steps,
        weights: Table,
        gradients: Table,
        states: Sequence[Table],
        masters: Table | None,
    ) -> None:
        self._steps = steps
        held = weights if masters is None else masters
        tables = [held, gradients, *states] + ([] if masters is None else [weights])
        self.weights = weights
        self.gradients = gradients
        self.held = held
        self.states = tuple(states)
        self.groups = tuple(
            _BoundGroup(group, tables, masters is not None) for group in weights.groups
        )

    def calls(self, coefficients: np.ndarray) -> list[tuple]:
        """Return what `dense` does as calls of compiled code, for `_without_signals.at_once`."""
        return self._steps.dense_calls(self, coefficients)

    def __reduce__(self):
        raise TypeError("bound arrays are addresses of this process; bind the arrays again instead")


class _BoundGroup:
    __slots__ = ("group", "keep", "mixed", "nbytes", "pointers", "rows")

    def __init__(self, group: Group, tables: Sequence[Table], mixed: bool) -> None:
        members = [[one.arrays[i] for i in group.positions.tolist()] for one in tables]
        self.group = group
        self.keep = members
        self.mixed = mixed
        # One row an array, so that all addresses of one lie in a cache line.
        self.pointers = np.array(
            [[_gate.address(array) for array in arrays] for arrays in members], np.int64
        ).T.copy()
        written = sum(array.nbytes for arrays in members for array in arrays)
        self.nbytes = 2 * written - sum(array.nbytes for array in members[1])
        self.rows: np.ndarray | None = None  # made by `rows_of` when it is needed

    def rows_of(self) -> np.ndarray:
        """Rows, their lengths, rows in a piece, and the number of the first piece of each array.

        One column for each array, and one more for the number of all pieces.
        """
        if self.rows is None:
            made = np.zeros((4, len(self.keep[0]) + 1), np.int64)
            for i, array in enumerate(self.keep[0]):
                length = array.size // max(1, len(array))
                batch = max(1, _PIECE // max(1, length))
                made[:3, i] = len(array), length, batch
                made[3, i + 1] = made[3, i] + (-(-len(array) // batch) if length else 0)
            self.rows = made
        return self.rows


class Steps:
    """The forms of one optimizer's step.

    Attributes
    ----------
    name : str
        The optimizer's, a key of the rules for coefficients.
    formulas : dict
        The formula for each number of states that it may have.
    form, dense_form : callable, optional
        What makes the two kernels of an optimizer whose states have one number for each row:
        ``form(states, width, kind, mixed)``. The first one takes the arguments of the exact form;
        without `last_steps` it makes the last step of the history alone. The second one steps whole
        arrays: it takes their addresses, positions, `_BoundGroup.rows_of` and coefficients.
    whole_form : callable, optional
        What makes the kernel of a dense step that needs sums over whole arrays:
        ``whole_form(formula, states, width, kind, mixed)``. It takes, after the table's rows,
        addresses, positions and coefficients, what `_scratch` returns.
    """

    def __init__(
        self,
        name: str,
        formulas: dict[int, Formula | None],
        form: Callable | None = None,
        dense_form: Callable | None = None,
        whole_form: Callable | None = None,
    ) -> None:
        self.name = name
        self.row_state = form is not None
        self._form = form
        self._dense_form = dense_form
        self._whole_form = whole_form
        self.formulas = formulas
        self._width = _coefficients.width(name)
        self._kernel = functools.cache(self._kernel_for)

    def bind(
        self,
        weights: Iterable[object],
        gradients: Iterable[object],
        states: Iterable[Iterable[object]],
        masters: Iterable[object] | None = None,
    ) -> Bound:
        """Check the arrays of many parameters together."""
        ready = table.build(weights)
        read = table.build(gradients, writeable=False)
        held = [table.build(state) for state in states]
        own = None if masters is None else table.build(masters)
        _step_gate.state_count(self.name, len(held), tuple(self.formulas))
        _step_gate.many(
            ready.arrays,
            read.arrays,
            [state.arrays for state in held],
            None if own is None else own.arrays,
            self.row_state,
        )
        return Bound(self, ready, read, held, own)

    def dense(self, arrays: Bound | tuple, coefficients: np.ndarray) -> None:
        """Step each weight as a whole."""
        bound = arrays if isinstance(arrays, Bound) else self.bind(*arrays)
        at_once(self.dense_calls(bound, coefficients))

    def dense_calls(self, bound: Bound, coefficients: np.ndarray) -> list[tuple]:
        """Return the calls of compiled code that step each weight as a whole."""
        _step_gate.state_count(self.name, len(bound.states), tuple(self.formulas))
        numbers = _step_gate.coefficients(coefficients, len(bound.held), self._width)
        form = (self._dense_form if self.row_state else self._whole_form) or _dense
        calls: list[tuple] = []
        for one in bound.groups:
            compiled = self._kernel(form, len(bound.states), one.group.kind, one.mixed)
            if self.row_state:
                rows = one.rows_of()
                calls += _pool.calls(
                    compiled, one.pointers, one.group.positions, rows, numbers,
                    nbytes=one.nbytes, pieces=int(rows[3, -1]),
                )  # fmt: skip
            else:
                more = () if self._whole_form is None else _scratch(one.group, self._width)
                calls += _walk.calls(
                    compiled, one.group, one.pointers, one.group.positions, numbers, *more,
                    nbytes=one.nbytes,
                )  # fmt: skip
        return calls

    def rows(self, weight, ids, gradient, states, coefficients, master=None) -> None:
        """Step the rows that a row-sparse gradient holds."""
        rows = Rows(self, weight, states, master, self.row_state)
        numbers, read = _step_gate.row_gradient(rows.weight, ids, gradient)
        numbers_of = _step_gate.coefficients(coefficients, 1, self._width)
        rows.refuse_shared(read)
        rows.check_ids(numbers)
        self._run_rows(_step_rows, rows, numbers, read, numbers_of)

    def exact_rows(
        self, weight, ids, gradient, states, last_steps, history, first=1, master=None
    ) -> None:
        """Step the rows that a row-sparse gradient holds, after the steps they missed."""
        rows = Rows(self, weight, states, master, self.row_state)
        numbers, read = _step_gate.row_gradient(rows.weight, ids, gradient)
        steps, start = _step_gate.history(history, first, self._width)
        last = _step_gate.last_steps(last_steps, len(rows.weight))
        if not len(steps):
            raise ValueError("history is empty; its last row is the step that is made")
        rows.refuse_shared(read)
        rows.check_ids(numbers)
        rows.check_last(last, numbers, start, start + len(steps) - 2)
        self._replay(rows, numbers, read, last, steps, start)

    def catch_up(self, weight, states, last_steps, history, first=1, ids=None, master=None) -> None:
        """Make the steps that rows have missed, with a gradient of zero."""
        rows = Rows(self, weight, states, master, self.row_state)
        steps, start = _step_gate.history(history, first, self._width)
        last = _step_gate.last_steps(last_steps, len(rows.weight))
        numbers = None if ids is None else _gate.row_ids(ids, None)
        rows.refuse_shared(None)
        if numbers is not None:
            rows.check_ids(numbers)
        rows.check_last(last, numbers, start, start + len(steps) - 1)
        self._replay(rows, numbers, None, last, steps, start)

    def _replay(self, rows, ids, gradient, last, history, first) -> None:
        working = np.dtype(_step_gate.WORKING[rows.kind])
        with np.errstate(over="ignore"):
            steps = history.astype(working)
        if len(steps):
            bounds = np.stack([steps.min(0), steps.max(0)])
        else:
            bounds = np.zeros((2, self._width), working)
        formula = self.formulas[rows.states]
        fading = [] if formula is None else list(formula.fading)
        steady = bool((bounds[0, fading] == bounds[1, fading]).all())
        self._run_rows(
            _replay_rows, rows, ids, gradient, steps, len(steps), first, bounds,
            _gate.address(last), steady,
        )  # fmt: skip

    def _run_rows(self, form, rows, ids, gradient, *arguments) -> None:
        count = len(rows.weight) if ids is None else len(ids)
        pointers = rows.pointers(gradient)
        batch = max(1, _PIECE // max(1, rows.width))
        if self.row_state and form is _step_rows:
            none = np.zeros((2, self._width), _step_gate.WORKING[rows.kind])
            steps = arguments[0].astype(none.dtype)
            arguments = (steps, 1, 1, none, 0, False)
        # They have been checked, but may have changed since: the pass that uses them looks again.
        found = np.full(1, _NONE, np.int64)
        _pool.run(
            self._kernel(form, rows.states, rows.kind, rows.mixed),
            pointers, 0 if ids is None else _gate.address(ids), count, rows.width,
            len(rows.weight) - 1, found, *arguments, batch,
            nbytes=count * rows.width * rows.element_bytes, pieces=-(-count // batch),
        )  # fmt: skip
        if found[0] < _NONE:
            raise RuntimeError(
                f"another thread changed the ids or the last steps of rows (at position {found[0]})"
                " while they were used; rows with invalid ones have not been stepped"
            )

    def _kernel_for(self, form: Callable, states: int, kind: str, mixed: bool) -> Any:
        formula = self.formulas[states]
        if self._form is None:
            function = form(formula, states, self._width, kind, mixed)
        else:
            by_rows = form if form is self._dense_form else self._form
            function = by_rows(states, self._width, kind, mixed)
        name = f"{self.name}_{states}"
        function.__qualname__ = f"{name}.{form.__name__[1:]}.{kind}{'.mixed' * mixed}"
        return kernel(function)


class Rows:
    """One weight with its states, and the master weight where there is one, checked."""

    def __init__(
        self,
        steps: Steps,
        weight: object,
        states: Iterable[object],
        master: object,
        row_state: bool = False,
    ) -> None:
        self.weight = _step_gate.row_weight(weight)
        self.held = [_gate.output(state, f"states[{j}]") for j, state in enumerate(states)]
        self.master = None if master is None else _gate.output(master, "master")
        self.states = _step_gate.state_count(steps.name, len(self.held), tuple(steps.formulas))
        _step_gate.one(self.weight, None, self.held, self.master, row_state=row_state)
        self.kind = _gate.kind(self.weight.dtype)
        self.mixed = self.master is not None
        self.width = 1
        for extent in self.weight.shape[1:]:
            self.width *= extent
        self.element_bytes = 2 * sum(
            array.itemsize for array in (self.weight, *self.held, self.master) if array is not None
        )

    def refuse_shared(self, gradient: np.ndarray | None) -> None:
        arrays = {"weight": self.weight} if self.master is None else {
            "weight": self.weight, "master": self.master
        }  # fmt: skip
        arrays |= {f"states[{j}]": state for j, state in enumerate(self.held)}
        _step_gate.refuse_shared(arrays, gradient)

    def pointers(self, gradient: np.ndarray | None) -> np.ndarray:
        value = self.weight if self.master is None else self.master
        arrays = [value, gradient, *self.held] + ([self.weight] if self.mixed else [])
        return np.array([0 if a is None else _gate.address(a) for a in arrays], np.int64)

    def check_ids(self, ids: np.ndarray) -> None:
        found = np.full(3, _NONE, np.int64)
        rows = len(self.weight)
        _pool.run(
            _rows.check_ids, _gate.address(ids), len(ids), rows - 1, found,
            nbytes=ids.nbytes, pieces=-(-len(ids) // _rows.CHECKED),
        )  # fmt: skip
        if found[0] < _NONE:
            position = int(found[0])
            raise _row_gate.outside("ids", position, int(ids[position]), rows)
        if found[1] < _NONE:
            i = int(found[1])
            raise _row_gate.not_ascending("ids", i, int(ids[i - 1]), int(ids[i]))

    def check_last(self, last: np.ndarray, ids: np.ndarray | None, first: int, newest: int) -> None:
        found = np.full(1, _NONE, np.int64)
        count = len(last) if ids is None else len(ids)
        _pool.run(
            _check_last, _gate.address(last), 0 if ids is None else _gate.address(ids), count,
            first - 1, newest, found, nbytes=8 * count, pieces=-(-count // _rows.CHECKED),
        )  # fmt: skip
        if found[0] < _NONE:
            row = int(found[0]) if ids is None else int(ids[found[0]])
            raise _step_gate.outside_history(row, int(last[row]), first, newest)


@kernel
def _check_last(last, ids, count, low, high, found, counter):
    """Lower found[0] to the position of the first row whose last step is out of range."""
    while True:
        piece = claim(counter) * _rows.CHECKED
        if piece >= count:
            return
        for i in range(piece, min(piece + _rows.CHECKED, count)):
            row = load(ids, i, "int64") if ids else i
            step = load(last, row, "int64")
            if step < low or step > high:
                minimum(found, i)
                break


def _scratch(group: Group, width: int) -> tuple[np.ndarray, ...]:
    """Return memory for a step that needs sums over whole arrays.

    Two numbers for each chunk, coefficients of each array, and three cells that threads share: how
    many chunks are finished, whether the coefficients are, and a second counter of pieces.
    """
    cells = (np.zeros(1, np.int64) for _ in range(3))
    return (np.empty((2, group.chunks)), np.empty((len(group.positions), width)), *cells)


def _dense(formula, states, width, kind, mixed):
    step = formula.step
    held = "float32" if mixed else kind
    working = _step_gate.WORKING[kind]
    last = states + 2

    def dense(rows, pointers, positions, coefficients, chunks_per_piece, counter):
        stride = pointers.shape[1]
        pointing = _walk.address(pointers)
        numbers = _walk.address(coefficients)
        places = _walk.address(positions)
        for array, start, stop in _walk.spans(rows, chunks_per_piece, counter):
            own = pointing + 8 * stride * array
            weight = load(own, 0, "int64")
            gradient = load(own, 1, "int64")
            kept = numbers_at(own + 16, states, "int64", "int64")
            low = load(own, last, "int64") if mixed else 0
            place = load(places, array, "int64")
            with_ = numbers_at(numbers + 8 * width * place, width, "float64", working)
            for i in range(start, stop):
                made, following = step(
                    load_held(weight, low, i, held, kind),
                    load_apart(gradient, i, kind, 1),
                    load_all(kept, i, held, 2),
                    with_,
                )
                store_apart(weight, i, made, held, 0)
                store_all(kept, i, following, held, 2)
                if mixed:
                    store_apart(low, i, made, kind, 7)

    return dense


def _step_rows(formula, states, width, kind, mixed):
    step = formula.step
    held = "float32" if mixed else kind
    working = _step_gate.WORKING[kind]
    last = states + 2
    itemsize = ITEMSIZE[held]

    def step_rows(pointers, ids, count, length, highest, found, coefficients, batch, counter):
        own = _walk.address(pointers)
        weight = load(own, 0, "int64")
        gradient = load(own, 1, "int64")
        kept = numbers_at(own + 16, states, "int64", "int64")
        low = load(own, last, "int64") if mixed else 0
        with_ = numbers_at(_walk.address(coefficients), width, "float64", working)
        fetched = min(length * itemsize, _FETCHED)
        while True:
            piece = claim(counter) * batch
            if piece >= count:
                return
            stop = min(piece + batch, count)
            for k in range(piece, stop):
                if k + _AHEAD < stop:
                    coming = load(ids, k + _AHEAD, "int64") * length * itemsize
                    for line in range(0, fetched, _LINE):
                        prefetch(weight + coming + line)
                        prefetch_all(kept, coming + line)
                row = load(ids, k, "int64")
                if row < 0 or row > highest:
                    minimum(found, k)
                    continue
                base = row * length
                for i in range(length):
                    made, following = step(
                        load_held(weight, low, base + i, held, kind),
                        load_apart(gradient, k * length + i, kind, 1),
                        load_all(kept, base + i, held, 2),
                        with_,
                    )
                    store_apart(weight, base + i, made, held, 0)
                    store_all(kept, base + i, following, held, 2)
                    if mixed:
                        store_apart(low, base + i, made, kind, 7)

    return step_rows


def _replay_rows(formula, states, width, kind, mixed):
    step, can_rest, rests, fade = formula[:4]
    held = "float32" if mixed else kind
    working = _step_gate.WORKING[kind]
    last = states + 2
    itemsize = ITEMSIZE[held]
    number = ITEMSIZE[working]
    info = ml_dtypes.finfo(held)
    working_type = np.float32 if working == "float32" else np.float64
    tiny, roundoff, zero = working_type(info.tiny), working_type(info.eps / 2), working_type(0)

    @inline
    def make(weight, gradient, kept, low, base, start, length, with_):
        for i in range(length):
            given = load_apart(gradient, start + i, kind, 1) if gradient else zero
            made, following = step(
                load_held(weight, low, base + i, held, kind),
                given,
                load_all(kept, base + i, held, 2),
                with_,
            )
            store_apart(weight, base + i, made, held, 0)
            store_all(kept, base + i, following, held, 2)
            if mixed:
                store_apart(low, base + i, made, kind, 7)

    @inline
    def row_rests(weight, kept, base, length, lower, upper):
        resting = 0
        for i in range(length):
            value = load_apart(weight, base + i, held, 0)
            resting += rests(value, load_all(kept, base + i, held, 2), lower, upper, tiny)
        return resting == length

    @inline
    def fade_row(kept, base, length, history, begin, end, steady):
        look = begin + _PATIENCE - 1
        for k in range(begin, end):
            with_ = numbers_at(history + number * width * k, width, working, working)
            if steady and k == look:
                changed = 0
                for i in range(length):
                    before = load_all(kept, base + i, held, 2)
                    after = rounded(fade(before, with_), held)
                    store_all(kept, base + i, after, held, 2)
                    changed += differing(before, after)
                if changed == 0:
                    return
                look += _PATIENCE
            else:
                for i in range(length):
                    before = load_all(kept, base + i, held, 2)
                    store_all(kept, base + i, fade(before, with_), held, 2)

    def replay_rows(
        pointers, ids, count, length, highest, found, steps, total, first, bounds, last_steps,
        steady, batch, counter,
    ):  # fmt: skip
        own = _walk.address(pointers)
        weight = load(own, 0, "int64")
        gradient = load(own, 1, "int64")
        kept = numbers_at(own + 16, states, "int64", "int64")
        low = load(own, last, "int64") if mixed else 0
        history = _walk.address(steps)
        lower = numbers_at(_walk.address(bounds), width, working, working)
        upper = numbers_at(_walk.address(bounds) + number * width, width, working, working)
        may_rest = can_rest(lower, upper, tiny, roundoff)
        fetched = min(length * itemsize, _FETCHED)
        end = total - 1 if gradient else total
        while True:
            piece = claim(counter) * batch
            if piece >= count:
                return
            stop = min(piece + batch, count)
            for place in range(piece, stop):
                if ids and place + _AHEAD < stop:
                    coming = load(ids, place + _AHEAD, "int64") * length * itemsize
                    for line in range(0, fetched, _LINE):
                        prefetch(weight + coming + line)
                        prefetch_all(kept, coming + line)
                row = load(ids, place, "int64") if ids else place
                if row < 0 or row > highest:
                    minimum(found, place)
                    continue
                base = row * length
                k = load(last_steps, row, "int64") + 1 - first
                if k < 0 or k > end:
                    minimum(found, place)
                    continue
                look = k + 1
                while k < end:
                    if may_rest and k == look and end - k > 1:
                        if row_rests(weight, kept, base, length, lower, upper):
                            fade_row(kept, base, length, history, k, end - 1, steady)
                            k = end - 1
                        look += _PATIENCE
                    with_ = numbers_at(history + number * width * k, width, working, working)
                    make(weight, 0, kept, low, base, 0, length, with_)
                    k += 1
                if gradient:
                    with_ = numbers_at(history + number * width * k, width, working, working)
                    make(weight, gradient, kept, low, base, place * length, length, with_)
                store(last_steps, row, first + total - 1, "int64")

    return replay_rows
