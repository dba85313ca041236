"""AdaGrad with one learning rate for each row."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer, Hyper
from numparam.optimizer.optimizer import register

__all__ = ["GroupAdaGrad"]


@register
class GroupAdaGrad(FusedOptimizer):
    """AdaGrad [1]_ with one number of state for each row, which suits embeddings.

    With ``g = clip(rescale_grad * gradient)``::

        history[row] += mean(g[row] ** 2)
        weight[row] -= lr * (g[row] / sqrt(history[row] + eps) + wd * weight[row])

    Parameters
    ----------
    eps : float, default 1e-5
        Added below the root, so that nothing is divided by 0.
    lazy_update : bool, default True
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is 0.01 by default.

    Notes
    -----
    MXNet has it in ``optimizer.contrib``, for matrices, and refuses weight decay.

    References
    ----------
    .. [1] J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and
       stochastic optimization", JMLR 12, 2011.
    """

    kernel = "groupadagrad"

    def __init__(self, eps: float = 1e-5, lazy_update: bool = True, **kwargs: Any) -> None:
        super().__init__(lazy_update, **kwargs)
        self.float_stable_eps = eps

    def hyper_parameters(self) -> Hyper:
        """Return the constant hyper-parameters; see `FusedOptimizer`."""
        return {"epsilon": self.float_stable_eps}

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the state of a weight, of shape (rows, 1); see `Optimizer.create_state`."""
        backend, rows = weight._backend, weight.shape[0]
        buffer = backend.zeros((rows, 1), np.dtype(weight.dtype))
        return NDArray.from_buffer(buffer, weight.context, backend)
