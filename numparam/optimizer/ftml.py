"""Follow the moving leader."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["FTML"]


@register
class FTML(FusedOptimizer):
    """Follow the moving leader [1]_.

    With the number t of updates of the parameter, from 1, and
    ``g = clip(rescale_grad * gradient + wd * weight)``::

        v = beta2 * v + (1 - beta2) * g**2
        size = (1 - beta1**t) / lr * (sqrt(v / (1 - beta2**t)) + epsilon)
        z = beta1 * z + (1 - beta1) * g - (size - beta1 * d) * weight
        d = size
        weight = -z / d

    Parameters
    ----------
    beta1, beta2 : float, default 0.6 and 0.999
        Factors of the moving averages.
    epsilon : float, default 1e-8
        Added to the root, so that nothing is divided by 0.
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. MXNet makes a dense step.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is 0.01 by default.

    References
    ----------
    .. [1] S. Zheng and J. T. Kwok, "Follow the moving leader in deep learning", ICML 2017.
    """

    kernel = "ftml"
    counts_steps = True

    def __init__(
        self,
        beta1: float = 0.6,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        lazy_update: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(lazy_update, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return (zeros_like(weight), zeros_like(weight), zeros_like(weight))  # d, v, z
