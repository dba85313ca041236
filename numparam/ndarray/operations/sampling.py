"""Probabilities of random draws, which `numparam.ndarray.random` makes."""

from __future__ import annotations

import numpy as np

from numparam.ndarray.operations.operation import operation, vjp_of

__all__: list[str] = []

Array = np.ndarray


def _places(shape: tuple[int, ...], indices: Array) -> tuple[Array, ...]:
    """Return an index array for each axis of the data, for the categories that were drawn."""
    leading = np.indices(shape[:-1])
    behind = (1,) * (indices.ndim - len(shape) + 1)
    return (*(one.reshape(shape[:-1] + behind) for one in leading), indices.astype(np.int64))


@operation("_log_probability", agree=False)
def _log_probability(data: Array, indices: Array) -> Array:
    """Compute the log-probabilities of categories that were drawn along the last axis of data."""
    return np.log(data[_places(data.shape, indices)])


@vjp_of("_log_probability")
def _log_probability_vjp(cotangent: Array, *, data: Array, indices: Array) -> tuple[Array, None]:
    places = _places(data.shape, indices)
    result = np.zeros(data.shape, cotangent.dtype)
    np.add.at(result, places, cotangent / data[places])
    return result, None
