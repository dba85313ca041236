"""AdaDelta."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["AdaDelta"]


@register
class AdaDelta(FusedOptimizer):
    """AdaDelta [1]_, which has no learning rate.

    With ``g = clip(rescale_grad * gradient)``::

        squares = rho * squares + (1 - rho) * g**2
        delta = sqrt(changes + epsilon) / sqrt(squares + epsilon) * g
        changes = rho * changes + (1 - rho) * delta**2
        weight -= delta + wd * weight

    Parameters
    ----------
    rho : float, default 0.9
        Factor of the moving averages.
    epsilon : float, default 1e-5
        Added below the roots; sets the size of the first steps.
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`. MXNet makes a dense step.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is not used.

    Notes
    -----
    MXNet rescales the caller's gradient in place; here it stays as it is.

    References
    ----------
    .. [1] M. D. Zeiler, "ADADELTA: An adaptive learning rate method", arXiv:1212.5701, 2012.
    """

    kernel = "adadelta"

    def __init__(
        self, rho: float = 0.9, epsilon: float = 1e-5, lazy_update: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(lazy_update, **kwargs)
        self.rho = rho
        self.epsilon = epsilon

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {"rho": self.rho, "epsilon": self.epsilon}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return (zeros_like(weight), zeros_like(weight))
