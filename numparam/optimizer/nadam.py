"""Adam with Nesterov's momentum."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["Nadam"]


@register
class Nadam(FusedOptimizer):
    """Adam with Nesterov's momentum [1]_.

    With the number t of updates of the parameter, from 1,
    ``g = clip(rescale_grad * gradient + wd * weight)``,
    ``mu(t) = beta1 * (1 - 0.5 * 0.96**(t * schedule_decay))`` and the product P(t) of mu(1) to
    mu(t)::

        mean = beta1 * mean + (1 - beta1) * g
        variance = beta2 * variance + (1 - beta2) * g**2
        ahead = (1 - mu(t)) * g / (1 - P(t)) + mu(t + 1) * mean / (1 - P(t + 1))
        weight -= lr * ahead / (sqrt(variance / (1 - beta2**t)) + epsilon)

    Parameters
    ----------
    learning_rate : float, default 0.001
        Learning rate.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors of the moving averages.
    epsilon : float, default 1e-8
        Added to the root, so that nothing is divided by 0.
    schedule_decay : float, default 0.004
        How fast the momentum grows.
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. MXNet makes a dense step.
    **kwargs : object
        The other arguments of `Optimizer`.

    Notes
    -----
    In MXNet the product is one number for all parameters, and grows by a factor for each of them
    in each step. With one parameter the results are the same.

    References
    ----------
    .. [1] T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop, 2016.
    """

    kernel = "nadam"
    counts_steps = True

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        schedule_decay: float = 0.004,
        lazy_update: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(lazy_update, learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.schedule_decay = schedule_decay

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {
            "beta1": self.beta1,
            "beta2": self.beta2,
            "epsilon": self.epsilon,
            "schedule_decay": self.schedule_decay,
        }

    def step_parameters(self, counts: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return what depends on the number of updates; see `FusedOptimizer`."""
        products = _products(self.beta1, self.schedule_decay)
        before = np.minimum(counts - 1, len(products) - 1)
        return {"t": counts.astype(np.float64), "schedule": products[before]}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return (zeros_like(weight), zeros_like(weight))


#: A product of so many momenta below 1 is 0 in float64, or changes nothing any more.
_LONGEST = 1 << 16


@functools.lru_cache(maxsize=16)
def _products(beta1: float, schedule_decay: float) -> np.ndarray:
    """Return P(0), P(1), ... until it is 0: it does not change after that."""
    product, products = 1.0, [1.0]
    while product and len(products) < _LONGEST:
        product *= beta1 * (1.0 - 0.5 * 0.96 ** (len(products) * schedule_decay))
        products.append(product)
    return np.array(products)
