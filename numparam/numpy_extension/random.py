"""``numparam.npx.random``: the seed of the process's random numbers, and more draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam._missing import missing, show_public_names
from numparam.context import Context
from numparam.ndarray.arguments import shape_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.numpy_array import ndarray
from numparam.numpy.distributions import Size
from numparam.numpy.drawing import bernoulli
from numparam.numpy.random import normal, uniform
from numparam.random import seed
from numparam.types.dtypes import DTypeLike

__all__ = ["bernoulli", "normal_n", "seed", "uniform_n"]


def uniform_n(
    low: float | NDArray = 0.0,
    high: float | NDArray = 1.0,
    batch_shape: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
) -> ndarray:
    """Draw a batch of numbers uniformly from [low, high) for each pair of bounds.

    Parameters
    ----------
    low, high : float or ndarray
        The bounds; arrays are broadcast against each other.
    batch_shape : int or sequence of int, optional
        The shape of the batch.
    dtype, ctx
        As for `numparam.np.random.uniform`.

    Returns
    -------
    ndarray
        In the shape of the batch, followed by that of the bounds.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.npx.random.uniform_n(mx.np.zeros(2), 1, batch_shape=3).shape
    (3, 2)
    """
    return uniform(low, high, _batch(batch_shape, low, high), dtype, ctx)


def normal_n(
    loc: float | NDArray = 0.0,
    scale: float | NDArray = 1.0,
    batch_shape: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
) -> ndarray:
    """Draw a batch of normal numbers for each mean and standard deviation.

    Parameters
    ----------
    loc, scale : float or ndarray
        Means and standard deviations; arrays are broadcast against each other.
    batch_shape, dtype, ctx
        As for `uniform_n`.

    Returns
    -------
    ndarray
        In the shape of the batch, followed by that of the parameters.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.npx.random.normal_n(0, mx.np.ones(2), batch_shape=(3, 4)).shape
    (3, 4, 2)
    """
    return normal(loc, scale, _batch(batch_shape, loc, scale), dtype, ctx)


def _batch(batch_shape: Size, *parameters: Any) -> tuple[int, ...]:
    batch = () if batch_shape is None else shape_of(batch_shape, any_mode=True)
    return (*batch, *np.broadcast_shapes(*(np.shape(one) for one in parameters)))


def __getattr__(name: str) -> Any:
    raise missing("mx.npx.random", name, __all__, "mx.np.random has the distributions")


show_public_names(__name__)
