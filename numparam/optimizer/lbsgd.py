"""Stochastic gradient descent with large batches that accumulate several small ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer import many
from numparam.optimizer.errors import OptimizerTypeError
from numparam.optimizer.fused import zeros_like
from numparam.optimizer.lars import squares
from numparam.optimizer.many import Entry
from numparam.optimizer.optimizer import register
from numparam.optimizer.sgd import SGD

__all__ = ["LBSGD"]

_STRATEGIES = ("linear", "power2", "sqrt", "lars")


@register
class LBSGD(SGD):
    """SGD on the mean of the gradients of several batches, with a growing learning rate [1]_.

    Every `batch_scale` updates of a parameter, the mean of the gradients since the last time makes
    a step of `SGD` with the learning rate times a factor; the updates between only add.

    Parameters
    ----------
    momentum : float, default 0.0
        Factor of the momentum; 0 keeps none.
    multi_precision : bool, default False
        Whether 16-bit weights are trained as float32 copies of them.
    warmup_strategy : {'linear', 'power2', 'sqrt', 'lars'}, default 'linear'
        How the factor grows from 1 to `batch_scale` while warming up; or, with ``'lars'``, that it
        is ``sqrt(sum(weight**2) / (sum(g**2) + wd * sum(weight**2)))``, from 0.01 to 100. Any other
        text leaves it at 1 while warming up.
    warmup_epochs : int, default 5
        Length of warming up.
    batch_scale : int, default 1
        Number of batches that make a step.
    updates_per_epoch : int, default 32
        Number of updates in an epoch.
    begin_epoch : int, default 0
        The epoch that training begins with.
    num_epochs : int, default 60
        Not used.
    lazy_update : bool, default True
        Whether rows that no row-sparse gradient holds stay as they are; see `FusedOptimizer`.
    **kwargs : object
        The other arguments of `Optimizer`.

    References
    ----------
    .. [1] P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour",
       arXiv:1706.02677, 2017.
    """

    copy_is_last = False

    def __init__(
        self,
        momentum: float = 0.0,
        multi_precision: bool = False,
        warmup_strategy: str = "linear",
        warmup_epochs: int = 5,
        batch_scale: int = 1,
        updates_per_epoch: int = 32,
        begin_epoch: int = 0,
        num_epochs: int = 60,
        lazy_update: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(momentum, lazy_update, multi_precision=multi_precision, **kwargs)
        if not isinstance(batch_scale, int) or batch_scale < 1:
            raise OptimizerTypeError(
                f"batch_scale must be a whole number of batches, at least 1, not {batch_scale!r}"
            )
        self.warmup_strategy = warmup_strategy
        self.warmup_epochs = warmup_epochs
        self.batch_scale = batch_scale
        self.updates_per_epoch = updates_per_epoch
        self.init_updates = begin_epoch * updates_per_epoch
        self.num_epochs = num_epochs
        # By context and index: the sum (of the last large batch, if it is done), and how many. By
        # index alone: what MXNet saved, of whichever context.
        self.cumgrads: dict[Any, tuple[NDArray | None, int]] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.cumgrads = {key: _as_pair(value) for key, value in self.cumgrads.items()}

    @property
    def steps_are_fused(self) -> bool:
        """Whether each gradient makes a step, so that nothing is added before."""
        return self.batch_scale == 1

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Add gradients, and make a step of those that are the last of a large batch.

        Parameters
        ----------
        index, weight, grad, state
            As for `FusedOptimizer.update`.
        """
        self._add(index, weight, grad, state, mixed=False)

    def update_multi_precision(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Do as `update` does, with states of `create_state_multi_precision`.

        Parameters
        ----------
        index, weight, grad, state
            As for `FusedOptimizer.update`.
        """
        self._add(index, weight, grad, state, mixed=True)

    def _add(self, index: Any, weight: Any, grad: Any, state: Any, mixed: bool) -> None:
        if not isinstance(index, (list, tuple)):
            index, weight, grad, state = [index], [weight], [grad], [state]
        if self.batch_scale == 1:
            many.step(self, index, weight, grad, state, mixed=mixed)
            return
        checked = many.Plan(self, index, weight, grad, state, mixed=mixed)
        checked.prepare(self, self._index_update_count)  # raises if anything cannot be used
        keys = [(str(one.context), name) for one, name in zip(weight, index, strict=True)]
        before = list(map(self._sum_so_far, keys))
        wide = [mixed and self._is_mixed(one) for one in weight]
        sums = self._added(before, grad, wide)
        ends = [(count + 1) % self.batch_scale == 0 for _, count in before]
        for key, total, (_, count) in zip(keys, sums, before, strict=True):
            self.cumgrads[key] = (total, count + 1)
        self._update_count([one for one, end in zip(index, ends, strict=True) if not end])
        last = [i for i, end in enumerate(ends) if end]
        if last:
            chosen = [[given[i] for i in last] for given in (index, weight, sums, state)]
            _scale(chosen[2], 1.0 / self.batch_scale)
            chosen[2] = [
                one.astype(own.dtype, copy=False)
                for one, own in zip(chosen[2], chosen[1], strict=True)
            ]
            many.step(self, *chosen, mixed=mixed)

    def _sum_so_far(self, key: tuple[str, Any]) -> tuple[NDArray | None, int]:
        """Return the sum of a context and an index, and how many gradients are in it."""
        if key in self.cumgrads:
            return self.cumgrads[key]
        total, count = self.cumgrads.get(key[1], (None, self.init_updates))
        return (None if total is None else total.copy()), count  # each context writes into its own

    def _added(
        self, before: list[tuple[NDArray | None, int]], grads: Any, wide: list[bool]
    ) -> list[NDArray]:
        """Add gradients to the sums so far; those of a finished large batch are overwritten.

        Where `wide` says so, the sums are of float32.
        """
        sums: list[NDArray] = []
        added: list[tuple[NDArray, NDArray]] = []
        copied: list[tuple[NDArray, NDArray]] = []
        for (total, count), grad, is_wide in zip(before, grads, wide, strict=True):
            begins = total is None or count % self.batch_scale == 0
            if is_wide:
                grad = grad.astype(np.float32)
            if total is not None and (  # it has been loaded
                total.context != grad.context or total.dtype != grad.dtype
            ):
                total = total.as_in_context(grad.context).astype(grad.dtype)
            if grad.stype != "default":
                sums.append(grad.copy() if total is None or begins else total + grad)
                continue
            if total is None or (begins and total.stype != "default"):
                total = zeros_like(grad)
            elif total.stype != "default":
                total = total.tostype("default")
            (copied if begins else added).append((grad, total))
            sums.append(total)
        _accumulate("assign", copied)
        _accumulate("add", added)
        return sums

    def rate_factors(self, entries: Sequence[Entry], counts: np.ndarray, wds: Any) -> Any:
        """Return the factors of the learning rate; see `FusedOptimizer.rate_factors`."""
        if self.warmup_strategy == "lars":
            arrays = [entry.weight for entry in entries] + [entry.grad for entry in entries]
            sizes, lengths = np.split(squares(arrays), 2)  # one call for all
            quotients = np.sqrt(sizes / (lengths + wds * sizes + 1e-18))
            return np.clip(quotients, 0.01, 100.0)
        made = counts - self.begin_num_update + self.init_updates
        known = {count: self._factor_of(count) for count in set(made.tolist())}
        if len(known) == 1:
            (factor,) = known.values()
            return None if factor == 1.0 else np.full(1, factor)
        return np.array([known[count] for count in made.tolist()])

    def _factor_of(self, count: int) -> float:
        """Return the factor after some updates."""
        most, warming = float(self.batch_scale), self.warmup_epochs * self.updates_per_epoch
        if count >= warming:
            return most
        if warming <= 1 or self.warmup_strategy not in _STRATEGIES:
            return 1.0
        done = count / warming
        part = {"linear": done, "power2": done**2, "sqrt": math.sqrt(done)}[self.warmup_strategy]
        return 1.0 + (most - 1.0) * part


def _as_pair(value: Any) -> tuple[NDArray | None, int]:
    """Return a sum and how many gradients are in it, which pickles of MXNet have in a dict."""
    if not isinstance(value, Mapping):
        total, count = value
        return total, count
    total = value["cum_grad"]  # the number 0 after a large batch
    return (total if isinstance(total, NDArray) else None), value["num_cums"]


def _scale(arrays: Iterable[NDArray], factor: float) -> None:
    """Multiply arrays by a number, in one call for each device."""
    groups: dict[int, list[NDArray]] = {}
    for array in arrays:
        groups.setdefault(id(array._backend), []).append(array)
    for members in groups.values():
        members[0]._backend.norm.scale([array._buffer for array in members], factor)


def _accumulate(how: str, pairs: Iterable[tuple[NDArray, NDArray]]) -> None:
    """Assign each first array to the second one, or add it, in one call for each device."""
    groups: dict[int, list[tuple[NDArray, NDArray]]] = {}
    for pair in pairs:
        groups.setdefault(id(pair[0]._backend), []).append(pair)
    for members in groups.values():
        function = getattr(members[0][0]._backend.accumulate, how)
        function([own._buffer for _, own in members], [one._buffer for one, _ in members])
