"""AdaMax."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["Adamax"]


@register
class Adamax(FusedOptimizer):
    """AdaMax [1]_: Adam by the largest gradient instead of the mean of squares.

    With the number t of updates of the parameter, from 1, and
    ``g = clip(rescale_grad * gradient + wd * weight)``::

        mean = beta1 * mean + (1 - beta1) * g
        largest = max(beta2 * largest, abs(g))
        weight -= lr / (1 - beta1**t) * mean / largest

    Parameters
    ----------
    learning_rate : float, default 0.002
        Learning rate.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors of the moving average and of the maximum.
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. MXNet makes a dense step.
    **kwargs : object
        The other arguments of `Optimizer`.

    Notes
    -----
    A weight whose gradients all were 0 stays as it is; in MXNet it becomes NaN.

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: A method for stochastic optimization", ICLR 2015,
       section 7.1.
    """

    kernel = "adamax"
    counts_steps = True

    def __init__(
        self,
        learning_rate: float = 0.002,
        beta1: float = 0.9,
        beta2: float = 0.999,
        lazy_update: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(lazy_update, learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {"beta1": self.beta1, "beta2": self.beta2}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return (zeros_like(weight), zeros_like(weight))
