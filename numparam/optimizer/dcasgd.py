"""Delay-compensated asynchronous gradient descent."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["DCASGD"]


@register
class DCASGD(FusedOptimizer):
    """Delay-compensated asynchronous gradient descent [1]_.

    With ``g = clip(rescale_grad * gradient)`` and the weight before the last step::

        change = -lr * (g + wd * weight + lamda * g**2 * (weight - previous))
        m = momentum * m + change
        previous = weight
        weight += m

    Parameters
    ----------
    momentum : float, default 0.0
        Factor of the momentum; 0 keeps none. In MXNet only 0 works.
    lamda : float, default 0.04
        Factor of the compensation.
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. MXNet makes a dense step.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is 0.01 by default.

    References
    ----------
    .. [1] S. Zheng et al., "Asynchronous stochastic gradient descent with delay compensation",
       ICML 2017.
    """

    kernel = "dcasgd"

    def __init__(
        self, momentum: float = 0.0, lamda: float = 0.04, lazy_update: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(lazy_update, **kwargs)
        self.momentum = momentum
        self.lamda = lamda

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {"momentum": self.momentum, "lamda": self.lamda}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        previous = weight.tostype("default") if weight.stype != "default" else weight.copy()
        return (None if self.momentum == 0.0 else zeros_like(weight), previous)

    def split_state(self, state: Any, mixed: bool) -> tuple[list[NDArray], NDArray | None]:
        """Return the states in the order of the kernel; see `FusedOptimizer`."""
        states, master = super().split_state(state, mixed)
        return states[::-1], master  # the previous weight first
