"""Layer-wise adaptive rate scaling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import Hyper
from numparam.optimizer.many import Entry
from numparam.optimizer.optimizer import register
from numparam.optimizer.row_gradients import checked_rows
from numparam.optimizer.sgd import SGD

__all__ = ["LARS", "squares"]


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

    looks_at_whole_weights = True
    looks_at_gradients = True
    _rated = -1  # the update that `cur_lr` belongs to; pickles of MXNet do not have it

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
        self.eta = eta
        self.eps = eps
        self.momentum_correction = momentum_correction
        self.last_lr: float | None = None
        self.cur_lr: float | None = None

    def _decays(self, name: str) -> bool:
        return name.endswith("_weight")

    def hyper_parameters_at(self, rate: float, number: int) -> Hyper:
        """Return the constant hyper-parameters of a step; see `FusedOptimizer`."""
        momentum = max(self.momentum, 0.0)
        last, current, _ = self._rates_at(rate, number)
        if self.momentum_correction and last:
            momentum *= current / last
        return {"momentum": momentum}

    def noted_by_step(self, rate: float, number: int) -> Mapping[str, Any]:
        """Return the learning rates of this step and of the last one."""
        names = "last_lr", "cur_lr", "_rated"
        return dict(zip(names, self._rates_at(rate, number), strict=True))

    def _rates_at(self, rate: float, number: int) -> tuple[float | None, float, int]:
        """Return the learning rate before that of a step, that one, and the step's number."""
        if self.cur_lr is not None and number == self._rated:
            return self.last_lr, self.cur_lr, number
        return (rate if self.cur_lr is None else self.cur_lr), rate, number

    def rate_factors(self, entries: Sequence[Entry], counts: np.ndarray, wds: Any) -> np.ndarray:
        """Return the quotients of the norms; see `FusedOptimizer.rate_factors`."""
        weights = [entry.weight for entry in entries]
        sums = squares([*weights, *map(_stored, entries)])  # one call for all
        sizes, lengths = np.split(np.sqrt(sums), 2)
        lengths *= abs(self.rescale_grad)
        scaled = np.array([self._is_scaled(entry.index) for entry in entries])
        scaled &= (sizes > 0) & (lengths > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            quotients = self.eta * sizes / (lengths + wds * sizes + self.eps)
        return np.where(scaled, quotients, 1.0)

    def _is_scaled(self, index: Any) -> bool:
        name = getattr(self.param_dict.get(index), "name", None) or self.idx2name.get(index)
        return not str(name).endswith(("gamma", "beta", "bias"))


def _stored(entry: Entry) -> NDArray:
    """Return the gradient, or what a row-sparse one stores, each row once."""
    if not entry.is_sparse:
        return entry.grad
    rows = checked_rows(entry.grad, entry.name)
    return NDArray.from_buffer(rows.data, entry.grad.context, entry.grad._backend)


def squares(arrays: Iterable[NDArray]) -> np.ndarray:
    """Return the sum of squares of each array, in one call for each device.

    Parameters
    ----------
    arrays : iterable of NDArray
        Dense arrays, or row-sparse ones that store all rows.

    Returns
    -------
    numpy.ndarray
        float64.
    """
    every = list(arrays)
    sums = np.empty(len(every))
    groups: dict[int, list[int]] = {}
    for position, array in enumerate(every):
        groups.setdefault(id(array._backend), []).append(position)
    for positions in groups.values():
        backend = every[positions[0]]._backend
        made = backend.norm.sum_of_squares([every[position]._buffer for position in positions])
        sums[positions] = backend.download(made)
    return sums
