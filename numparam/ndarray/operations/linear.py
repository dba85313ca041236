"""Products of matrices."""

from __future__ import annotations

import math

import numpy as np

from numparam.ndarray.operations.operation import operation

__all__: list[str] = []

Array = np.ndarray


def _product(left: Array, right: Array) -> Array:
    """``left @ right`` computed at least in float32."""
    if left.dtype.itemsize == 2 and left.dtype.kind not in "iu":
        left, right = left.astype(np.float32), right.astype(np.float32)
    return np.matmul(left, right)


@operation(
    "dot",
    source="As in MXNet 1.9.1, which multiplies no float16 on the CPU; here sums are in float32.",
)
def _dot(
    lhs: Array,
    rhs: Array,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: str | None = None,
) -> Array:
    """Sum products over the last axis of one array and the first axis of the other."""
    if lhs.ndim == 1 and rhs.ndim == 1:
        return _product(lhs.reshape(1, -1), rhs.reshape(-1, 1)).reshape(1)
    if transpose_a:  # the first axis goes last, the others keep their order
        lhs = np.moveaxis(lhs, 0, -1)
    if transpose_b:
        rhs = np.moveaxis(rhs, -1, 0)
    inner = lhs.shape[-1]
    if inner != rhs.shape[0]:
        raise ValueError(f"the inner lengths are {inner} and {rhs.shape[0]}")
    result = _product(lhs.reshape(-1, inner), rhs.reshape(inner, -1))
    return result.reshape(lhs.shape[:-1] + rhs.shape[1:])


@operation("batch_dot")
def _batch_dot(
    lhs: Array,
    rhs: Array,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: str | None = None,
) -> Array:
    """Multiply the matrices of two batches, pair by pair."""
    if lhs.ndim < 3 or lhs.ndim != rhs.ndim or lhs.shape[:-2] != rhs.shape[:-2]:
        raise ValueError("both arrays must have at least 3 dimensions, all but 2 of them equal")
    if transpose_a:
        lhs = lhs.swapaxes(-1, -2)
    if transpose_b:
        rhs = rhs.swapaxes(-1, -2)
    return _product(lhs, rhs)


@operation("FullyConnected")
def _fully_connected(
    data: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    num_hidden: int,
    no_bias: bool = False,
    flatten: bool = True,
) -> Array:
    """Multiply data with a transposed weight, and add a bias."""
    if flatten:
        data = data.reshape(data.shape[0], math.prod(data.shape[1:]))
    expected = (num_hidden, data.shape[-1])
    if weight.shape != expected:
        raise ValueError(f"weight must have shape {expected}, not {weight.shape}")
    result = _product(data, weight.T)
    if no_bias:
        return result
    if bias is None:
        raise ValueError("bias is missing; pass it, or no_bias=True")
    if bias.shape not in ((num_hidden,), (num_hidden, 1)):  # sparse ones have two dimensions
        raise ValueError(f"bias must have shape {(num_hidden,)}, not {bias.shape}")
    return result + bias.reshape(num_hidden)
