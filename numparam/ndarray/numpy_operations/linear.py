"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.numpy_operations.operands import array_beside, is_numpy_array
from numparam.ndarray.numpy_operations.promotion import PROMOTED, promoted, with_fractions
from numparam.ndarray.operations.binary import BinaryFunction
from numparam.ndarray.operations.operation import OPERATIONS, operation, vjp_of

__all__ = ["MATMUL"]

Array = np.ndarray


def _alike(a: Array, b: Array) -> tuple[Array, Array]:
    dtype = promoted(a.dtype, b.dtype)
    return a.astype(dtype, copy=False), b.astype(dtype, copy=False)


@operation("_np_dot", dtype="computed", agree=False, result=PROMOTED)
def _dot(a: Array, b: Array) -> Array:
    """Sum products over the last axis of one array and the last but one of the other."""
    return np.asarray(np.dot(*_alike(a, b)))


@vjp_of("_np_dot")
def _dot_vjp(cotangent: Array, *, a: Array, b: Array) -> tuple[Array, Array]:
    if not a.ndim or not b.ndim:
        return np.sum(cotangent * b).reshape(a.shape) if not a.ndim else cotangent * b, (
            np.sum(cotangent * a).reshape(b.shape) if not b.ndim else cotangent * a
        )
    return _tensordot_vjp(cotangent, a=a, b=b, axes=((a.ndim - 1,), (max(b.ndim - 2, 0),)))


@operation("_np_matmul", dtype="computed", agree=False, result=PROMOTED)
def _matmul(a: Array, b: Array) -> Array:
    """Multiply matrices; leading axes broadcast."""
    return np.asarray(np.matmul(*_alike(a, b)))


@vjp_of("_np_matmul")
def _matmul_vjp(cotangent: Array, *, a: Array, b: Array) -> tuple[Array, Array]:
    left = a if a.ndim > 1 else a[np.newaxis, :]
    right = b if b.ndim > 1 else b[:, np.newaxis]
    heads = cotangent
    if b.ndim == 1:
        heads = np.expand_dims(heads, -1)
    if a.ndim == 1:
        heads = np.expand_dims(heads, -2)
    first = np.matmul(heads, np.swapaxes(right, -1, -2))
    second = np.matmul(np.swapaxes(left, -1, -2), heads)
    # The axis that a vector was given is no axis of the input.
    return (
        first[..., 0, :] if a.ndim == 1 else first,
        second[..., 0] if b.ndim == 1 else second,
    )


#: What ``@`` computes.
MATMUL = BinaryFunction(
    "matmul", OPERATIONS["_np_matmul"], None, None, is_numpy_array, array_beside
)


@operation("_np_tensordot", dtype="computed", agree=False, result=PROMOTED)
def _tensordot(a: Array, b: Array, *, axes: Any = 2) -> Array:
    """Sum products over the given axes of both arrays."""
    return np.asarray(np.tensordot(*_alike(a, b), axes=axes))


@vjp_of("_np_tensordot")
def _tensordot_vjp(cotangent: Array, *, a: Array, b: Array, axes: Any) -> tuple[Array, Array]:
    if isinstance(axes, int):
        axes = range(a.ndim - axes, a.ndim), range(axes)
    pairs = [[one] if isinstance(one, int) else list(one) for one in axes]
    summed = [number % a.ndim for number in pairs[0]], [number % b.ndim for number in pairs[1]]
    kept = (
        [number for number in range(a.ndim) if number not in summed[0]],
        [number for number in range(b.ndim) if number not in summed[1]],
    )
    count = len(kept[0])
    first = np.tensordot(cotangent, b, (list(range(count, cotangent.ndim)), kept[1]))
    second = np.tensordot(a, cotangent, (kept[0], list(range(count))))
    # Axes in the order of the product: those of the other's sums follow that order.
    ordered = [one for _, one in sorted(zip(summed[1], summed[0], strict=True))]
    first = np.transpose(first, np.argsort(kept[0] + ordered))
    ordered = [one for _, one in sorted(zip(summed[0], summed[1], strict=True))]
    second = np.transpose(second, np.argsort(ordered + kept[1]))
    return first, second


@operation("_np_outer", dtype="computed", agree=False, result=PROMOTED)
def _outer(a: Array, b: Array) -> Array:
    """Multiply each element of one array with each of the other."""
    return np.outer(*_alike(a, b))


@vjp_of("_np_outer")
def _outer_vjp(cotangent: Array, *, a: Array, b: Array) -> tuple[Array, Array]:
    return (
        np.matmul(cotangent, b.reshape(-1)).reshape(a.shape),
        np.matmul(a.reshape(-1), cotangent).reshape(b.shape),
    )


@operation(
    "_np_linalg_norm",
    dtype="computed",
    result="Of the dtype of ``a``, or float32.",
)
def _norm(a: Array, *, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """Compute a norm of vectors or matrices."""
    result = with_fractions(a.dtype)
    values = a.astype(np.float64)
    if axis is None and ord is not None and a.ndim > 1:
        axis = (a.ndim - 2, a.ndim - 1)
    elif isinstance(axis, (tuple, list)):
        axis = int(axis[0]) if len(axis) == 1 else tuple(map(int, axis))
    if isinstance(axis, int) and ord == "fro":
        ord = None
    with np.errstate(all="ignore"):  # 0 to a negative power, and what is too large for float16
        return np.asarray(np.linalg.norm(values, ord, axis, keepdims)).astype(result)


@vjp_of("_np_linalg_norm")
def _norm_vjp(cotangent: Array, *, a: Array, output: Array, ord: Any, axis: Any) -> Array:
    if axis is None:
        axes = tuple(range(a.ndim)) if ord is None else tuple(range(a.ndim))[-2:]
    else:
        axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple(int(number) % a.ndim for number in axes)
    kept = tuple(1 if number in axes else length for number, length in enumerate(a.shape))
    cotangent, output = cotangent.reshape(kept), output.reshape(kept)
    if len(axes) != 2 or ord in (None, "fro"):
        return cotangent * _vector_norm_slope(a, output, axes, ord)
    if ord in (1, -1, np.inf, -np.inf):
        summed, compared = axes if ord in (1, -1) else axes[::-1]
        sums = np.sum(np.abs(a), axis=summed, keepdims=True)
        return cotangent * np.sign(a) * _first_equal(sums, output, compared)
    return cotangent * _spectral_norm_slope(a, axes, ord)


def _vector_norm_slope(a: Array, output: Array, axes: tuple[int, ...], ord: Any) -> Array:
    # Where all elements are 0 a norm has a corner; 0 is one of its slopes.
    divisor = np.where(output == 0, 1, output)
    if ord in (None, "fro", 2):
        return a / divisor
    if ord == 0:
        return np.zeros_like(a)
    if ord in (np.inf, -np.inf):
        return np.sign(a) * _first_equal(np.abs(a), output, axes[0])
    nonzero = np.where(a == 0, 1, np.abs(a))
    return np.sign(a) * np.power(nonzero / divisor, ord - 1)


def _first_equal(values: Array, extreme: Array, axis: int) -> Array:
    """Mark along an axis the first of the values that an extreme was found at."""
    first = np.argmin(np.abs(values - extreme), axis=axis, keepdims=True)
    numbers = np.arange(values.shape[axis]).reshape(
        [-1 if number == axis else 1 for number in range(values.ndim)]
    )
    return numbers == first


def _spectral_norm_slope(a: Array, axes: tuple[int, ...], ord: Any) -> Array:
    """Differentiate the largest or smallest singular value, or the sum of all (``'nuc'``)."""
    left, sizes, right = np.linalg.svd(np.moveaxis(a, axes, (-2, -1)), full_matrices=False)
    if ord == "nuc":
        slope = np.matmul(left * np.sign(sizes)[..., None, :], right)
    else:
        place = slice(0, 1) if ord == 2 else slice(-1, None)
        slope = np.matmul(left[..., :, place], right[..., place, :])
    return np.moveaxis(slope, (-2, -1), axes)
