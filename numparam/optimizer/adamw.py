"""Adam with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["AdamW"]


@register
class AdamW(FusedOptimizer):
    """Adam with decoupled weight decay [1]_, equal to PyTorch's ``AdamW``.

    With the number t of updates of the parameter, from 1, and
    ``g = clip(rescale_grad * gradient)``::

        mean = beta1 * mean + (1 - beta1) * g
        variance = beta2 * variance + (1 - beta2) * g**2
        size = sqrt(variance / (1 - beta2**t)) + epsilon
        weight -= lr * wd * weight
        weight -= lr / (1 - beta1**t) * mean / size

    MXNet 1.9.1 has no optimizer of this name.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Learning rate.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors of the moving averages.
    epsilon : float, default 1e-8
        Added to the root, so that nothing is divided by 0.
    lazy_update : bool, default True
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`.
    **kwargs : object
        The other arguments of `Optimizer`.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    kernel = "adamw"
    counts_steps = True

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        lazy_update: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(lazy_update, learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return (zeros_like(weight), zeros_like(weight))
