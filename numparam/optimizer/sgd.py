"""Stochastic gradient descent, with and without momentum."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper, zeros_like
from numparam.optimizer.optimizer import register

__all__ = ["SGD", "ccSGD"]


@register
class SGD(FusedOptimizer):
    """Stochastic gradient descent with momentum and weight decay.

    With ``g = clip(rescale_grad * gradient) + wd * weight``::

        m = momentum * m - lr * g
        weight += m

    The momentum m is 0 at first, and includes the learning rate, as in MXNet.

    Parameters
    ----------
    momentum : float, default 0.0
        Factor of the momentum; 0 keeps none.
    lazy_update : bool, default True
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is 0.01 by default.

    Examples
    --------
    >>> import numparam as mx
    >>> sgd = mx.optimizer.SGD(learning_rate=0.5, momentum=0.9)
    >>> weight, grad = mx.nd.ones(1), mx.nd.ones(1)
    >>> momentum = sgd.create_state(0, weight)
    >>> for _ in range(2):
    ...     sgd.update(0, weight, grad, momentum)
    >>> weight.asnumpy(), momentum.asnumpy()
    (array([-0.45], dtype=float32), array([-0.95], dtype=float32))
    """

    kernel = "sgd"
    copy_is_last = True

    def __init__(self, momentum: float = 0.0, lazy_update: bool = True, **kwargs: Any) -> None:
        super().__init__(lazy_update, **kwargs)
        self.momentum = momentum

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        # A negative momentum means none, as in MXNet.
        return {"momentum": max(self.momentum, 0.0)}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return None if self.momentum == 0.0 else zeros_like(weight)


@register
class ccSGD(SGD):
    """The same as `SGD`: an old name of it."""
