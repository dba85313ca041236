"""Products of matrices."""

from __future__ import annotations

import math

import numpy as np

from numparam.ndarray.operations.operation import operation, vjp_of

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
    # No -1 for a length: in an array without elements it is not known.
    rows, columns = math.prod(lhs.shape[:-1]), math.prod(rhs.shape[1:])
    result = _product(lhs.reshape(rows, inner), rhs.reshape(inner, columns))
    return result.reshape(lhs.shape[:-1] + rhs.shape[1:])


@vjp_of("dot")
def _dot_vjp(
    cotangent: Array,
    *,
    lhs: Array,
    rhs: Array,
    needed: tuple[bool, bool],
    transpose_a: bool,
    transpose_b: bool,
) -> tuple[Array | None, Array | None]:
    if lhs.ndim == 1 and rhs.ndim == 1:
        return cotangent * rhs, cotangent * lhs
    left = np.moveaxis(lhs, 0, -1) if transpose_a else lhs
    right = np.moveaxis(rhs, -1, 0) if transpose_b else rhs
    inner = left.shape[-1]
    rows, columns = math.prod(left.shape[:-1]), math.prod(right.shape[1:])
    flat = cotangent.reshape(rows, columns)
    of_left = of_right = None
    if needed[0]:
        of_left = _product(flat, right.reshape(inner, columns).T).reshape(left.shape)
        if transpose_a:
            of_left = np.moveaxis(of_left, -1, 0)
    if needed[1]:
        of_right = _product(left.reshape(rows, inner).T, flat).reshape(right.shape)
        if transpose_b:
            of_right = np.moveaxis(of_right, 0, -1)
    return of_left, of_right


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
