"""Descent by the sign of the gradient."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["Signum"]


@register
class Signum(FusedOptimizer):
    """Signum and SignSGD [1]_: steps of one size, by the sign of the momentum or the gradient.

    With ``g = clip(rescale_grad * gradient)``::

        m = momentum * m - (1 - momentum) * (g + wd * weight)
        weight = (1 - lr * wd_lh) * weight + lr * sign(m)

    and without momentum ``weight -= lr * (sign(g) + wd * weight)``.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Learning rate.
    momentum : float, default 0.9
        Factor of the momentum; 0 keeps none.
    wd_lh : float, default 0.0
        Decoupled weight decay; only with momentum, as in MXNet.
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. MXNet makes a dense step.
    **kwargs : object
        The other arguments of `Optimizer`.

    References
    ----------
    .. [1] J. Bernstein et al., "signSGD: Compressed optimisation for non-convex problems", ICML
       2018.
    """

    kernel = "signum"

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.9,
        wd_lh: float = 0.0,
        lazy_update: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(lazy_update, learning_rate=learning_rate, **kwargs)
        self.momentum = momentum
        self.wd_lh = wd_lh

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        # A negative momentum means none, as in MXNet.
        return {"momentum": max(self.momentum, 0.0), "wd_lh": self.wd_lh}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return None if self.momentum == 0.0 else zeros_like(weight)
