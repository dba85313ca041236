"""An optimizer for tests."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from numparam.ndarray.ndarray import NDArray
from numparam.optimizer.fused import FusedOptimizer
from numparam.optimizer.optimizer import register

__all__ = ["Test"]


@register
class Test(FusedOptimizer):
    """Adds the gradient: ``weight += rescale_grad * gradient``.

    Parameters
    ----------
    lazy_update : bool, default False
        Makes no difference: rows without a gradient stay as they are.
    **kwargs : object
        The arguments of `Optimizer`, of which only `rescale_grad` is used.

    Notes
    -----
    MXNet's keeps a copy of the weight as its state; one that is loaded is not read.
    """

    kernel = "test"
    __test__ = False  # no test case, whatever its name says

    def __init__(self, lazy_update: bool = False, **kwargs: Any) -> None:
        super().__init__(lazy_update, **kwargs)

    def create_state(self, index: Hashable, weight: NDArray) -> Any:
        """Create the states of a weight; see `Optimizer.create_state`."""
        return None

    def split_state(self, state: Any, mixed: bool) -> tuple[list[NDArray], NDArray | None]:
        """Return the states of a weight and its float32 copy; see `FusedOptimizer.split_state`."""
        return [], super().split_state(state, mixed)[1]
