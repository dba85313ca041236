"""Normalization layers."""

from __future__ import annotations

import numpy as np

from numparam.ndarray.operations.axes import axis_of
from numparam.ndarray.operations.operation import operation, vjp_of

__all__: list[str] = []

Array = np.ndarray


def _floating(name: str, data: Array) -> None:
    if data.dtype.kind in "iub":
        raise ValueError(f"{name} takes floating-point numbers, not {data.dtype}")


def _moments(data: Array, axis: int) -> tuple[Array, Array]:
    """Return mean and variance along an axis in float64, with the axis kept."""
    values = data.astype(np.float64)
    mean = np.mean(values, axis=axis, keepdims=True)
    return mean, np.mean(np.square(values - mean), axis=axis, keepdims=True)


def _stretched(vector: Array, axis: int, ndim: int) -> Array:
    return vector.reshape(tuple(-1 if number == axis else 1 for number in range(ndim)))


@operation(
    "LayerNorm",
    outputs=0,
    result="Of the shape and dtype of ``data``; with ``output_mean_var`` also mean and deviation.",
)
def _layer_norm(
    data: Array,
    gamma: Array,
    beta: Array,
    *,
    axis: int = -1,
    eps: float = 1e-5,
    output_mean_var: bool = False,
) -> Array | tuple[Array, Array, Array]:
    """Normalize to mean 0 and variance 1 along an axis, then scale by ``gamma`` and add ``beta``.

    Ba, Kiros and Hinton, "Layer Normalization", 2016.
    """
    _floating("LayerNorm", data)
    axis = axis_of(axis, data.ndim)
    for name, vector in (("gamma", gamma), ("beta", beta)):
        if vector.shape != data.shape[axis : axis + 1]:
            raise ValueError(f"{name} must have shape {data.shape[axis : axis + 1]}, the axis's")
    mean, variance = _moments(data, axis)
    deviation = np.sqrt(variance + eps)
    scale, shift = (_stretched(vector, axis, data.ndim) for vector in (gamma, beta))
    result = (data - mean) / deviation * scale + shift
    return (result, mean, deviation) if output_mean_var else result


@vjp_of("LayerNorm")
def _layer_norm_vjp(
    cotangent: tuple[Array, ...] | Array, *, data: Array, gamma: Array, axis: int, eps: float
) -> tuple[Array, Array, Array]:
    # As in MXNet, no gradient flows through the mean and the deviation that may be results.
    heads = cotangent[0] if isinstance(cotangent, tuple) else cotangent
    axis = axis_of(axis, data.ndim)
    mean, variance = _moments(data, axis)
    deviation = np.sqrt(variance + eps)
    normal = (data - mean) / deviation
    scaled = heads * _stretched(gamma, axis, data.ndim)
    centred = scaled - np.mean(scaled, axis=axis, keepdims=True)
    slope = normal * np.mean(scaled * normal, axis=axis, keepdims=True)
    others = tuple(number for number in range(data.ndim) if number != axis)
    return (
        ((centred - slope) / deviation).astype(data.dtype),
        np.sum(heads * normal, axis=others).astype(data.dtype),
        np.sum(heads, axis=others),
    )
