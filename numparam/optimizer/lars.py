"""Layer-wise adaptive rate scaling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer import many
from numparam.optimizer.fused import Hyper
from numparam.optimizer.optimizer import register
from numparam.optimizer.sgd import SGD

__all__ = ["LARS"]


@register
class LARS(SGD):
    """SGD whose learning rate is scaled for each parameter [1]_.

    The learning rate of a parameter is multiplied by::

        eta * norm(weight) / (norm(rescale_grad * gradient) + wd * norm(weight) + eps)

    unless one of the norms is 0, or its name ends in ``gamma``, ``beta`` or ``bias``.

    Parameters
    ----------
    momentum : float, default 0.0
        Factor of the momentum; 0 keeps none.
    lazy_update : bool, default True
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`.
    eta : float, default 0.001
        Factor of the learning rate.
    eps : float, default 0
        Added to the divisor.
    momentum_correction : bool, default True
        Whether the momentum is multiplied by the quotient of this step's learning rate and the
        last one's, since it includes the learning rate.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is 0.01 by default. With `param_idx2name`
        only parameters named ``*_weight`` decay.

    References
    ----------
    .. [1] Y. You, I. Gitman and B. Ginsburg, "Large batch training of convolutional networks",
       arXiv:1708.03888, 2017.
    """

    def __init__(
        self,
        momentum: float = 0.0,
        lazy_update: bool = True,
        eta: float = 0.001,
        eps: float = 0,
        momentum_correction: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(momentum, lazy_update, **kwargs)
        self.aggregate_num = 0  # norms are computed one by one
        self.eta = eta
        self.eps = eps
        self.momentum_correction = momentum_correction
        self.last_lr: float | None = None
        self.cur_lr: float | None = None
        self._rated = -1  # the update that `cur_lr` belongs to
        self._trust = 1.0

    def _decays(self, name: str) -> bool:
        return name.endswith("_weight")

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        momentum = max(self.momentum, 0.0)
        if self.momentum_correction and self.last_lr and self.cur_lr is not None:
            momentum *= self.cur_lr / self.last_lr
        return {"momentum": momentum}

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Make one step; see `FusedOptimizer.update`.

        Parameters
        ----------
        index, weight, grad, state
            As for `FusedOptimizer.update`.
        """
        self._step(index, weight, grad, state, mixed=False)

    def update_multi_precision(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Make one step; see `FusedOptimizer.update_multi_precision`.

        Parameters
        ----------
        index, weight, grad, state
            As for `FusedOptimizer.update`.
        """
        self._step(index, weight, grad, state, mixed=True)

    def _step(self, index: Any, weight: Any, grad: Any, state: Any, mixed: bool) -> None:
        if isinstance(index, (list, tuple)):
            for row in zip(index, weight, grad, state, strict=True):
                self._step(*row, mixed)
            return
        self._note_rate(index)
        self._trust = self._trust_of(index, weight, grad)
        try:
            many.step(self, index, weight, grad, state, mixed=mixed)
        finally:
            self._trust = 1.0

    def _note_rate(self, index: Any) -> None:
        """Store the learning rates of this step and of the last one."""
        count = self._index_update_count.get(index, self.begin_num_update) + 1
        coming = max(self.num_update, count)
        if coming != self._rated:
            rate = self._rate_at(coming)
            self.last_lr = rate if self.cur_lr is None else self.cur_lr
            self.cur_lr, self._rated = rate, coming

    def _multipliers(self, indices: Sequence[Any], kind: str) -> list[float]:
        found = super()._multipliers(indices, kind)
        return [one * self._trust for one in found] if kind == "lr_mult" else found

    def _trust_of(self, index: Any, weight: NDArray, grad: NDArray) -> float:
        name = getattr(self.param_dict.get(index), "name", None) or self.idx2name.get(index)
        if str(name).endswith(("gamma", "beta", "bias")):
            return 1.0
        size = _norm(weight)
        length = abs(self.rescale_grad) * _norm(grad)
        if not (size > 0 and length > 0):
            return 1.0
        return self.eta * size / (length + self._get_wd(index) * size + self.eps)


def _norm(array: NDArray) -> float:
    backend = array._backend
    squares = backend.norm.sum_of_squares([array._buffer])
    return math.sqrt(float(backend.download(squares).sum()))
