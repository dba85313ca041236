"""Stochastic gradient descent with large batches that accumulate several small ones."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer import many
from numparam.optimizer.errors import OptimizerTypeError
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
        self.aggregate_num = 0  # gradients are added one by one
        self.warmup_strategy = warmup_strategy
        self.warmup_epochs = warmup_epochs
        self.batch_scale = batch_scale
        self.updates_per_epoch = updates_per_epoch
        self.init_updates = begin_epoch * updates_per_epoch
        self.num_epochs = num_epochs
        self._factor = 1.0
        # By device and index: the sum, and the number of gradients so far.
        self.cumgrads: dict[Any, tuple[NDArray | None, int]] = {}

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Add a gradient, and make a step if it is the last of a large batch; see `SGD.update`.

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
        if isinstance(index, (list, tuple)):
            for row in zip(index, weight, grad, state, strict=True):
                self._add(*row, mixed)
            return
        key = (str(weight.context), index)
        total, count = self.cumgrads.get(key, (None, self.init_updates))
        total = grad if total is None else total + grad
        count += 1
        if count % self.batch_scale:
            self._update_count(index)
            self.cumgrads[key] = (total.copy() if total is grad else total, count)
            return
        mean = total / self.batch_scale if self.batch_scale > 1 else total
        self._factor = self._factor_of(index, weight, mean, count)
        try:
            many.step(self, index, weight, mean, state, mixed=mixed)
        finally:
            self._factor = 1.0
        self.cumgrads[key] = (None, count)

    def _rate_at(self, num_update: int) -> Any:
        return super()._rate_at(num_update) * self._factor

    def _factor_of(self, index: Hashable, weight: NDArray, grad: NDArray, count: int) -> float:
        if self.warmup_strategy == "lars":
            size, length = (float((one * one).sum().asscalar()) for one in (weight, grad))
            quotient = size / (length + self._get_wd(index) * size + 1e-18)
            return min(max(math.sqrt(quotient), 0.01), 100.0)
        most, warming = float(self.batch_scale), self.warmup_epochs * self.updates_per_epoch
        if count >= warming:
            return most
        if warming <= 1 or self.warmup_strategy not in _STRATEGIES:
            return 1.0
        done = count / warming
        part = {"linear": done, "power2": done**2, "sqrt": math.sqrt(done)}[self.warmup_strategy]
        return 1.0 + (most - 1.0) * part
