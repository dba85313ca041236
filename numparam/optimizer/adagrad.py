"""AdaGrad."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["AdaGrad"]


@register
class AdaGrad(FusedOptimizer):
    """AdaGrad [1]_: steps divided by the root of the sum of squared gradients.

    With ``g = clip(rescale_grad * gradient)``::

        history += g**2
        weight -= lr * (g / sqrt(history + eps) + wd * weight)

    Parameters
    ----------
    eps : float, default 1e-7
        Added below the root, so that nothing is divided by 0.
    lazy_update : bool, default True
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. MXNet always leaves them, and refuses weight decay then.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is 0.01 by default.

    References
    ----------
    .. [1] J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and
       stochastic optimization", JMLR 12, 2011.
    """

    kernel = "adagrad"

    def __init__(self, eps: float = 1e-7, lazy_update: bool = True, **kwargs: Any) -> None:
        super().__init__(lazy_update, **kwargs)
        self.float_stable_eps = eps

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {"epsilon": self.float_stable_eps}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return zeros_like(weight)
