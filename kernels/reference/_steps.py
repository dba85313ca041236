"""Steps of optimizers on dense and row-sparse gradients, in plain NumPy.

An optimizer is a function ``step(weight, gradient, states, coefficients)`` on arrays of one
precision, which returns the new weight and the new states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from numparam.kernels import _coefficients, _gate, _row_gate, _step_gate
from numparam.kernels.reference import table

Step = Callable[..., tuple[np.ndarray, tuple[np.ndarray, ...]]]


class Bound(NamedTuple):
    """Arrays that have been checked together: what `bind` returns."""

    weights: Sequence[np.ndarray]
    gradients: Sequence[np.ndarray]
    states: Sequence[Sequence[np.ndarray]]
    masters: Sequence[np.ndarray] | None

    @property
    def held(self) -> Sequence[np.ndarray]:
        """The arrays that are updated: the masters if there are any, else the weights."""
        return self.weights if self.masters is None else self.masters


def clipped(gradient: np.ndarray, bound: np.generic) -> np.ndarray:
    """Bound a gradient on both sides; NaN stays."""
    lowered = np.where(gradient > bound, bound, gradient)
    return np.where(lowered < -bound, -bound, lowered)


class Steps:
    """The forms of one optimizer's step.

    Attributes
    ----------
    name : str
        The optimizer's, a key of the rules for coefficients.
    steps : dict
        The step function for each number of states that it may have.
    row_state : bool
        Whether a state has one number for each row of its weight.
    """

    def __init__(self, name: str, steps: dict[int, Step], row_state: bool = False) -> None:
        self.name = name
        self.row_state = row_state
        self.steps = steps
        self._width = _coefficients.width(name)

    def bind(
        self,
        weights: Iterable[object],
        gradients: Iterable[object],
        states: Iterable[Iterable[object]],
        masters: Iterable[object] | None = None,
    ) -> Bound:
        """Check the arrays of many parameters together."""
        bound = Bound(
            table.build(weights),
            table.build(gradients, writeable=False),
            [table.build(state) for state in states],
            None if masters is None else table.build(masters),
        )
        _step_gate.state_count(self.name, len(bound.states), tuple(self.steps))
        _step_gate.many(*bound, self.row_state)
        return bound

    def dense(self, arrays: Bound | tuple, coefficients: np.ndarray) -> None:
        """Step each weight as a whole."""
        bound = arrays if isinstance(arrays, Bound) else self.bind(*arrays)
        table = _step_gate.coefficients(coefficients, len(bound.weights), self._width)
        for i, weight in enumerate(bound.weights):
            states = [state[i] for state in bound.states]
            master = None if bound.masters is None else bound.masters[i]
            self._apply(weight, bound.gradients[i], states, master, table[i], ...)

    def rows(self, weight, ids, gradient, states, coefficients, master=None) -> None:
        """Step the rows that a row-sparse gradient holds."""
        target, held, first = self._sparse(weight, states, master)
        numbers, rows = _step_gate.row_gradient(target, ids, gradient)
        table = _step_gate.coefficients(coefficients, 1, self._width)
        _check_rows(target, numbers)
        _apart(target, held, first, rows)
        self._apply(target, rows, held, first, table[0], numbers)

    def exact_rows(
        self, weight, ids, gradient, states, last_steps, history, first=1, master=None
    ) -> None:
        """Step the rows that a row-sparse gradient holds, after the steps they missed."""
        target, held, own = self._sparse(weight, states, master)
        numbers, rows = _step_gate.row_gradient(target, ids, gradient)
        table, start = _step_gate.history(history, first, self._width)
        steps = _step_gate.last_steps(last_steps, len(target))
        if not len(table):
            raise ValueError("history is empty; its last row is the step that is made")
        _check_rows(target, numbers)
        _check_last(steps, numbers, start, start + len(table) - 2)
        _apart(target, held, own, rows)
        self._replay(target, held, own, steps, table[:-1], start, numbers)
        self._apply(target, rows, held, own, table[-1], numbers)
        steps[numbers] = start + len(table) - 1

    def catch_up(self, weight, states, last_steps, history, first=1, ids=None, master=None) -> None:
        """Make the steps that rows have missed, with a gradient of zero."""
        target, held, own = self._sparse(weight, states, master)
        table, start = _step_gate.history(history, first, self._width)
        steps = _step_gate.last_steps(last_steps, len(target))
        if ids is None:
            numbers = np.arange(len(target))
        else:
            numbers = _gate.row_ids(ids, None)
            _check_rows(target, numbers)
        _check_last(steps, numbers, start, start + len(table) - 1)
        _apart(target, held, own, None)
        self._replay(target, held, own, steps, table, start, numbers)
        steps[numbers] = start + len(table) - 1

    def _sparse(self, weight, states, master):
        target = _step_gate.row_weight(weight)
        held = [_gate.output(state, f"states[{j}]") for j, state in enumerate(states)]
        own = None if master is None else _gate.output(master, "master")
        _step_gate.state_count(self.name, len(held), tuple(self.steps))
        _step_gate.one(target, None, held, own, row_state=self.row_state)
        return target, held, own

    def _replay(self, weight, states, master, steps, table, start, numbers) -> None:
        """Make the steps of a history one after the other, each on the rows that missed it."""
        for k, row in enumerate(table):
            missing = numbers[steps[numbers] < start + k]
            zeros = np.zeros((len(missing), *weight.shape[1:]), weight.dtype)
            self._apply(weight, zeros, states, master, row, missing)

    def _apply(self, weight, gradient, states, master, coefficients, where) -> None:
        """Make one step on the rows `where` of a weight: widen, step, round."""
        working = np.dtype(_step_gate.WORKING[_gate.kind(weight.dtype)])
        with np.errstate(all="ignore"):
            made, following = self.steps[len(states)](
                _held(weight, master, where).astype(working),
                gradient.astype(working),
                tuple(state[where].astype(working) for state in states),
                tuple(coefficients.astype(working)),
            )
            if master is not None:
                master[where] = made
            weight[where] = made.astype(weight.dtype)
            for state, new in zip(states, following, strict=True):
                state[where] = new.astype(state.dtype)


def _held(weight: np.ndarray, master: np.ndarray | None, where: object) -> np.ndarray:
    """Return what a step updates: the weight, or its master with the weight where that is newer."""
    if master is None:
        return weight[where]
    own, held = weight[where], master[where]
    written = own.view(np.uint16) != held.astype(weight.dtype).view(np.uint16)
    return np.where(written, own.astype(held.dtype), held)


def _check_rows(weight: np.ndarray, ids: np.ndarray) -> None:
    _row_gate.check_ids(ids, len(weight), "ids")
    falling = np.flatnonzero(ids[1:] <= ids[:-1])
    if len(falling):
        i = int(falling[0])
        raise _row_gate.not_ascending("ids", i + 1, int(ids[i]), int(ids[i + 1]))


def _check_last(steps: np.ndarray, ids: np.ndarray, first: int, newest: int) -> None:
    last = steps[ids]
    bad = np.flatnonzero((last < first - 1) | (last > newest))
    if len(bad):
        row = int(ids[bad[0]])
        raise _step_gate.outside_history(row, int(steps[row]), first, newest)


def _apart(weight, states, master, gradient) -> None:
    arrays = {"weight": weight} if master is None else {"weight": weight, "master": master}
    arrays |= {f"states[{j}]": state for j, state in enumerate(states)}
    _step_gate.refuse_shared(arrays, gradient)
