"""Stochastic gradient Langevin dynamics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numparam.ndarray import random
from numparam.ndarray.ndarray import NDArray
from numparam.optimizer import many
from numparam.optimizer.fused import FusedOptimizer
from numparam.optimizer.optimizer import register

__all__ = ["SGLD"]


@register
class SGLD(FusedOptimizer):
    """Stochastic gradient Langevin dynamics [1]_: samples of the posterior distribution.

    With ``g = clip(rescale_grad * gradient)`` and numbers n of the standard normal distribution::

        weight += -lr / 2 * (g + wd * weight) + sqrt(lr) * n

    Parameters
    ----------
    lazy_update : bool, default False
        Whether rows that a row-sparse gradient does not hold stay as they are; see
        `FusedOptimizer`.
    **kwargs : object
        The arguments of `Optimizer`; the learning rate is 0.01 by default.

    Notes
    -----
    The numbers come from numparam's generator: `numparam.random.seed` makes them repeatable.

    References
    ----------
    .. [1] M. Welling and Y. W. Teh, "Bayesian learning via stochastic gradient Langevin dynamics",
       ICML 2011.
    """

    kernel = "sgld"
    draws_states = True

    def __init__(self, lazy_update: bool = False, **kwargs: Any) -> None:
        super().__init__(lazy_update, **kwargs)

    def drawn_states(self, entries: Sequence[many.Entry]) -> Callable[[], None] | None:
        """Add arrays for the normal numbers; see `FusedOptimizer.drawn_states`."""
        groups: dict[tuple[Any, ...], list[many.Entry]] = {}
        for entry in entries:
            held = _held(entry)
            key = (id(held._backend), held.context, np.dtype(held.dtype))
            groups.setdefault(key, []).append(entry)
        arrays = [_shared_array(members) for members in groups.values()]

        def draw() -> None:
            for array in arrays:
                random.normal(shape=array.shape, dtype=array.dtype, ctx=array.context, out=array)

        return draw


def _held(entry: many.Entry) -> NDArray:
    """Return what is updated: the float32 copy, where there is one."""
    return entry.weight if entry.master is None else entry.master


def _shared_array(entries: Sequence[many.Entry]) -> NDArray:
    """Return one array for the numbers of all entries, which get their parts of it as states."""
    first = _held(entries[0])
    backend, context = first._backend, first.context
    sizes = [int(np.prod(entry.weight.shape)) for entry in entries]
    whole = backend.empty((sum(sizes),), np.dtype(first.dtype))
    start = 0
    for entry, size in zip(entries, sizes, strict=True):
        part = backend.view(whole, start, tuple(entry.weight.shape))
        entry.states.append(NDArray.from_buffer(part, context, backend))
        start += size
    return NDArray.from_buffer(whole, context, backend)
