"""Steps of optimizers on a GPU: what is checked, sent and launched.

The twin of `numparam.kernels.cpu._steps`, with the same formulas.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from numparam.kernels import _coefficients, _gate, _row_gate, _step_gate
from numparam.kernels._formulas.scalars import Formula, all_compiled, root
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cuda import _device_gate, _ids, _launch, _memory, _pointers, _workspace, table
from numparam.kernels.cuda._interface import borrow
from numparam.kernels.cuda._memory import DeviceArray
from numparam.kernels.cuda._pointers import Table

_NOTHING = 2**63 - 1
_UNIT = 16  # bytes of the widest array that a thread moves at once


def lanes_of(kind: str, mixed: bool) -> int:
    """Return how many elements a thread steps at once."""
    return _UNIT // ITEMSIZE["float32" if mixed else kind]


class Bound:
    """The arrays of many parameters, checked together, and their addresses on the GPU.

    Immutable; it holds the arrays and is valid as long as each keeps its memory.

    Attributes
    ----------
    weights, gradients : Table
        The arrays that were given.
    held : Table
        The arrays that are updated: the masters, where there are any.
    states : tuple of Table
        One for each state.
    device_id : int
        Number of the GPU.
    groups : tuple
        What the kernels take, for each element kind of the weights.
    """

    __slots__ = ("device_id", "gradients", "groups", "held", "states", "weights")

    def __init__(
        self, weights: Table, gradients: Table, states: Sequence[Table], masters: Table | None
    ) -> None:
        held = weights if masters is None else masters
        tables = [held, gradients, *states] + ([] if masters is None else [weights])
        arrays = [array for one in tables for array in one.arrays]
        names = [f"arrays[{i}]" for i in range(len(arrays))]
        self.weights = weights
        self.gradients = gradients
        self.held = held
        self.states = tuple(states)
        self.device_id = _device_gate.one_device(arrays, names) if arrays else 0
        positions: dict[str, list[int]] = {}
        for i, weight in enumerate(weights.arrays):
            if weight.size:
                positions.setdefault(_gate.kind(weight.dtype), []).append(i)
        self.groups = tuple(
            _BoundGroup(kind, places, tables, masters is not None, self.device_id)
            for kind, places in positions.items()
        )

    def __reduce__(self):
        raise TypeError("bound arrays are addresses of this process; bind the arrays again instead")


class _BoundGroup:
    __slots__ = ("chunk", "chunks", "count", "kind", "mixed", "numbers")

    def __init__(
        self, kind: str, places: list[int], tables: Sequence[Table], mixed: bool, device_id: int
    ) -> None:
        self.kind = kind
        self.mixed = mixed
        self.count = len(places)
        self.chunk = _pointers.CHUNK // ITEMSIZE[kind]
        pointers = np.array([[one.arrays[i].address for one in tables] for i in places], np.int64)
        sizes = np.array([tables[0].arrays[i].size for i in places], np.int64)
        firsts = np.concatenate([[0], np.cumsum(-(-sizes // self.chunk))])
        self.chunks = int(firsts[-1])
        aligned = (pointers % _UNIT == 0).all(1)
        parts = [pointers.reshape(-1), sizes, firsts, places, aligned]
        numbers = np.concatenate([np.asarray(part, np.int64) for part in parts])
        self.numbers = _memory.upload(numbers, device_id)


class Steps:
    """The forms of one optimizer's step.

    Attributes
    ----------
    name : str
        The optimizer's, a key of the rules for coefficients.
    formulas : dict
        The formula for each number of states that it may have, as plain Python; None where `form`
        has the whole of it.
    form : callable, optional
        What makes the one kernel of an optimizer whose states have one number for each row:
        ``form(states, width, kind, mixed)``. It takes the arguments of the exact form.
    can_rest : callable, optional
        What a formula's `can_rest` would be, with `form`.
    label : str, optional
        What the kernels' names begin with, where an optimizer has several formulas; `name` if not
        given. Machine code is kept on disk under these names.
    """

    def __init__(
        self,
        name: str,
        formulas: Mapping[int, Formula | None],
        form: Callable | None = None,
        can_rest: Callable | None = None,
        label: str | None = None,
    ) -> None:
        self.name = name
        self._label = name if label is None else label
        self.row_state = form is not None
        self.formulas = formulas
        self._form = form
        self._can_rest = can_rest
        self._width = _coefficients.width(name)
        self._kernel = functools.cache(self._kernel_for)
        self._compiled: dict[int, Formula | None] = {}

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
            ready.arrays, read.arrays, [state.arrays for state in held],
            None if own is None else own.arrays, self.row_state, _address,
        )  # fmt: skip
        return Bound(ready, read, held, own)

    def dense(self, arrays: Bound | tuple, coefficients: np.ndarray) -> None:
        """Step each weight as a whole."""
        bound = arrays if isinstance(arrays, Bound) else self.bind(*arrays)
        _step_gate.state_count(self.name, len(bound.states), tuple(self.formulas))
        numbers = _step_gate.coefficients(coefficients, len(bound.held), self._width)
        if self.row_state:
            self._dense_by_rows(bound, numbers)
        elif bound.groups:
            at = _workspace.put(bound.device_id, numbers.reshape(-1).view(np.int64))
            self.dense_with(bound, at)

    def dense_with(self, bound: Bound, coefficients: int) -> None:
        """Step each weight as a whole, with coefficients that are on the GPU."""
        from numparam.kernels.cuda import _stepping  # needs numba-cuda

        for one in bound.groups:
            _launch.run(
                self._kernel(_stepping.dense, len(bound.states), one.kind, one.mixed),
                bound.device_id, one.chunks * _launch.THREADS,
                one.numbers.address, one.count, one.chunk, coefficients,
            )  # fmt: skip

    def _dense_by_rows(self, bound: Bound, coefficients: np.ndarray) -> None:
        for i, weight in enumerate(bound.weights.arrays):
            master = None if bound.held is bound.weights else bound.held.arrays[i]
            states = [state.arrays[i] for state in bound.states]
            rows = Rows(self, weight, states, master)
            self._replay(rows, None, bound.gradients.arrays[i], None, coefficients[i : i + 1], 1)

    def rows(self, weight, ids, gradient, states, coefficients, master=None) -> None:
        """Step the rows that a row-sparse gradient holds."""
        rows = Rows(self, weight, states, master)
        numbers, read = rows.gradient(ids, gradient)
        numbers_of = _step_gate.coefficients(coefficients, 1, self._width)
        rows.refuse_shared(read)
        rows.check_ids(numbers)
        if self.row_state:
            self._replay(rows, numbers, read, None, numbers_of, 1)
            return
        if not read.size:
            return
        self.rows_with(rows, numbers, read, rows.send(read, numbers_of))

    def rows_with(self, rows: Rows, ids: DeviceArray, gradient: DeviceArray, numbers: int) -> None:
        """Step rows; `numbers` is the address of what `Rows.send` has sent."""
        from numparam.kernels.cuda import _stepping  # needs numba-cuda

        lanes = rows.lanes(gradient)
        units = rows.width // lanes
        lane_bits = _launch.lanes(units)
        _launch.run(
            self._kernel(_stepping.rows, rows.states, rows.kind, rows.mixed, lanes),
            rows.device_id, ids.size << lane_bits,
            numbers, ids.address, ids.size, units, rows.weight.shape[0] - 1, lane_bits,
        )  # fmt: skip

    def exact_rows(
        self, weight, ids, gradient, states, last_steps, history, first=1, master=None
    ) -> None:
        """Step the rows that a row-sparse gradient holds, after the steps they missed."""
        rows = Rows(self, weight, states, master)
        numbers, read = rows.gradient(ids, gradient)
        steps, start = _step_gate.history(history, first, self._width)
        last = rows.last(last_steps)
        if not len(steps):
            raise ValueError("history is empty; its last row is the step that is made")
        rows.refuse_shared(read)
        rows.check_ids(numbers)
        rows.check_last(last, numbers, start, start + len(steps) - 2)
        self._replay(rows, numbers, read, last, steps, start)

    def catch_up(self, weight, states, last_steps, history, first=1, ids=None, master=None) -> None:
        """Make the steps that rows have missed, with a gradient of zero."""
        rows = Rows(self, weight, states, master)
        steps, start = _step_gate.history(history, first, self._width)
        last = rows.last(last_steps)
        numbers = None if ids is None else _ids.whole(borrow(ids, "ids"), "ids")
        rows.refuse_shared(None)
        if numbers is not None:
            rows.check_ids(numbers)
        rows.check_last(last, numbers, start, start + len(steps) - 1)
        self._replay(rows, numbers, None, last, steps, start)

    def _replay(self, rows, ids, gradient, last, history, first) -> None:
        """Make missed steps, and with a gradient one more; without `last`, that one alone."""
        count = rows.weight.shape[0] if ids is None else ids.size
        if not count:
            return
        from numparam.kernels.cuda import _stepping  # needs numba-cuda

        working = np.dtype(_step_gate.WORKING[rows.kind])
        with np.errstate(over="ignore"):
            steps = history.astype(working)
        none = np.zeros((2, self._width), working)
        bounds = np.stack([steps.min(0), steps.max(0)]) if len(steps) else none
        formula = self.formulas[rows.states]
        fading = [] if formula is None else list(formula.fading)
        steady = bool((bounds[0, fading] == bounds[1, fading]).all())
        info = ml_dtypes.finfo("float32" if rows.mixed else rows.kind)
        tiny, roundoff = working.type(info.tiny), working.type(info.eps / 2)
        can_rest: Any = self._can_rest if formula is None else formula.can_rest
        with np.errstate(all="ignore"):
            may_rest = bool(can_rest(tuple(bounds[0]), tuple(bounds[1]), tiny, roundoff))
        numbers = rows.send(gradient, np.concatenate([history, bounds.astype(np.float64)]))
        at = 0 if ids is None else ids.address
        last_at = 0 if last is None else last.address
        lane_bits = _launch.lanes(max(1, rows.width))
        threads = count * _launch.THREADS if self.row_state else count << lane_bits
        highest = rows.weight.shape[0] - 1
        _launch.run(
            self._kernel(_stepping.replay, rows.states, rows.kind, rows.mixed, 1),
            rows.device_id, threads,
            numbers, at, count, rows.width, highest, lane_bits, len(history), first, last_at,
            int(may_rest), int(steady),
        )  # fmt: skip
        if last is not None:
            newest = first + len(history) - 1
            _launch.run(
                _stepping.mark_rows, rows.device_id, count, at, count, highest, last_at,
                first - 1, newest - (gradient is not None), newest,
            )  # fmt: skip

    def _kernel_for(
        self, form: Callable, states: int, kind: str, mixed: bool, lanes: int | None = None
    ) -> Any:
        from numparam.kernels.cuda import _elements  # needs numba-cuda
        from numparam.kernels.cuda._jit import inline, kernel  # needs numba-cuda

        if self._form is not None:
            function = self._form(states, self._width, kind, mixed)
        else:
            if not self._compiled:
                plain = {n: one for n, one in self.formulas.items() if one is not None}
                self._compiled = dict(all_compiled(plain, inline, {root: _elements.root}))
            many = lanes_of(kind, mixed) if lanes is None else lanes
            function = form(self._compiled[states], states, self._width, kind, mixed, many)
        name = f"{self._label}_{states}_{form.__name__}_{kind}{'_mixed' * mixed}"
        function.__name__ = function.__qualname__ = name if lanes is None else f"{name}_{lanes}"
        return kernel(function)


class Rows:
    """One weight with its states, and the master weight where there is one, checked."""

    def __init__(
        self, steps: Steps, weight: object, states: Iterable[object], master: object
    ) -> None:
        self.weight = _device_gate.output(weight, "weight")
        _row_gate.with_rows(self.weight, "weight")  # type: ignore[arg-type]
        self.held = [_device_gate.output(one, f"states[{j}]") for j, one in enumerate(states)]
        self.master = None if master is None else _device_gate.output(master, "master")
        self.states = _step_gate.state_count(steps.name, len(self.held), tuple(steps.formulas))
        _step_gate.one(
            self.weight,
            None,
            self.held,
            self.master,
            row_state=steps.row_state,
        )
        self.kind = _gate.kind(self.weight.dtype)
        self.mixed = self.master is not None
        self.width = 1
        for extent in self.weight.shape[1:]:
            self.width *= extent
        named = self._named()
        self.device_id = _device_gate.one_device(list(named.values()), list(named))

    def _named(self) -> dict[str, DeviceArray]:
        named = {"weight": self.weight}
        if self.master is not None:
            named["master"] = self.master
        return named | {f"states[{j}]": state for j, state in enumerate(self.held)}

    def gradient(self, ids: object, gradient: object) -> tuple[DeviceArray, DeviceArray]:
        """Check the ids and rows of a row-sparse gradient, except the ids' range."""
        read = borrow(gradient, "gradient")
        numbers = _ids.whole(borrow(ids, "ids"), "ids")
        _row_gate.with_rows(read, "gradient")  # type: ignore[arg-type]
        if numbers.size != read.shape[0]:
            raise ValueError(
                f"ids has {numbers.size} ids and gradient {read.shape[0]} rows; each row needs its "
                "id"
            )
        shape = (numbers.size, *self.weight.shape[1:])
        if read.shape != shape or read.dtype != self.weight.dtype:
            raise ValueError(
                f"gradient must be {self.weight.dtype}{shape}, not {read.dtype}{read.shape}"
            )
        _device_gate.one_device([self.weight, numbers, read], ["weight", "ids", "gradient"])
        return numbers, read

    def last(self, steps: object) -> DeviceArray:
        """Check the numbers of the last step of each row."""
        checked = _device_gate.output(steps, "last_steps")
        rows = self.weight.shape[0]
        if checked.dtype != np.int64 or checked.shape != (rows,):
            raise ValueError(
                f"last_steps must be int64({rows},), one for each row of the weight, "
                f"not {checked.dtype}{checked.shape}"
            )
        return checked

    def refuse_shared(self, gradient: DeviceArray | None) -> None:
        """Check that no two arrays share memory."""
        _step_gate.refuse_shared(self._named(), gradient, _address)  # type: ignore[arg-type]

    def pointers(self, gradient: DeviceArray | None) -> list[int]:
        """Return the addresses that kernels take."""
        value = self.weight if self.master is None else self.master
        arrays = [value, gradient, *self.held] + ([self.weight] if self.mixed else [])
        return [0 if array is None else array.address for array in arrays]

    def send(self, gradient: DeviceArray | None, coefficients: np.ndarray) -> int:
        """Send the addresses and rows of coefficients to the GPU; return where they are."""
        pointers = np.array(self.pointers(gradient), np.int64)
        rows = np.ascontiguousarray(coefficients).reshape(-1).view(np.int64)
        return _workspace.put(self.device_id, np.concatenate([pointers, rows]))

    def lanes(self, gradient: DeviceArray) -> int:
        """Return how many elements a thread may step at once, as rows and addresses allow."""
        lanes = lanes_of(self.kind, self.mixed)
        whole = self.width % lanes == 0
        return lanes if whole and not any(at % _UNIT for at in self.pointers(gradient)) else 1

    def check_ids(self, ids: DeviceArray) -> None:
        """Check that ids ascend strictly and are in range."""
        none = _memory.view(ids, 0, (0,))
        _ids.check(self.device_id, (ids, "ids"), (none, "ids"), self.weight.shape[0])

    def check_last(
        self, last: DeviceArray, ids: DeviceArray | None, first: int, newest: int
    ) -> None:
        """Check that the history holds all steps that rows have missed."""
        count = last.size if ids is None else ids.size
        if not count:
            return
        from numparam.kernels.cuda import _stepping  # needs numba-cuda

        found = _workspace.put(self.device_id, [_NOTHING])
        _launch.run(
            _stepping.check_last, self.device_id, count,
            last.address, 0 if ids is None else ids.address, count, first - 1, newest, found,
        )  # fmt: skip
        [place] = _workspace.get(self.device_id, 1)
        if place != _NOTHING:
            row = place if ids is None else _one(ids, place)
            raise _step_gate.outside_history(row, _one(last, row), first, newest)


def _one(numbers: DeviceArray, place: int) -> int:
    return int(_memory.download(_memory.view(numbers, place, (1,)))[0])


def _address(array: DeviceArray) -> int:
    return array.address
