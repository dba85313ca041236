"""RMSProp, plain and centered."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["RMSProp"]


@register
class RMSProp(FusedOptimizer):
    """RMSProp: steps divided by the root of a moving average of squares [1]_.

    With ``g = clip(rescale_grad * gradient + wd * weight)``::

        n = gamma1 * n + (1 - gamma1) * g**2
        weight -= lr * g / sqrt(n + epsilon)

    and if it is centered [2]_::

        mean = gamma1 * mean + (1 - gamma1) * g
        delta = gamma2 * delta - lr * g / sqrt(n - mean**2 + epsilon)
        weight += delta

    Parameters
    ----------
    learning_rate : float, default 0.001
        Learning rate.
    gamma1 : float, default 0.9
        Factor of the moving averages.
    gamma2 : float, default 0.9
        Factor of the momentum, if centered.
    epsilon : float, default 1e-8
        Added below the root, so that nothing is divided by 0.
    centered : bool, default False
        Whether the variance takes the place of the mean of squares.
    clip_weights : float, optional
        Bound of the weights, on both sides.
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. MXNet makes a dense step.
    **kwargs : object
        The other arguments of `Optimizer`.

    References
    ----------
    .. [1] T. Tieleman and G. Hinton, "Lecture 6.5: RMSProp", COURSERA: Neural Networks for Machine
       Learning, 2012.
    .. [2] A. Graves, "Generating sequences with recurrent neural networks", arXiv:1308.0850, 2013.
    """

    kernel = "rmsprop"

    def __init__(
        self,
        learning_rate: float = 0.001,
        gamma1: float = 0.9,
        gamma2: float = 0.9,
        epsilon: float = 1e-8,
        centered: bool = False,
        clip_weights: float | None = None,
        lazy_update: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(lazy_update, learning_rate=learning_rate, **kwargs)
        self.gamma1 = gamma1
        self.gamma2 = gamma2
        self.centered = centered
        self.epsilon = epsilon
        self.clip_weights = clip_weights

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        hyper = {"gamma1": self.gamma1, "epsilon": self.epsilon, "clip_weights": self.clip_weights}
        return hyper | {"gamma2": self.gamma2} if self.centered else hyper

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return tuple(zeros_like(weight) for _ in range(3 if self.centered else 1))
