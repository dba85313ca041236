"""Stochastic gradient Langevin dynamics."""

from __future__ import annotations

from typing import Any

from numparam.ndarray import random
from numparam.ndarray.ndarray import NDArray
from numparam.optimizer import many
from numparam.optimizer.fused import FusedOptimizer, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["SGLD"]


@register
class SGLD(FusedOptimizer):
    """Stochastic gradient Langevin dynamics [1]_: samples of the posterior distribution.

    With ``g = clip(rescale_grad * gradient)`` and numbers n of the standard normal distribution::

        weight += -lr / 2 * (g + wd * weight) + sqrt(lr) * n

    Parameters
    ----------
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is 0.01 by default.

    Notes
    -----
    The numbers come from numparam's generator: `numparam.random.seed` makes them repeatable.

    References
    ----------
    .. [1] M. Welling and Y. W. Teh, "Bayesian learning via stochastic gradient Langevin dynamics",
       ICML 2011.
    """

    kernel = "sgld"

    def __init__(self, lazy_update: bool = False, **kwargs: Any) -> None:
        super().__init__(lazy_update, **kwargs)
        self.aggregate_num = 0  # each weight gets numbers of its own first

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Make one step; see `FusedOptimizer.update`.

        Parameters
        ----------
        index, weight, grad
            As for `FusedOptimizer.update`.
        state : object
            What `create_state` returned: None.
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
        if mixed and self._is_mixed(weight):
            master, _ = state
            state = (master, _noise(master))
        else:
            state = _noise(weight)
        many.step(self, index, weight, grad, state, mixed=mixed)


def _noise(weight: NDArray) -> NDArray:
    noise = zeros_like(weight)
    random.normal(shape=noise.shape, dtype=noise.dtype, ctx=noise.context, out=noise)
    return noise
