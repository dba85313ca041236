"""Steps of many parameters: checked together, then made in few calls.

Dense parameters of one device share one call of the kernel's function ``dense``, which enters
compiled code once for each dtype. Its table of addresses is kept, as a `Plan`, for as long as no
array gets other memory, so that the next step with the same arrays neither builds nor allocates.
"""

from __future__ import annotations

import copy
import functools
import operator
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from numparam.devices import epochs
from numparam.devices.backend import Backend, Buffer
from numparam.kernels import _first_use, _without_signals
from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.errors import GradientError, WeightError
from numparam.optimizer.exact_rows import RowHistory
from numparam.optimizer.optimizer import Optimizer
from numparam.optimizer.row_gradients import Rows, checked_rows
from numparam.recording.scopes import pause

if TYPE_CHECKING:
    from numparam.optimizer.counts import UpdateCounts
    from numparam.optimizer.fused import FusedOptimizer

__all__ = ["ANY_NUMBER", "Call", "Entry", "Plan", "Prepared", "commit_all", "step"]

#: A function that runs no code of Python's, and its arguments.
Call = tuple[Any, ...]

#: ``aggregate_num`` of optimizers that take any number of parameters in one call.
ANY_NUMBER = 2**31 - 1


def step(
    optimizer: FusedOptimizer, index: Any, weight: Any, grad: Any, state: Any, *, mixed: bool
) -> None:
    """Make one step of one parameter or of a list of them; see `FusedOptimizer.update`."""
    if isinstance(index, (list, tuple)):
        indices, weights, grads, states = index, weight, grad, state
    else:
        indices, weights, grads, states = [index], [weight], [grad], [state]
    if not len(indices) == len(weights) == len(grads) == len(states):
        raise WeightError(
            f"there are {len(indices)} indices, {len(weights)} weights, {len(grads)} gradients and "
            f"{len(states)} states; their numbers must be equal"
        )
    plan = Plan(optimizer, indices, weights, grads, states, mixed=mixed)
    plan.prepare(optimizer, optimizer._index_update_count).commit()


class Prepared:
    """A step that was checked and is ready to be made.

    Parameters
    ----------
    first : sequence of callable
        What is called first: draws of random states, or all of a step that no kernel makes.
    compiled : callable, optional
        Returns the step of the kernels: calls of compiled code for the counts and most dense
        parameters, and what is to be called for others, such as those with row-sparse gradients.
    on_host : bool, default True
        Whether all arrays are in the host's memory.
    """

    def __init__(
        self,
        first: Sequence[Callable[[], None]] = (),
        compiled: Callable[[], tuple[list[Call], list[Callable[[], None]]]] | None = None,
        on_host: bool = True,
    ) -> None:
        self.first = first
        self.compiled = compiled
        self.on_host = on_host

    def commit(self, also: Sequence[Call] = ()) -> None:
        """Make the step; see `commit_all`."""
        commit_all([self], also)


def commit_all(prepared: Sequence[Prepared], also: Sequence[Call] = ()) -> None:
    """Make steps, so that an interrupt leaves all of them made or none.

    Steps of other devices are made one after the other, and those of optimizers whose classes make
    them without a kernel.

    Parameters
    ----------
    prepared : sequence of Prepared
        The steps, of one context each.
    also : sequence of tuple
        Calls of compiled code that belong to the step, each a function and its arguments.
    """
    for one in prepared:
        for draw in one.first:
            draw()
    calls = list(also)
    others: list[Callable[[], None]] = []
    for one in prepared:
        if one.compiled is not None:
            own, more = one.compiled()
            calls += own
            others += more
    if not others:
        _without_signals.at_once(calls)
        return

    def make() -> None:
        _without_signals.at_once(calls)
        for other in others:
            other()

    if all(one.on_host for one in prepared):
        _without_signals.run(make)
    else:
        make()


class Entry:
    """One checked parameter of a step.

    Attributes
    ----------
    position : int
        Where it stands among the parameters of the step.
    name : str
        What messages call it.
    weight, grad : NDArray
        The arrays; where one is csr, dense copies for this step alone.
    copied_from : NDArray or None
        The csr weight that `weight` is a copy of.
    states : list of NDArray
        Its states in the kernel's order.
    master : NDArray or None
        Its float32 copy.
    """

    __slots__ = (
        "copied_from",
        "grad",
        "holds_copies",
        "index",
        "master",
        "name",
        "position",
        "states",
        "weight",
    )

    def __init__(
        self,
        optimizer: FusedOptimizer,
        position: int,
        index: Any,
        weight: Any,
        grad: Any,
        state: Any,
        mixed: bool,
    ) -> None:
        self.position = position
        self.index = index
        self.name = name = optimizer.name_of(index)
        self.weight = weight
        self.grad = grad
        if not isinstance(weight, NDArray):
            raise WeightError(f"{name}: a weight is an NDArray, not {type(weight).__name__}")
        if not isinstance(grad, NDArray):
            raise GradientError(f"{name}: a gradient is an NDArray, not {type(grad).__name__}")
        if np.dtype(weight.dtype).kind not in "fV":
            raise WeightError(
                f"{name} is {np.dtype(weight.dtype).name}; only floating-point weights are trained"
            )
        if weight.stype == "row_sparse" and weight._buffer.shape[0] != weight.shape[0]:
            raise WeightError(
                f"{name}: a row_sparse weight must store all of its {weight.shape[0]} rows to be "
                f"updated; this one stores {weight._buffer.shape[0]}"
            )
        if grad.shape != weight.shape or grad.dtype != weight.dtype:
            raise GradientError(
                f"{name}: the gradient must be {_described(weight)}, as the weight is; "
                f"it is {_described(grad)}"
            )
        if grad.context != weight.context:
            raise GradientError(
                f"{name}: the weight is on {weight.context} and its gradient on {grad.context}; "
                "they must be on the same context"
            )
        weight._require_writable()
        mixed = mixed and optimizer._is_mixed(weight)
        self.states, self.master = optimizer.split_state(state, mixed)
        for own in (*self.states, *([] if self.master is None else [self.master])):
            if not isinstance(own, NDArray) or own.context != weight.context:
                where = f"on {own.context}" if isinstance(own, NDArray) else type(own).__name__
                raise WeightError(
                    f"{name}: the weight is on {weight.context}, and a state of it is {where}; "
                    "create_state makes states that fit"
                )
        self.copied_from = None
        self.holds_copies = "csr" in (weight.stype, grad.stype)
        if self.holds_copies:  # as in MXNet: a dense step, whatever lazy_update says
            with pause():
                self.grad = grad.tostype("default")
                if weight.stype == "csr":
                    self.copied_from, self.weight = weight, weight.tostype("default")

    @property
    def is_sparse(self) -> bool:
        """Return whether the gradient is row-sparse."""
        return bool(self.grad.stype == "row_sparse")


def _write_back(entry: Entry) -> None:
    """Set a csr weight to the dense copy of it, which has had its step."""
    if entry.copied_from is not None:
        entry.copied_from[:] = entry.weight


def _described(array: NDArray) -> str:
    return f"{np.dtype(array.dtype).name}{tuple(array.shape)}"


class _Dense:
    """The dense parameters of one device, bound for the kernel."""

    def __init__(self, optimizer: FusedOptimizer, entries: list[Entry], count: int) -> None:
        first = entries[0]
        self.kernel = kernel_of(optimizer, first.weight._backend)
        self._is_whole = len(entries) == count
        self._positions = np.array([entry.position for entry in entries], np.int64)
        columns = list(zip(*[entry.states for entry in entries], strict=True))
        masters = [entry.master._buffer for entry in entries if entry.master is not None]
        self._bound = self.kernel.bind(
            [entry.weight._buffer for entry in entries],
            [entry.grad._buffer for entry in entries],
            [[state._buffer for state in column] for column in columns],
            masters or None,
        )
        self._table: np.ndarray | None = None
        self._made_of: tuple[Any, ...] | None = None

    def prepare(self, coefficients: _Coefficients) -> None:
        """Compute the coefficients of the step, in the memory of the last ones."""
        key = coefficients.key
        if self._table is None or key is None or key != self._made_of:
            table = coefficients.of(None if self._is_whole else self._positions)
            count = len(self._positions)
            if self._table is None or self._table.shape[1] != table.shape[1]:
                self._table = np.empty((count, table.shape[1]))
            self._table[:] = table  # one row may stand for all
            self._made_of = key

    def calls(self) -> list[Call] | None:
        """Return the step as calls of compiled code; None where it is more than that."""
        calls = getattr(self._bound, "calls", None)
        return None if calls is None else cast("list[Call]", calls(self._table))

    def run(self) -> None:
        """Make the step."""
        self.kernel.dense(self._bound, self._table)


class _Coefficients:
    """The coefficients of one step."""

    def __init__(
        self,
        optimizer: FusedOptimizer,
        entries: Sequence[Entry],
        counts: np.ndarray,
        rate: float,
        number: int,
        rates: _Multipliers,
        decays: _Multipliers,
    ) -> None:
        self._function = _coefficients_of(optimizer.kernel)
        fixed = dict(optimizer.hyper_parameters_at(rate, number))
        fixed["rescale_grad"] = optimizer.rescale_grad
        fixed["clip_gradient"] = optimizer.clip_gradient
        self._fixed = fixed
        self._each: dict[str, Any] = dict(optimizer.step_parameters(counts))
        own_rates, own_decays = rates.times(rate), decays.times(optimizer.wd)
        factors = optimizer.rate_factors(entries, counts, own_decays)
        # Of steps that differ in nothing the coefficients are kept.
        self.key = None
        if not self._each and factors is None:
            self.key = (*fixed.values(), rate, optimizer.wd, rates.version, decays.version)
        self._each["lr"] = own_rates if factors is None else own_rates * factors
        self._each["wd"] = own_decays

    def of(self, positions: np.ndarray | slice | None) -> np.ndarray:
        """Return the coefficients at some positions: a row for each, or one for all."""
        each = {}
        count = 1
        for name, values in self._each.items():
            if not isinstance(values, np.ndarray):
                each[name] = values
                continue
            chosen = values if positions is None or len(values) == 1 else values[positions]
            if (chosen == chosen[0]).all():
                each[name] = float(chosen[0])
            else:
                each[name] = chosen
                count = len(chosen)
        return self._function(count, **each, **self._fixed)

    def at(self, position: int) -> np.ndarray:
        """Return the coefficients at one position, as one row."""
        return self.of(slice(position, position + 1))


class _Multipliers:
    """A cache of the multipliers of the parameters of one step."""

    def __init__(self, indices: Sequence[Any], kind: str) -> None:
        self._indices = indices
        self._kind = kind
        self._seen: list[float] | None = None
        self._array: np.ndarray | None = None
        self._epoch: int | None = None  # in which they cannot have changed
        self._source: Any = None
        self.version = 0  # grows with each change

    def look(self, optimizer: FusedOptimizer) -> None:
        """Read the multipliers again."""
        epoch, source = epochs.current(), optimizer.param_dict
        own = getattr(optimizer, self._kind)
        if self._epoch == epoch and self._source is source and not own:
            return
        if not own and self._are_announced(optimizer):
            epoch_of_look: int | None = epoch
        else:
            epoch_of_look = None
        seen = optimizer._multipliers(self._indices, self._kind)
        self._epoch, self._source = epoch_of_look, source
        if seen == self._seen:
            return
        array = np.array(seen, np.float64)
        self._array = None if (array == 1.0).all() else array
        self._seen = seen
        self.version += 1

    def _are_announced(self, optimizer: FusedOptimizer) -> bool:
        """Return whether each change of a multiplier begins a new epoch."""
        parameters = optimizer.param_dict
        return (
            type(optimizer)._multipliers is Optimizer._multipliers
            and not optimizer.idx2name
            and all(
                getattr(type(parameters.get(index)), "_announces_multipliers", False)
                for index in self._indices
            )
        )

    def times(self, number: float) -> Any:
        """Return a number times the multipliers: an array, or the number if all are 1."""
        return number if self._array is None else number * self._array


class Plan:
    """A step of some parameters that can be repeated.

    Parameters
    ----------
    optimizer : FusedOptimizer
        Whose step it is.
    indices : sequence
        What the parameters are called by.
    weights, grads : sequence of NDArray
        Their arrays.
    states : sequence of object
        Their states.
    mixed : bool
        Whether states are those of mixed precision, where the optimizer has that on.

    Raises
    ------
    MXNetError
        If arrays do not fit each other.
    """

    def __init__(
        self,
        optimizer: FusedOptimizer,
        indices: Sequence[Any],
        weights: Sequence[Any],
        grads: Sequence[Any],
        states: Sequence[Any],
        *,
        mixed: bool,
    ) -> None:
        self._epoch = epochs.current()  # before any array is looked at
        self._weights, self._grads, self._states = weights, grads, states
        entries = [
            Entry(optimizer, position, *row, mixed)
            for position, row in enumerate(zip(indices, weights, grads, states, strict=True))
        ]
        self._entries = entries
        self._copied = [entry for entry in entries if entry.holds_copies]
        self.sparse = [entry for entry in entries if entry.is_sparse]
        dense = [entry for entry in entries if not entry.is_sparse]
        self._draw = optimizer.drawn_states(dense)
        self._on_host = all(entry.weight._backend.buffers_are_arrays for entry in entries)
        arrays = [entry.weight for entry in dense] + [entry.grad for entry in dense]
        for entry in dense:
            arrays += entry.states
            if entry.master is not None:
                arrays.append(entry.master)
        self._arrays = arrays
        self._buffers = [array._buffer for array in arrays]
        # Memory of row-sparse weights is replaced without a new epoch.
        self._loose = [array for array in arrays if array.stype != "default"]
        self._loose_buffers = [array._buffer for array in self._loose]
        self._dense = _grouped(optimizer, dense, len(entries))
        self.dense_entries = dense
        self._lr_mult = _Multipliers(tuple(indices), "lr_mult")
        self._wd_mult = _Multipliers(tuple(indices), "wd_mult")
        self.indices = tuple(indices)
        self._counts: UpdateCounts | None = None
        self._places: np.ndarray | None = None
        self._following = np.empty(len(self.indices), np.int64)
        self._multi_precision = optimizer.multi_precision
        self._structure = (type(optimizer), optimizer.kernel)

    def is_untouched(
        self, optimizer: FusedOptimizer, weights: Sequence[Any], grads: Sequence[Any]
    ) -> bool:
        """Return whether nothing can have changed since the last step, without checking arrays.

        Parameters
        ----------
        optimizer, weights, grads
            As they are now. The states are those of a `StateDict`.
        """
        return (
            self._epoch == epochs.current()
            and weights is self._weights
            and grads is self._grads
            and self._multi_precision == optimizer.multi_precision
            and self._structure == (type(optimizer), optimizer.kernel)
            and not self._copied
            and _hold(self._loose, self._loose_buffers)
        )

    def still_holds(
        self,
        optimizer: FusedOptimizer,
        weights: Sequence[Any],
        grads: Sequence[Any],
        states: Sequence[Any],
    ) -> bool:
        """Return whether the step still has these arrays, and they have the same memory.

        Parameters
        ----------
        optimizer, weights, grads, states
            As they are now.
        """
        if self._copied or self._multi_precision != optimizer.multi_precision:
            return False
        if self._structure != (type(optimizer), optimizer.kernel):
            return False
        if not (_same(weights, self._weights) and _same(grads, self._grads)):
            return False
        if not _same(states, self._states):
            return False
        epoch = epochs.current()
        if epoch != self._epoch:
            if not _hold(self._arrays, self._buffers):
                return False
            self._epoch = epoch
        return _hold(self._loose, self._loose_buffers)

    def prepare(
        self,
        optimizer: FusedOptimizer,
        counts: UpdateCounts,
        histories: Callable[[Entry, ModuleType], RowHistory | None] | None = None,
    ) -> Prepared:
        """Check the step and compute its coefficients, without changing anything.

        Parameters
        ----------
        optimizer : FusedOptimizer
            Its hyper-parameters are read now.
        counts : UpdateCounts
            Numbers of updates of the device's parameters.
        histories : callable, optional
            Returns where the missed steps of a parameter's rows are noted; None for a parameter
            whose rows are all updated at once.

        Returns
        -------
        Prepared
            What makes the step. Until then nothing has changed.

        Raises
        ------
        MXNetError
            If a row of a gradient is out of range.
        ValueError
            If a hyper-parameter is NaN or infinite.
        """
        if self._counts is not counts or self._places is None:
            self._counts, self._places = counts, counts.places(self.indices)
        places = self._places
        following = counts.following(places, optimizer.begin_num_update, self._following)
        highest = int(following.max(initial=0))
        newest = max(optimizer.num_update, highest)
        # One count stands for all where they are equal, as they nearly always are.
        is_even = len(following) > 0 and int(following.min()) == highest
        self._lr_mult.look(optimizer)
        self._wd_mult.look(optimizer)
        rate = optimizer._rate_at(newest)
        coefficients = _Coefficients(
            optimizer,
            self._entries,
            following[:1] if is_even else following,
            rate,
            newest,
            self._lr_mult,
            self._wd_mult,
        )
        for group in self._dense:
            group.prepare(coefficients)
        rows = [_sparse(optimizer, entry, coefficients, histories) for entry in self.sparse]
        noted = {"num_update": newest, **optimizer.noted_by_step(rate, newest)}

        def compiled() -> tuple[list[Call], list[Callable[[], None]]]:
            calls: list[Call] = [counts.storing(places, following)]
            calls += [(setattr, optimizer, name, value) for name, value in noted.items()]
            others = []
            for group in self._dense:
                own = group.calls()
                if own is None:
                    others.append(group.run)
                else:
                    calls += own
            written = [functools.partial(_write_back, entry) for entry in self._copied]
            return calls, [*others, *rows, *written]

        return Prepared([] if self._draw is None else [self._draw], compiled, self._on_host)


def _grouped(optimizer: FusedOptimizer, entries: list[Entry], count: int) -> list[_Dense]:
    """Bind dense parameters: those of one device together."""
    groups: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in entries:
        mixed = entry.master is not None
        key = (id(entry.weight._backend), entry.weight.context, mixed, len(entry.states))
        groups.setdefault(key, []).append(entry)
    return [_Dense(optimizer, members, count) for members in groups.values()]


def _sparse(
    optimizer: FusedOptimizer,
    entry: Entry,
    coefficients: _Coefficients,
    histories: Callable[[Entry, ModuleType], RowHistory | None] | None,
) -> Callable[[], None]:
    """Check a row-sparse gradient, and return what makes its step."""
    rows = checked_rows(entry.grad, entry.name)
    numbers = coefficients.at(entry.position)
    backend = entry.weight._backend
    kernel = kernel_of(optimizer, backend)
    if optimizer.lazy_update and optimizer.draws_states:
        return lambda: _on_copies(optimizer, kernel, entry, rows, numbers)
    if optimizer.lazy_update:
        return lambda: _lazily(kernel, entry, rows, numbers)
    if not hasattr(kernel, "exact_rows"):
        dense = _scattered(entry, rows)
        return lambda: _on_whole(optimizer, kernel, entry, dense, numbers)
    can_wait = histories is not None and not optimizer.looks_at_whole_weights
    history = histories(entry, kernel) if can_wait and histories is not None else None
    if history is not None:
        return lambda: history.step(rows, numbers)
    last_steps = backend.zeros((entry.weight.shape[0],), np.dtype(np.int64))
    return lambda: _exactly(kernel, entry, rows, numbers, last_steps)


def _lazily(kernel: Any, entry: Entry, rows: Rows, coefficients: np.ndarray) -> None:
    kernel.rows(
        entry.weight._buffer,
        rows.ids,
        rows.data,
        [state._buffer for state in entry.states],
        coefficients,
        None if entry.master is None else entry.master._buffer,
    )


def _on_copies(
    optimizer: FusedOptimizer, kernel: Any, entry: Entry, rows: Rows, coefficients: np.ndarray
) -> None:
    """Step the rows of the gradient as a weight of their own; its states are drawn."""
    retain = entry.weight._backend.retain
    own = copy.copy(entry)
    own.states = []
    own.weight = _rows_of(entry.weight, rows)
    own.master = None if entry.master is None else _rows_of(entry.master, rows)
    draw = optimizer.drawn_states([own])
    if draw is not None:
        draw()
    kernel.dense(_dense_arguments(own, rows.data), coefficients)
    retain.scatter(entry.weight._buffer, rows.ids, own.weight._buffer)
    if entry.master is not None and own.master is not None:
        retain.scatter(entry.master._buffer, rows.ids, own.master._buffer)


def _rows_of(array: NDArray, rows: Rows) -> NDArray:
    buffer = array._backend.retain.gather(array._buffer, rows.ids)
    return NDArray.from_buffer(buffer, array.context, array._backend)


def _on_whole(
    optimizer: FusedOptimizer, kernel: Any, entry: Entry, grad: Buffer, coefficients: np.ndarray
) -> None:
    """Make the step of a dense gradient."""
    own = copy.copy(entry)
    own.states = list(entry.states)
    draw = optimizer.drawn_states([own])
    if draw is not None:
        draw()
    kernel.dense(_dense_arguments(own, grad), coefficients)


def _exactly(
    kernel: Any, entry: Entry, rows: Rows, coefficients: np.ndarray, last_steps: Buffer
) -> None:
    """Step the gradient's rows, then all other rows with a gradient of zero."""
    weight, states = entry.weight._buffer, [state._buffer for state in entry.states]
    master = None if entry.master is None else entry.master._buffer
    kernel.exact_rows(weight, rows.ids, rows.data, states, last_steps, coefficients, 1, master)
    kernel.catch_up(weight, states, last_steps, coefficients, 1, None, master)


def _scattered(entry: Entry, rows: Rows) -> Buffer:
    backend, weight = entry.weight._backend, entry.weight
    dense = backend.zeros(weight.shape, np.dtype(weight.dtype))
    backend.retain.scatter(dense, rows.ids, rows.data)
    return dense


def _dense_arguments(entry: Entry, grad: Buffer) -> tuple[Any, ...]:
    states = [[state._buffer] for state in entry.states]
    masters = () if entry.master is None else ([entry.master._buffer],)
    return ([entry.weight._buffer], [grad], states, *masters)


def kernel_of(optimizer: FusedOptimizer, backend: Backend) -> Any:
    """Return the optimizer's kernel on a device."""
    return getattr(backend, optimizer.kernel)


@functools.cache
def _coefficients_of(kernel: str) -> Callable[..., np.ndarray]:
    # Imported when first used; the reference needs no Numba, and all backends share the arithmetic.
    return _first_use.import_kernels(f"numparam.kernels.reference.{kernel}").coefficients


def _same(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """Return whether two sequences hold the same objects."""
    if left is right and isinstance(left, tuple):
        return True
    return len(left) == len(right) and all(map(operator.is_, left, right))


def _hold(arrays: Sequence[NDArray], buffers: Sequence[Buffer]) -> bool:
    return all(map(operator.is_, map(_buffer_of, arrays), buffers))


_buffer_of = operator.attrgetter("_buffer")
