"""Layer-wise adaptive moments for batch training."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["LAMB"]


@register
class LAMB(FusedOptimizer):
    """LAMB [1]_: Adam whose steps are as long as the weight, times the learning rate.

    With the number t of updates of the parameter, from 1, and
    ``g = clip(rescale_grad * gradient)``::

        mean = beta1 * mean + (1 - beta1) * g
        variance = beta2 * variance + (1 - beta2) * g**2
        update = mean / (1 - beta1**t) / (sqrt(variance / (1 - beta2**t)) + epsilon) + wd * weight
        weight -= lr * norm(weight) / norm(update) * update

    where the quotient of norms is 1 if one of them is 0.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Learning rate.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors of the moving averages.
    epsilon : float, default 1e-6
        Added to the root, so that nothing is divided by 0.
    lower_bound, upper_bound : float, optional
        Bounds of the weight's norm in the formula.
    bias_correction : bool, default True
        Whether the averages are divided as above.
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. MXNet makes a dense step. Otherwise a dense gradient is made of it: each
        step changes all rows by the norm of the whole weight.
    **kwargs : object
        The other arguments of `Optimizer`.

    References
    ----------
    .. [1] Y. You et al., "Large batch optimization for deep learning: training BERT in 76
       minutes", ICLR 2020.
    """

    kernel = "lamb"
    counts_steps = True

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-6,
        lower_bound: float | None = None,
        upper_bound: float | None = None,
        bias_correction: bool = True,
        lazy_update: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(lazy_update, learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound
        self.bias_correction = bias_correction

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {
            "beta1": self.beta1,
            "beta2": self.beta2,
            "epsilon": self.epsilon,
            "lower_bound": self.lower_bound,
            "upper_bound": self.upper_bound,
            "bias_correction": float(self.bias_correction),
        }

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        # The last one is where the kernel puts the update before it knows its norm.
        return (zeros_like(weight), zeros_like(weight), zeros_like(weight))

    def split_state(self, state: Any, mixed: bool) -> tuple[list[NDArray], NDArray | None]:
        """Return the states in the order of the kernel; see `FusedOptimizer`."""
        states, master = super().split_state(state, mixed)
        if len(states) == 2:  # MXNet's
            states.append(zeros_like(states[0]))
        return states, master
