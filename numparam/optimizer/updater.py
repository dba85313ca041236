"""The updater: an optimizer with the states of the parameters that it updates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import starmap
from operator import call
from types import ModuleType
from typing import Any

from numparam._missing import show_public_names
from numparam.devices import epochs
from numparam.devices.backend import Buffer
from numparam.ndarray.ndarray import NDArray
from numparam.optimizer import saved_states
from numparam.optimizer.errors import WeightError
from numparam.optimizer.exact_rows import RowHistory
from numparam.optimizer.fused import FusedOptimizer
from numparam.optimizer.many import Entry, Plan, Prepared
from numparam.optimizer.optimizer import Optimizer
from numparam.optimizer.state_dict import StateDict

__all__ = ["Updater", "get_updater"]


class Updater:
    """Updates weights by an optimizer, whose states it keeps.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer.

    Attributes
    ----------
    optimizer : Optimizer
        As given, or as loaded.
    states : dict
        What the optimizer's ``create_state_multi_precision`` returned, by index.
    states_synced : dict
        Whether the states of each index are on the context of its weight.
    aggregate_updates : bool
        Whether the optimizer takes several parameters in one call.
    delays_rows : bool
        Whether, with ``lazy_update=False``, the rows of row-sparse weights that a gradient does
        not hold may be updated later. Whoever reads such a weight calls `catch_up` first. False at
        the start: all weights are up to date at any time.
    device : object
        What the optimizer counts the updates by; the number of the weights' device if None.
    histories : dict of RowHistory
        Missed steps of row-sparse weights, by index.

    Examples
    --------
    >>> import numparam as mx
    >>> updater = mx.optimizer.get_updater(mx.optimizer.create("sgd", learning_rate=0.5))
    >>> weight, grad = mx.nd.ones(2), mx.nd.array([1, 2])
    >>> updater(0, grad, weight)
    >>> weight.asnumpy()
    array([0.5, 0. ], dtype=float32)
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self._states = StateDict()
        self.states_synced: dict[Any, bool] = {}
        self.aggregate_updates = optimizer.aggregate_num > 0
        self.delays_rows = False
        self.device: Any = None
        self.histories: dict[Any, RowHistory] = {}
        self._plans: dict[Any, Plan] = {}
        self._recent: Plan | None = None  # the last step's

    @property
    def states(self) -> dict[Any, Any]:
        """The states by index."""
        return self._states

    @states.setter
    def states(self, states: dict[Any, Any]) -> None:
        self._states = StateDict(states)
        epochs.bump()

    def __call__(self, index: Any, grad: Any, weight: Any) -> None:
        """Update one weight, or several.

        Parameters
        ----------
        index : int, str or bytes, or sequence of them
            What the parameters are called by.
        grad : NDArray, or sequence of them
            Gradients.
        weight : NDArray, or sequence of them
            Weights, which are changed.

        Raises
        ------
        MXNetError
            If arrays do not fit each other, or a row of a gradient is out of range.
        ValueError
            If a hyper-parameter is NaN or infinite. In either case nothing is changed.
        """
        self.prepare(index, grad, weight).commit()

    def prepare(self, index: Any, grad: Any, weight: Any) -> Prepared:
        """Check an update, and create missing states, without changing weights and states.

        Parameters
        ----------
        index, grad, weight
            As for the call.

        Returns
        -------
        Prepared
            Its ``commit`` makes the update.

        Examples
        --------
        >>> import numparam as mx
        >>> updater = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9))
        >>> weight, gradient = mx.nd.array([4, 8]), mx.nd.array([1, 2])
        >>> prepared = updater.prepare(0, gradient, weight)
        >>> weight.asnumpy()
        array([4., 8.], dtype=float32)
        >>> prepared.commit()
        >>> weight.asnumpy()
        array([3.5, 7. ], dtype=float32)
        """
        if isinstance(index, (list, tuple)):
            indices, grads, weights = index, grad, weight
        else:
            indices, grads, weights = (index,), (grad,), (weight,)
        if not len(indices) == len(grads) == len(weights):
            raise WeightError(
                f"there are {len(indices)} indices, {len(grads)} gradients and {len(weights)} "
                "weights; their numbers must be equal"
            )
        recent = self._recent
        if (recent is None or indices is not recent.indices) and bytes in map(type, indices):
            indices = tuple(one.decode() if isinstance(one, bytes) else one for one in indices)
        optimizer = self.optimizer
        if isinstance(optimizer, FusedOptimizer) and optimizer.steps_are_fused:
            return self._prepare_fused(optimizer, tuple(indices), grads, weights)
        return Prepared([lambda: self._update_each(indices, grads, weights)])

    def _prepare_fused(
        self, optimizer: FusedOptimizer, indices: tuple[Any, ...], grads: Any, weights: Any
    ) -> Prepared:
        counts = optimizer._counts_of(self._device_of(weights))
        plan = self._recent
        if plan is None or plan.indices is not indices:
            plan = self._plans.get(indices)
        if plan is None or not (
            plan.is_untouched(optimizer, weights, grads)
            or plan.still_holds(optimizer, weights, grads, tuple(map(self.states.get, indices)))
        ):
            self._plans.pop(indices, None)  # what is stale holds memory
            states = tuple(self._states_of(indices, weights))
            plan = Plan(optimizer, indices, _kept(weights), _kept(grads), states, mixed=True)
            self._plans[indices] = plan
        self._recent = plan
        if self.histories:
            for entry in [*plan.dense_entries, *(plan.sparse if optimizer.lazy_update else ())]:
                self.catch_up(entry.index)
        return plan.prepare(optimizer, counts, self._history_of)

    def _update_each(self, indices: Any, grads: Any, weights: Any) -> None:
        """Update by a class that has steps of its own: several at once, if it takes several."""
        optimizer = self.optimizer
        states = self._states_of(indices, weights)
        optimizer._set_current_context(self._device_of(weights))
        for index in indices:
            self.catch_up(index)
        if not getattr(optimizer, "allow_np_array", False):
            grads, weights = list(map(_classic, grads)), list(map(_classic, weights))
        if not self.aggregate_updates:
            for index, weight, grad, state in zip(indices, weights, grads, states, strict=True):
                optimizer.update_multi_precision(index, weight, grad, state)
            return
        groups: dict[Any, list[int]] = {}  # as in MXNet, a class never gets several dtypes at once
        for position, weight in enumerate(weights):
            groups.setdefault(weight.dtype, []).append(position)
        for positions in groups.values():
            for start in range(0, len(positions), optimizer.aggregate_num):
                chosen = positions[start : start + optimizer.aggregate_num]
                optimizer.update_multi_precision(
                    *([given[i] for i in chosen] for given in (indices, weights, grads, states))
                )

    def _device_of(self, weights: Sequence[Any]) -> Any:
        if self.device is not None or not len(weights):
            return self.device or 0
        return getattr(getattr(weights[0], "context", None), "device_id", 0)

    def _states_of(self, indices: Iterable[Any], weights: Sequence[Any]) -> list[Any]:
        """Return the states of some parameters on their contexts; create missing ones."""
        found = []
        for index, weight in zip(indices, weights, strict=True):
            if index not in self.states:
                self.states[index] = self.optimizer.create_state_multi_precision(index, weight)
                self.states_synced[index] = True
            elif not self.states_synced.get(index, False):
                self.states[index] = self.sync_state_context(self.states[index], weight.context)
                self.states_synced[index] = True
            found.append(self.states[index])
        return found

    # Rows that are behind

    def _history_of(self, entry: Entry, kernel: ModuleType) -> RowHistory | None:
        """Return the history of a parameter's rows, if they may miss steps."""
        if not self.delays_rows or entry.weight.stype != "row_sparse":
            return None
        history = self.histories.get(entry.index)
        arrays = kernel, entry.weight, entry.states, entry.master
        if history is None or not history.fits(*arrays):
            self.catch_up(entry.index)
            history = self.histories[entry.index] = RowHistory(*arrays)
        return history

    def catch_up(self, index: Any = None, ids: Buffer | None = None) -> None:
        """Make the steps that rows have missed.

        Parameters
        ----------
        index : int or str, optional
            The parameter; all of them if not given.
        ids : Buffer, optional
            The rows: int64 ids, strictly ascending, on the weight's device; all of them if not
            given.

        Examples
        --------
        >>> import numparam as mx
        >>> updater = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9))
        >>> weight, gradient = mx.nd.array([4, 8]), mx.nd.array([1, 2])
        >>> updater(0, gradient, weight)
        >>> updater.catch_up()
        """
        if index is None:
            for each in list(self.histories.values()):
                each.catch_up()
            return
        history = self.histories.get(index)
        if history is not None:
            history.catch_up(ids)

    def forget(self, index: Any = None) -> None:
        """Make missed steps, and release the arrays of one parameter or of all.

        Parameters
        ----------
        index : int or str, optional
            The parameter; all of them if not given. Its states stay.

        Examples
        --------
        >>> import numparam as mx
        >>> updater = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9))
        >>> weight, gradient = mx.nd.array([4, 8]), mx.nd.array([1, 2])
        >>> updater(0, gradient, weight)
        >>> updater.forget()
        """
        self.catch_up(index)
        if index is None:
            self.histories.clear()
        else:
            self.histories.pop(index, None)
        self._plans.clear()
        self._recent = None

    # States

    def sync_state_context(self, state: Any, context: Any) -> Any:
        """Return a state on a context.

        Parameters
        ----------
        state : object
            None, an array, or a tuple or list of such.
        context : Context
            The wanted context.

        Returns
        -------
        object
            The same where it is there already.

        Examples
        --------
        >>> import numparam as mx
        >>> updater = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9))
        >>> weight, gradient = mx.nd.array([4, 8]), mx.nd.array([1, 2])
        >>> state = mx.nd.ones((2,))
        >>> updater.sync_state_context(state, mx.cpu(1)).context
        cpu(1)
        """
        if isinstance(state, NDArray):
            dense = state if state.stype == "default" else state.tostype("default")
            return dense.as_in_context(context)
        if isinstance(state, (tuple, list)):
            return type(state)(self.sync_state_context(one, context) for one in state)
        return state

    def get_states(self, dump_optimizer: bool = False) -> bytes:
        """Return the states as bytes, for `set_states`.

        Parameters
        ----------
        dump_optimizer : bool, default False
            Whether hyper-parameters, the schedule and the numbers of updates are saved, too.

        Returns
        -------
        bytes
            A ``.params`` file of arrays; one of them holds a description in JSON. MXNet makes a
            pickle, which may run any code when it is loaded.

        Raises
        ------
        StatesError
            If the optimizer or its schedule has attributes that are no numbers, texts or
            containers of them.

        Examples
        --------
        >>> import numparam as mx
        >>> updater = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9))
        >>> weight, gradient = mx.nd.array([4, 8]), mx.nd.array([1, 2])
        >>> updater(0, gradient, weight)
        >>> type(updater.get_states())
        <class 'bytes'>
        """
        self.catch_up()
        return saved_states.dumps(self.states, self.optimizer if dump_optimizer else None)

    def set_states(self, states: bytes, *, allow_pickle: bool = False) -> None:
        """Load what `get_states` returned.

        Parameters
        ----------
        states : bytes
            The states.
        allow_pickle : bool, default False
            Whether to load a pickle that MXNet made. Only arrays, optimizers, schedules and plain
            containers are taken from it.

        Raises
        ------
        PickledStatesError
            If it is a pickle, and those are not allowed.
        StatesError
            If it is damaged. In either case nothing is changed.

        Examples
        --------
        >>> import numparam as mx
        >>> updater = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9))
        >>> weight, gradient = mx.nd.array([4, 8]), mx.nd.array([1, 2])
        >>> updater(0, gradient, weight)
        >>> again = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9))
        >>> again.set_states(updater.get_states())
        >>> again.states[0].asnumpy()
        array([-0.5, -1. ], dtype=float32)
        """
        loaded, optimizer = saved_states.loads(states, allow_pickle=allow_pickle)
        any(starmap(call, self._adoption(loaded, optimizer)))

    def _adoption(
        self, states: dict[Any, Any], optimizer: Optimizer | None
    ) -> list[tuple[Callable[..., None], ...]]:
        """Return calls of compiled code that adopt loaded states; made in one, they are one step.

        An interrupt then leaves the old states or the new ones, not some of each.
        """
        self.forget()
        changes: dict[str, Any] = {
            "_states": StateDict(states),
            "states_synced": dict.fromkeys(states, False),
        }
        if optimizer is not None:
            changes["optimizer"] = optimizer
            changes["aggregate_updates"] = optimizer.aggregate_num > 0
        steps: list[Any] = [(object.__setattr__, self, *change) for change in changes.items()]
        return [*steps, (epochs.bump,)]

    def __getstate__(self) -> dict[str, Any]:
        self.catch_up()
        return self.__dict__ | {"histories": {}, "_plans": {}, "_recent": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = dict(state)
        states = own.pop("states", None)  # MXNet's pickles have a plain dictionary
        self.__init__(own["optimizer"])  # type: ignore[misc]  # what pickles of MXNet lack
        self.__dict__.update(own)
        if states is not None:
            self.states = states


def get_updater(optimizer: Optimizer) -> Updater:
    """Return an updater for an optimizer.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer.

    Returns
    -------
    Updater
        A callable of index, gradient and weight.

    Examples
    --------
    >>> import numparam as mx
    >>> updater = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9))
    >>> weight, gradient = mx.nd.array([4, 8]), mx.nd.array([1, 2])
    >>> updater(0, gradient, weight)
    >>> weight.asnumpy()
    array([3.5, 7. ], dtype=float32)
    """
    return Updater(optimizer)


def _kept(arrays: Sequence[Any]) -> tuple[Any, ...]:
    return arrays if isinstance(arrays, tuple) else tuple(arrays)


def _classic(array: NDArray) -> NDArray:
    return array if array._array_class is NDArray else array.as_nd_ndarray()


show_public_names(__name__)
