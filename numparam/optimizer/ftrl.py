"""Follow the regularized leader."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["Ftrl"]


@register
class Ftrl(FusedOptimizer):
    """FTRL-Proximal [1]_, which makes sparse weights.

    With ``g = clip(rescale_grad * gradient)``::

        z += g - (sqrt(n + g**2) - sqrt(n)) * weight / lr
        n += g**2
        weight = (sign(z) * lamda1 - z) / ((beta + sqrt(n)) / lr + wd) if abs(z) > lamda1 else 0

    Parameters
    ----------
    lamda1 : float, default 0.01
        Factor of the L1 norm.
    learning_rate : float, default 0.1
        Learning rate.
    beta : float, default 1
        Slows the first steps.
    lazy_update : bool, default True
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. Otherwise rows that never had a gradient become 0.
    **kwargs : object
        The other arguments of `Optimizer`.

    References
    ----------
    .. [1] H. B. McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013.
    """

    kernel = "ftrl"

    def __init__(
        self,
        lamda1: float = 0.01,
        learning_rate: float = 0.1,
        beta: float = 1,
        lazy_update: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(lazy_update, **kwargs)
        self.lr = learning_rate  # it does not replace that of a schedule, as in MXNet
        self.lamda1 = lamda1
        self.beta = beta

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {"lamda1": self.lamda1, "beta": self.beta}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return (zeros_like(weight), zeros_like(weight))
