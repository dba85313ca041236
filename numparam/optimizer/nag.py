"""Nesterov's accelerated gradient."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["NAG"]


@register
class NAG(FusedOptimizer):
    """Gradient descent with Nesterov's momentum.

    With ``g = clip(rescale_grad * gradient)``::

        weight += -momentum * m + (momentum + 1) * (momentum * m - lr * (g + wd * weight))
        m = momentum * m - lr * (g + wd * weight)

    The second line decays by the weight that the first line made, as MXNet does. Without momentum
    it is `SGD`.

    Parameters
    ----------
    momentum : float, default 0.0
        Factor of the momentum; 0 keeps none.
    lazy_update : bool, optional
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. If not given, they do without momentum, as in MXNet, whose step with
        momentum is dense.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is 0.01 by default.
    """

    kernel = "nag"
    copy_is_last = True

    def __init__(
        self, momentum: float = 0.0, lazy_update: bool | None = None, **kwargs: Any
    ) -> None:
        super().__init__(momentum == 0.0 if lazy_update is None else lazy_update, **kwargs)
        self.momentum = momentum

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        # A negative momentum means none, as in MXNet.
        return {"momentum": max(self.momentum, 0.0)}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return None if self.momentum == 0.0 else zeros_like(weight)
