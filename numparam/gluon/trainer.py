"""The Trainer: updates parameters by their gradients, over all contexts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence, ValuesView
from contextlib import contextmanager
from typing import Any

import numpy as np

from numparam import autograd
from numparam import kvstore as stores
from numparam._missing import show_public_names
from numparam.context import Context
from numparam.devices import epochs
from numparam.devices.locks import in_turn, new_table
from numparam.formats.atomic import write_file
from numparam.formats.quoting import quoted
from numparam.formats.sources import read_file
from numparam.gluon import hooks
from numparam.gluon.errors import (
    TrainerArgumentError,
    TrainerCallError,
    TrainerContextError,
)
from numparam.gluon.interface import ParameterLike
from numparam.gluon.lineup import Lineup, Moment
from numparam.gluon.parameter import Parameter
from numparam.gluon.parameter_dict import ParameterDict
from numparam.gluon.reducing import Reduction, without_csr
from numparam.gluon.rows import check_owner
from numparam.kernels._without_signals import at_once
from numparam.kvstore import KVStore, KVStoreBase
from numparam.kvstore.merging import copy_all
from numparam.ndarray.ndarray import NDArray
from numparam.optimizer import FusedOptimizer, Optimizer, Updater, create, get_updater, saved_states
from numparam.optimizer.errors import StatesError
from numparam.optimizer.many import Call, Prepared, commit_all

__all__ = ["Trainer"]

# MXNet's store of this type does not update parameters of more elements than this.
_LARGE = 16 * 1024 * 1024

# How often parameters are looked at that another thread moves again and again.
_TRIES = 100

_in_use = new_table()


class Trainer:
    """Updates parameters by an optimizer, after summing their gradients over their contexts.

    Parameters
    ----------
    params : ParameterDict, dict or list of Parameter
        The parameters, all on the same contexts. Of a dictionary they are sorted by their keys.
    optimizer : str or Optimizer
        Name of an optimizer, or one.
    optimizer_params : dict, optional
        Arguments of an optimizer given by name. Its ``rescale_grad`` is divided by the batch size
        at each step.
    kvstore : str, KVStoreBase or None, default 'device'
        What sums gradients over contexts; see `numparam.kvstore.create`. None sums nothing.
    compression_params : dict, optional
        For stores that compress gradients.
    update_on_kvstore : bool, optional
        Whether the parameters of the first context are updated, and copied to the others; if False,
        each context's are updated, with optimizer states of their own. If not given: True where
        there are several contexts and the store can, unless the environment variable
        ``MXNET_UPDATE_ON_KVSTORE`` is 0, and False if only gradients are row-sparse.

    Raises
    ------
    ValueError
        If `params` are no parameters, two have one name, the optimizer does not exist, or contexts
        differ (also an AssertionError).
    RuntimeError
        If a parameter is not initialized, or is row-sparse and belongs to another Trainer.

    Notes
    -----
    A gradient is fresh, and a step takes it, if autograd or `numparam.autograd.accumulate_grad`
    wrote it since the last step. Other libraries write unseen: a gradient whose memory one was
    given, by DLPack or NumPy's array interface, counts as fresh from then on.

    The array of the first context is what a row-sparse parameter is: it stores all rows, which are
    updated in place. With ``lazy_update=False`` rows without a gradient are updated when they are
    next used, to the same bits.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.gluon.Parameter("weight", shape=(2,))
    >>> weight.initialize("ones")
    >>> trainer = mx.gluon.Trainer([weight], "sgd", {"learning_rate": 0.5})
    >>> mx.autograd.accumulate_grad(weight.data(), mx.nd.array([1, 2]))
    >>> trainer.step(batch_size=1)
    >>> weight.data().asnumpy()
    array([0.5, 0. ], dtype=float32)
    """

    # Names that Gluon-era code reads.
    _params: list[Parameter]
    _param2idx: dict[str, int]
    _contexts: list[Context]
    _optimizer: Optimizer
    _updaters: list[Updater]
    _scale: float
    _kvstore: KVStoreBase | None
    _update_on_kvstore: bool | None
    _kv_initialized: bool
    _params_to_init: list[Parameter]

    # The updater of the store: it outlives the store, so that optimizer states do.
    _store_updater: Updater | None

    # The arrays of the parameters, as the last step found them.
    _lineup: Lineup | None

    def __init__(
        self,
        params: Any,
        optimizer: str | Optimizer,
        optimizer_params: Mapping[str, Any] | None = None,
        kvstore: Any = "device",
        compression_params: Mapping[str, Any] | None = None,
        update_on_kvstore: bool | None = None,
    ) -> None:
        self._params = _listed(params)
        self._param2idx = {parameter.name: i for i, parameter in enumerate(self._params)}
        for parameter in self._params:
            check_owner(parameter, self)
        self._contains_sparse_weight = any(one._stype != "default" for one in self._params)
        self._contains_sparse_grad = any(one._grad_stype != "default" for one in self._params)
        self._compression_params = compression_params
        self._contexts = self._check_contexts(Moment(self._params))
        self._init_optimizer(optimizer, dict(optimizer_params or {}))
        self._scale = self._optimizer.rescale_grad
        self._kvstore_params = {"kvstore": kvstore, "update_on_kvstore": update_on_kvstore}
        self._store_updater = None
        self._lineup = None
        self._kvstore = None
        self._behind: set[int] = set()  # sparse parameters whose other contexts are behind
        self._reset_kvstore()
        for parameter in self._params:
            parameter._set_trainer(self)

    def _check_contexts(self, moment: Moment) -> list[Context]:
        contexts: list[Context] | None = None
        for parameter, state in zip(self._params, moment.states, strict=True):
            if state.data is None or hooks.is_replaced(parameter, "list_ctx"):
                own = parameter.list_ctx()  # of an initialization that waits; or says what to do
            else:
                own = list(state.contexts or ())
            if contexts is not None and own != contexts:
                raise TrainerContextError(
                    f"all parameters of a Trainer must be on the same contexts; Parameter "
                    f"{quoted(parameter.name)} is on {own}, those before it are on {contexts}"
                )
            contexts = own
        return contexts or []

    def _init_optimizer(self, optimizer: str | Optimizer, optimizer_params: dict[str, Any]) -> None:
        if isinstance(optimizer, Optimizer):
            if optimizer_params:
                raise TrainerArgumentError(
                    "optimizer_params are the arguments of an optimizer given by name; this one is "
                    f"made already: leave out {', '.join(optimizer_params)}"
                )
            self._optimizer = optimizer
            optimizer.param_dict = dict(enumerate(self._params))
        else:
            self._optimizer = create(
                optimizer, param_dict=dict(enumerate(self._params)), **optimizer_params
            )
        self._updaters = [get_updater(self._optimizer) for _ in self._contexts]

    # Learning rate

    @property
    def learning_rate(self) -> float:
        """The optimizer's learning rate."""
        return self._optimizer.learning_rate

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer."""
        return self._optimizer

    def set_learning_rate(self, lr: float) -> None:
        """Set the learning rate.

        Parameters
        ----------
        lr : float
            The learning rate.

        Raises
        ------
        UserWarning
            If the optimizer has a schedule; raised as an error, as in MXNet.
        ValueError
            If it is NaN or infinite.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> trainer = mx.gluon.Trainer([weight], "sgd", {"learning_rate": 0.5})
        >>> trainer.set_learning_rate(0.25)
        >>> trainer.learning_rate
        0.25
        """
        if not np.isfinite(lr):
            raise ValueError(f"the learning rate must be finite, but is {lr}")
        self._optimizer.set_learning_rate(lr)

    # Steps

    def step(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """Sum the gradients over the contexts, and update the parameters.

        Parameters
        ----------
        batch_size : float
            What gradients are divided by.
        ignore_stale_grad : bool, default False
            Whether parameters whose gradients were not written since the last step are left as
            they are; otherwise one of them is an error.

        Raises
        ------
        ZeroDivisionError
            If `batch_size` is 0.
        UserWarning
            If a gradient is stale; raised as an error, as in MXNet.
        MXNetError, ValueError
            If a gradient or hyper-parameter cannot be used. Parameters, optimizer states and
            numbers of updates are then as they were.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> trainer = mx.gluon.Trainer([weight], "sgd", {"learning_rate": 0.5})
        >>> for data in weight.list_data():
        ...     with mx.autograd.record():
        ...         loss = (data * data).sum()
        ...     loss.backward()
        >>> trainer.step(batch_size=8)
        >>> weight.data(mx.cpu(0)).asnumpy()
        array([0.75, 0.75], dtype=float32)
        """
        self._in_turn(lambda: self._make_step(batch_size, ignore_stale_grad))

    def allreduce_grads(self) -> None:
        """Sum the gradients over the contexts; `update` does the rest.

        Raises
        ------
        AssertionError
            If parameters are updated on the store.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> options = {"learning_rate": 0.5}
        >>> trainer = mx.gluon.Trainer([weight], "sgd", options, update_on_kvstore=False)
        >>> for data in weight.list_data():
        ...     with mx.autograd.record():
        ...         loss = (data * data).sum()
        ...     loss.backward()
        >>> trainer.allreduce_grads()
        >>> weight.grad(mx.cpu(1)).asnumpy()
        array([4., 4.], dtype=float32)
        """
        self._in_turn(self._sum_gradients)

    def update(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """Update the parameters, after `allreduce_grads`.

        Parameters
        ----------
        batch_size, ignore_stale_grad
            As for `step`.

        Raises
        ------
        AssertionError
            If parameters are updated on the store.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        >>> options = {"learning_rate": 0.5}
        >>> trainer = mx.gluon.Trainer([weight], "sgd", options, update_on_kvstore=False)
        >>> for data in weight.list_data():
        ...     with mx.autograd.record():
        ...         loss = (data * data).sum()
        ...     loss.backward()
        >>> trainer.allreduce_grads()
        >>> trainer.update(batch_size=8)
        >>> weight.data(mx.cpu(1)).asnumpy()
        array([0.75, 0.75], dtype=float32)
        """
        self._in_turn(lambda: self._make_update(batch_size, ignore_stale_grad))

    def _in_turn(self, function: Callable[[], None]) -> None:
        """Call a function while no other thread makes a step of this Trainer."""
        in_turn(_in_use, {id(self)}, function)

    # Each of these is one step for an interrupt: all of it is made, or nothing. Only sums of
    # gradients may be half made; the gradients count as stale from the moment when it begins, so
    # that the next step notices.

    def _make_step(self, batch_size: float, ignore_stale_grad: bool) -> None:
        with self._rescaled(batch_size), autograd.pause():
            self._ready()
            lineup = self._lined_up()
            if not ignore_stale_grad:
                lineup.check_fresh()
            if self._is_in_own_way():
                self._allreduce_grads()
                self._update(ignore_stale_grad)
            elif self._kvstore is None:
                self._commit(lineup, self._prepare(lineup, self._chosen(lineup, ignore_stale_grad)))
            elif self._update_on_kvstore:
                self._step_on_store(lineup, ignore_stale_grad)
            else:
                self._sum_and_step(lineup, self._kvstore, self._chosen(lineup, ignore_stale_grad))

    def _make_update(self, batch_size: float, ignore_stale_grad: bool) -> None:
        with self._rescaled(batch_size), autograd.pause():
            self._ready()
            self._refuse_on_store("update")
            self._update(ignore_stale_grad)

    def _sum_gradients(self) -> None:
        with autograd.pause():
            self._ready()
            self._refuse_on_store("allreduce_grads")
            self._allreduce_grads()

    # Subclasses replace these two: those of Horovod and BytePS do, to sum over processes.

    def _allreduce_grads(self) -> None:
        """Sum the gradients over the contexts; update the parameters if that is done on the store.

        `step` calls it before `_update`, and `allreduce_grads` calls it alone.
        """
        lineup = self._lined_up()
        if self._kvstore is None:
            return
        if self._update_on_kvstore:
            self._step_on_store(lineup, ignore_stale_grad=False)
            return
        fresh = lineup.freshness()
        reduction = Reduction(lineup, self._kvstore)
        with _undone_if_it_fails(reduction):
            reduction.sum_rows()
            at_once(lineup.marks())
            reduction.sum_dense()
        at_once(lineup.marks(fresh))

    def _update(self, ignore_stale_grad: bool = False) -> None:
        """Update the parameters, unless that is done on the store."""
        if self._kvstore is not None and self._update_on_kvstore:
            return
        lineup = self._lined_up()
        if not ignore_stale_grad:
            lineup.check_fresh()
        self._commit(lineup, self._prepare(lineup, self._chosen(lineup, ignore_stale_grad)))

    def _is_in_own_way(self) -> bool:
        """Return whether a subclass, or somebody who assigned it, replaces a part of a step."""
        own: Any = self
        return (
            getattr(own._allreduce_grads, "__func__", None) is not Trainer._allreduce_grads
            or getattr(own._update, "__func__", None) is not Trainer._update
        )

    def _sum_and_step(
        self, lineup: Lineup, store: KVStoreBase, chosen: list[list[int]] | None
    ) -> None:
        fresh = lineup.freshness()
        reduction = Reduction(lineup, store)
        with _undone_if_it_fails(reduction):
            reduction.sum_rows()
            prepared = self._prepare(lineup, chosen)  # raises if anything cannot be used
            at_once(lineup.marks())
            reduction.sum_dense()
            if getattr(self._optimizer, "looks_at_gradients", False) and prepared is not None:
                prepared = self._prepare(lineup, chosen)
        if prepared is None:
            at_once(lineup.marks(fresh))
        self._commit(lineup, prepared)

    def _commit(self, lineup: Lineup, prepared: list[Prepared] | None) -> None:
        if prepared is not None:
            commit_all(prepared, lineup.marks())

    def _chosen(self, lineup: Lineup, ignore_stale_grad: bool) -> list[list[int]] | None:
        """Return the positions of the parameters to update, by context; None for all."""
        return lineup.fresh_positions() if ignore_stale_grad else None

    def _prepare(self, lineup: Lineup, chosen: list[list[int]] | None) -> list[Prepared] | None:
        """Check the updates of all contexts; return None if this step is skipped."""
        if self._overflows():
            return None
        prepared = []
        for place, updater in enumerate(self._updaters):
            indices, grads, weights = lineup.indices, lineup.grads[place], lineup.weights[place]
            if chosen is not None and len(chosen[place]) < len(indices):
                indices = tuple(indices[i] for i in chosen[place])
                grads = tuple(grads[i] for i in chosen[place])
                weights = tuple(weights[i] for i in chosen[place])
            if indices:
                prepared.append(updater.prepare(indices, grads, weights))
        return prepared

    def _step_on_store(self, lineup: Lineup, ignore_stale_grad: bool) -> None:
        if self._overflows():
            return
        store: Any = self._kvstore
        places = range(len(self._contexts))
        positions = list(range(len(lineup.indices)))
        if ignore_stale_grad:
            fresh = set().union(*lineup.fresh_positions())
            positions = [i for i in positions if i in fresh]
        keys = [lineup.indices[i] for i in positions]
        # Stores sum no csr matrices; the step is that of a dense gradient.
        grads = [[without_csr(lineup.grads[place][i]) for place in places] for i in positions]
        if not isinstance(store, KVStore):
            for key, i, summands in zip(keys, positions, grads, strict=True):
                out = [lineup.weights[place][i] for place in places]
                store.pushpull(key, summands, out=out, priority=-key)
        elif keys:
            dense = [i for i in positions if lineup.members[i]._stype == "default"]
            behind = [lineup.indices[i] for i in set(positions) - set(dense)]
            made: list[bool] = []
            also = [*lineup.marks(), (self._behind.update, behind), (made.append, True)]
            try:
                self._push(store, keys, grads, also)
                lineup.copy_first(dense)
            except BaseException:
                if made:  # the weights of the other contexts belong to the step
                    lineup.copy_first(dense)
                raise
        at_once(lineup.marks())

    @staticmethod
    def _push(store: KVStore, keys: Any, grads: Any, also: list[Call]) -> None:
        if type(store).push is KVStore.push:
            store._push(keys, grads, also)
        else:
            store.push(keys, grads)
            at_once(also)

    def _overflows(self) -> bool:
        """Return whether a loss scaler, if there is one, skips the step."""
        scaler = getattr(self, "_amp_loss_scaler", None)
        return scaler is not None and bool(scaler.has_overflow(self._params))

    def _rescaled(self, batch_size: float) -> _Rescaled:
        return _Rescaled(self, self._scale / batch_size)

    def _check_and_rescale_grad(self, scale: float) -> None:
        """Set the factor of the gradients."""
        self._optimizer.rescale_grad = scale

    def _refuse_on_store(self, method: str) -> None:
        if self._kvstore is not None and self._update_on_kvstore:
            raise TrainerCallError(
                f"{method}() does not work while the parameters are updated on the store; make the "
                "Trainer with update_on_kvstore=False"
            )

    # Arrays

    def _lined_up(self) -> Lineup:
        """Return the arrays as they are now."""
        lineup = self._lineup
        if lineup is not None and lineup.still_holds(self._params):
            return lineup
        for _ in range(_TRIES):
            before = epochs.current()
            try:
                return self._new_lineup()
            except Exception:
                if epochs.current() == before:
                    raise
                # Another thread moved parameters meanwhile: some were seen before, some after.
        return self._new_lineup()

    def _new_lineup(self) -> Lineup:
        moment = Moment(self._params)
        contexts = self._check_contexts(moment)
        lineup = Lineup(self._params, contexts, moment)
        if contexts != self._contexts:
            self._move(contexts)
        self._adopt_arrays(moment)
        self._fit_states(moment)
        lineup.keep_flags()
        self._lineup = lineup
        return lineup

    def _move(self, contexts: list[Context]) -> None:
        """Move the optimizer states to the parameters' new contexts."""
        source = self._updaters[0] if self._updaters else get_updater(self._optimizer)
        by_context = dict(zip(self._contexts, self._updaters, strict=True))
        updaters = []
        for context in contexts:
            updater = by_context.get(context)
            if updater is None:
                updater = get_updater(self._optimizer)
                updater.states = {
                    index: updater.sync_state_context(_copied(state), context)
                    for index, state in source.states.items()
                }
                updater.states_synced = dict.fromkeys(updater.states, True)
                counts = source.optimizer._counts_of(self._contexts[0].device_id)
                self._optimizer._counts_of(context.device_id).update(counts)
            updaters.append(updater)
        if self._store_updater is not None:
            self._store_updater.forget()
            self._store_updater.states_synced = dict.fromkeys(self._store_updater.states, False)
            counts = self._optimizer._counts_of(self._contexts[0].device_id)
            self._optimizer._counts_of(contexts[0].device_id).update(counts)
        self._contexts, self._updaters = contexts, updaters

    def _adopt_arrays(self, moment: Moment) -> None:
        """Make the store update the first context's arrays in place."""
        store = self._kvstore
        if not isinstance(store, KVStore) or not (
            self._update_on_kvstore or self._contains_sparse_weight
        ):
            return
        waiting = {id(parameter) for parameter in self._params_to_init}
        for index, (parameter, state) in enumerate(zip(self._params, moment.states, strict=True)):
            if id(parameter) not in waiting and state.data is not None:
                store.adopt(index, state.data[0])

    def _fit_states(self, moment: Moment) -> None:
        """Convert the states of parameters that were cast."""
        optimizer = self._optimizer
        if not isinstance(optimizer, FusedOptimizer):
            return
        pairs = list(zip(range(len(self._contexts)), self._updaters, strict=True))
        if self._store_updater is not None:
            pairs.append((0, self._store_updater))
        for place, updater in pairs:
            for index, state in enumerate(moment.states):
                if index in updater.states and state.data is not None:
                    _fit_state(optimizer, updater, index, state.data[place])

    # Store

    def _ready(self) -> None:
        """Create the store, and add the parameters that it does not have yet."""
        if not self._kv_initialized:
            self._init_kvstore()
        if self._params_to_init:
            with autograd.pause():  # a handler may save states while its thread records
                self._init_params()

    def _init_params(self) -> None:
        if not self._kv_initialized:
            raise TrainerCallError("the store is not made yet")
        waiting = [parameter for parameter in self._params_to_init if parameter._deferred_init]
        store = self._kvstore
        if store is not None:
            for parameter in self._params_to_init:
                if parameter._deferred_init:
                    continue
                arrays = parameter._check_and_get(parameter._state.data, list)
                index = self._param2idx[parameter.name]
                if not isinstance(store, KVStore):
                    store.broadcast(index, arrays[0], arrays)
                    continue
                if parameter._stype != "default" or self._update_on_kvstore:
                    store.adopt(index, arrays[0])
                copy_all([(arrays[0], array) for array in arrays[1:]])
        self._params_to_init = waiting

    def _reset_kvstore(self) -> None:
        """Reset the store; the next step creates a new one from the parameters' values.

        Optimizer states stay.
        """
        if self._kvstore is not None and "dist" in self._kvstore.type:
            raise RuntimeError("a distributed store cannot be made anew")
        if self._store_updater is not None:
            self._store_updater.forget()
        self._kv_initialized = False
        self._kvstore = None
        self._distributed: bool | None = None
        self._update_on_kvstore = None
        self._params_to_init = list(self._params)
        self._lineup = None

    def _init_kvstore(self) -> None:
        store, on_store = self._chosen_store()
        if store is None:
            self._distributed, on_store = False, None
        else:
            self._distributed = "dist" in store.type
            if self._compression_params:
                store.set_gradient_compression(self._compression_params)  # type: ignore[attr-defined]
            if on_store:
                self._set_optimizer_of(store)
        self._kvstore, self._update_on_kvstore = store, on_store
        self._kv_initialized = True

    def _set_optimizer_of(self, store: KVStoreBase) -> None:
        if not isinstance(store, KVStore):
            store.set_optimizer(self._optimizer)
            return
        if self._store_updater is None:
            self._store_updater = get_updater(self._optimizer)
            self._store_updater.delays_rows = True
        store._set_updater(self._store_updater)

    def _chosen_store(self) -> tuple[KVStoreBase | None, bool | None]:
        """Choose the store, and whether it updates the parameters."""
        wanted, given = self._kvstore_params["kvstore"], self._kvstore_params["update_on_kvstore"]
        if self._contains_sparse_weight:
            if given is False:
                raise ValueError(
                    "update_on_kvstore=False does not work with row_sparse parameters, which are "
                    "updated where they are stored; leave it out"
                )
            if wanted is None:
                raise TypeError("row_sparse parameters need a store; kvstore='device' is one")
            store = self._made(wanted)
            if not isinstance(store, KVStore):
                raise ValueError(
                    f"row_sparse parameters need a store that holds rows, not {store.type!r}"
                )
            return store, True
        several = len(self._contexts) > 1
        named = isinstance(wanted, str)
        if wanted is None or (named and not several and "dist" not in wanted and not given):
            chosen = None
        else:
            chosen = self._made(wanted)
        if chosen is None:
            if given:
                raise ValueError(
                    "update_on_kvstore=True needs a store; give kvstore='device', not None"
                )
            return None, None
        if self._contains_sparse_grad:
            if not isinstance(chosen, KVStore):
                raise ValueError(
                    f"a store of type {chosen.type!r} does not sum row_sparse gradients"
                )
            return chosen, bool(given)
        on_store = _update_by_default(wanted, self._params) if given is None else bool(given)
        if on_store and not chosen.is_capable("optimizer"):
            if given:
                raise ValueError(
                    f"a store of type {chosen.type!r} has no optimizer; make the Trainer with "
                    "update_on_kvstore=False"
                )
            on_store = False
        return chosen, on_store

    def _made(self, wanted: Any) -> KVStoreBase:
        if isinstance(wanted, str):
            return stores.create(wanted)
        if isinstance(wanted, KVStoreBase):
            return wanted
        raise TypeError(f"kvstore must be a store, its name or None, not {type(wanted).__name__}")

    # Rows of row-sparse parameters

    def _row_sparse_pull(
        self, parameter: ParameterLike, out: Any, row_id: NDArray, full_idx: bool = False
    ) -> None:
        """Write rows of a parameter into row-sparse arrays."""
        self._ready()
        self._lined_up()
        index = self._param2idx[parameter.name]
        store: Any = self._kvstore
        if full_idx:
            if row_id.size != out.shape[0]:
                raise TrainerCallError(f"{row_id.size} ids are not those of {out.shape[0]} rows")
            store.pull(index, out=out, priority=-index, ignore_sparse=False)
        else:
            store.row_sparse_pull(index, out=out, row_ids=row_id, priority=-index)

    def _settle(self, parameter: Parameter) -> None:
        """Update a row-sparse parameter's arrays on all contexts from the store."""
        index = self._param2idx.get(parameter.name)
        data = parameter._state.data
        if index is None or data is None:
            return
        if self._store_updater is not None:
            self._store_updater.catch_up(index)
        if index in self._behind:
            with autograd.pause():
                copy_all([(data[0], array) for array in data[1:]])
            self._behind.discard(index)

    # States

    def save_states(self, fname: str | os.PathLike[str]) -> None:
        """Save the optimizer, its states and the numbers of updates.

        Parameters
        ----------
        fname : str or os.PathLike
            The file; an old one is replaced once the new one is complete.

        Notes
        -----
        The file is a ``.params`` file; see `Updater.get_states`. MXNet saves a pickle.

        Examples
        --------
        >>> import numparam as mx
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "trainer.states")
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones")
        >>> trainer = mx.gluon.Trainer([weight], "adam")
        >>> with mx.autograd.record():
        ...     loss = weight.data().sum()
        >>> loss.backward()
        >>> trainer.step(batch_size=1)
        >>> trainer.save_states(path)
        >>> path.stat().st_size > 0
        True
        """
        self._ready()
        store: Any = self._kvstore
        if self._update_on_kvstore and not isinstance(store, KVStore):
            store.save_optimizer_states(fname, dump_optimizer=True)
            return
        if self._params_to_init:
            for parameter in self._params_to_init:
                parameter._check_and_get(parameter._state.data, list)  # says what it waits for
        contents = self._active()[0].get_states(dump_optimizer=True)
        write_file(fname, lambda file, regular: file.write_pieces([contents]))

    def load_states(self, fname: str | os.PathLike[str], *, allow_pickle: bool = False) -> None:
        """Load the states that `save_states` saved; the optimizer becomes that of the file.

        Parameters
        ----------
        fname : str or os.PathLike
            The file.
        allow_pickle : bool, default False
            Whether it may be a pickle of MXNet's; see `Updater.set_states`.

        Raises
        ------
        FileAccessError
            If the file is missing or cannot be read: an OSError, and what Python raises there.
        StatesError
            If the file is damaged, a pickle, or of other parameters: a ValueError and an
            MXNetError. Nothing is changed.

        Examples
        --------
        >>> import numparam as mx
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "trainer.states")
        >>> weight = mx.gluon.Parameter("weight", shape=(2,))
        >>> weight.initialize("ones")
        >>> trainer = mx.gluon.Trainer([weight], "adam")
        >>> with mx.autograd.record():
        ...     loss = weight.data().sum()
        >>> loss.backward()
        >>> trainer.step(batch_size=1)
        >>> trainer.save_states(path)
        >>> again = mx.gluon.Trainer([weight], "adam")
        >>> again.load_states(path)
        >>> again.optimizer.num_update
        1
        """
        self._ready()
        store: Any = self._kvstore
        if self._update_on_kvstore and not isinstance(store, KVStore):
            store.load_optimizer_states(fname)
            return
        contents = read_file(fname, "a Trainer's states")
        first = get_updater(self._optimizer)
        first.set_states(contents, allow_pickle=allow_pickle)
        self._check_states(first)
        active = self._active()
        optimizer = first.optimizer
        optimizer.param_dict = dict(enumerate(self._params))
        steps: list[Any] = []
        for updater in active:
            # Each has arrays of its own.
            states, _ = saved_states.loads(contents, allow_pickle=allow_pickle)
            steps += updater._adoption(states, optimizer)
        for updater in [*self._updaters, *([self._store_updater] if self._store_updater else [])]:
            steps.append((object.__setattr__, updater, "optimizer", optimizer))
        steps.append((object.__setattr__, self, "_optimizer", optimizer))
        at_once(steps)

    def _check_states(self, loaded: Updater) -> None:
        """Raise if loaded states are those of other parameters."""
        for index, state in loaded.states.items():
            parameter = self._params[index] if index in range(len(self._params)) else None
            if parameter is None:
                raise StatesError(
                    f"the file has states of parameter number {index}; this Trainer has "
                    f"{len(self._params)} parameters"
                )
            for array in _arrays(state):
                if (
                    array.ndim == len(parameter.shape or ())
                    and array.shape[0:1] != (parameter.shape or ())[0:1]
                ):
                    raise StatesError(
                        f"the file's state number {index} has shape {array.shape}; Parameter "
                        f"{quoted(parameter.name)} has {parameter.shape}"
                    )

    def _active(self) -> list[Updater]:
        """Return the updaters in use."""
        if self._update_on_kvstore and self._store_updater is not None:
            return [self._store_updater]
        return self._updaters

    def __reduce__(self) -> Any:
        raise TypeError(
            "a Trainer belongs to one process; save parameters and states with save_states()"
        )


class _Rescaled:
    """Sets the factor of the gradients for a step; restores it if the step fails."""

    def __init__(self, trainer: Trainer, scale: float) -> None:
        self._trainer = trainer
        self._scale = scale

    def __enter__(self) -> None:
        self._before = self._trainer._optimizer.rescale_grad
        self._trainer._check_and_rescale_grad(self._scale)

    def __exit__(self, error_type: Any, error: Any, trace: Any) -> None:
        if error_type is not None:
            self._trainer._optimizer.rescale_grad = self._before


@contextmanager
def _undone_if_it_fails(reduction: Reduction) -> Iterator[None]:
    """Restore row-sparse gradients whose sums are of no use."""
    try:
        yield
    except BaseException:
        reduction.undo()
        raise


def _listed(params: Any) -> list[Parameter]:
    """Return a Trainer's parameters in order, after checking them."""
    if isinstance(params, (dict, ParameterDict)):
        # Tied weights may be one parameter under several keys.
        params = list(dict.fromkeys(params[key] for key in sorted(params.keys())))
    if isinstance(params, (Iterator, ValuesView)):  # of which one pass is enough
        params = list(params)
    if not isinstance(params, (list, tuple)):
        raise TrainerArgumentError(
            "a Trainer takes a ParameterDict, a dict or a list of Parameters, not "
            f"{type(params).__name__}"
        )
    if not params:
        raise TrainerArgumentError("a Trainer needs at least one Parameter; none was given")
    names: set[str] = set()
    for parameter in params:
        if not isinstance(parameter, Parameter):
            raise TrainerArgumentError(
                f"a Trainer takes Parameters; one of the list is {type(parameter).__name__}"
            )
        if parameter.name in names:
            raise TrainerArgumentError(
                f"two parameters of the Trainer are named {parameter.name!r}; each needs a name of "
                "its own"
            )
        names.add(parameter.name)
    return list(params)


def _update_by_default(wanted: Any, params: Sequence[Parameter]) -> bool:
    if os.environ.get("MXNET_UPDATE_ON_KVSTORE", "1") == "0":
        return False
    if wanted == "local":
        return all(int(np.prod(parameter.shape or (0,))) <= _LARGE for parameter in params)
    return True


def _arrays(state: Any) -> list[NDArray]:
    if isinstance(state, NDArray):
        return [state]
    if isinstance(state, (tuple, list)):
        return [array for one in state for array in _arrays(one)]
    return []


def _copied(state: Any) -> Any:
    if isinstance(state, NDArray):
        return state.copy()
    if isinstance(state, (tuple, list)):
        return type(state)(map(_copied, state))
    return state


def _fit_state(optimizer: FusedOptimizer, updater: Updater, index: int, weight: NDArray) -> None:
    """Convert a parameter's states, if its dtype has changed."""
    mixed = optimizer._is_mixed(weight)
    held = np.float32 if mixed else weight.dtype
    arrays = _arrays(updater.states[index])
    if all(array.dtype == held for array in arrays):
        return
    made = optimizer.create_state_multi_precision(index, weight)
    targets, _ = optimizer.split_state(made, mixed)
    # Whichever form the old states have: a copy of the weight is not among them if there is one.
    sources = [array for array in arrays if array.shape == weight.shape]
    for target, source in zip(targets[::-1], sources[::-1], strict=False):
        target[:] = source.astype(target.dtype)
    updater.states[index] = made


show_public_names(__name__)
