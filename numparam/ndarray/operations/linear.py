"""Matrix products."""

from __future__ import annotations

import math

import numpy as np

from numparam.ndarray.operations.axes import axis_of
from numparam.ndarray.operations.operation import operation, vjp_of

__all__: list[str] = []

Array = np.ndarray


def _product(left: Array, right: Array) -> Array:
    """Compute ``left @ right`` in float32 or a wider dtype."""
    if left.dtype.itemsize == 2 and left.dtype.kind not in "iu":
        left, right = left.astype(np.float32), right.astype(np.float32)
    return np.matmul(left, right)


@operation(
    "dot",
    stored_as="forward_stype",
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
    if lhs.ndim == 2 and rhs.ndim == 2:
        left, right = lhs.T if transpose_a else lhs, rhs.T if transpose_b else rhs
        if left.shape[1] != right.shape[0]:
            raise ValueError(f"the inner lengths are {left.shape[1]} and {right.shape[0]}")
        return _product(left, right)
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
    if lhs.ndim == 2 and rhs.ndim == 2:
        left, right = lhs.T if transpose_a else lhs, rhs.T if transpose_b else rhs
        of_left = _product(cotangent, right.T) if needed[0] else None
        of_right = _product(left.T, cotangent) if needed[1] else None
        if transpose_a and of_left is not None:
            of_left = of_left.T
        if transpose_b and of_right is not None:
            of_right = of_right.T
        return of_left, of_right
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


@vjp_of("batch_dot")
def _batch_dot_vjp(
    cotangent: Array,
    *,
    lhs: Array,
    rhs: Array,
    transpose_a: bool,
    transpose_b: bool,
    needed: tuple[bool, ...],
) -> tuple[Array | None, Array | None]:
    turned = np.swapaxes(cotangent, -1, -2)
    first = second = None
    if needed[0]:
        other = rhs if transpose_b else np.swapaxes(rhs, -1, -2)
        if transpose_a:
            first = _product(np.swapaxes(other, -1, -2), turned)
        else:
            first = _product(cotangent, other)
    if needed[1]:
        other = lhs if transpose_a else np.swapaxes(lhs, -1, -2)
        if transpose_b:
            second = _product(turned, np.swapaxes(other, -1, -2))
        else:
            second = _product(other, cotangent)
    return first, second


def _check_floating(name: str, *arrays: Array) -> None:
    for array in arrays:
        if array.dtype not in (np.float32, np.float64):
            raise ValueError(f"{name} takes float32 and float64, not {array.dtype}")


def _matrices(data: Array, axis: int, transposed: bool) -> Array:
    """Move the axis of the rows to the second last place, and transpose the matrices if asked."""
    if data.ndim < 2:
        raise ValueError(f"a matrix has at least 2 dimensions, not {data.ndim}")
    axis = axis_of(axis, data.ndim)
    if axis == data.ndim - 1:
        raise ValueError("axis must not be the last one, which is that of the columns")
    matrices = np.moveaxis(data, axis, -2)
    return np.swapaxes(matrices, -1, -2) if transposed else matrices


@operation(
    "linalg.gemm2",
    "linalg_gemm2",
    source="As in MXNet 1.9.1, whose arrays must be float32 or float64, too.",
)
def _gemm2(
    A: Array,
    B: Array,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    axis: int = -2,
) -> Array:
    """Multiply the matrices in the last two axes of two arrays, and scale by ``alpha``."""
    _check_floating("linalg.gemm2", A, B)
    left, right = _matrices(A, axis, transpose_a), _matrices(B, axis, transpose_b)
    if left.shape[:-2] != right.shape[:-2] or left.shape[-1] != right.shape[-2]:
        raise ValueError(
            "the shapes must agree in all axes but those of the matrices, and the inner lengths; "
            f"they are {left.shape[-1]} and {right.shape[-2]}"
        )
    return np.moveaxis(alpha * np.matmul(left, right), -2, axis_of(axis, A.ndim))


@vjp_of("linalg.gemm2")
def _gemm2_vjp(
    cotangent: Array,
    *,
    A: Array,
    B: Array,
    transpose_a: bool,
    transpose_b: bool,
    alpha: float,
    axis: int,
) -> tuple[Array, Array]:
    left, right = _matrices(A, axis, False), _matrices(B, axis, False)
    scaled = alpha * np.moveaxis(cotangent, int(axis), -2)
    products = _batch_dot_vjp(
        scaled,
        lhs=left,
        rhs=right,
        transpose_a=transpose_a,
        transpose_b=transpose_b,
        needed=(True, True),
    )
    first, second = (np.moveaxis(product, -2, int(axis)) for product in products)
    return first, second


@operation(
    "linalg.gemm",
    "linalg_gemm",
    source="As in MXNet 1.9.1, whose arrays must be float32 or float64, too.",
)
def _gemm(
    A: Array,
    B: Array,
    C: Array,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    beta: float = 1.0,
    axis: int = -2,
) -> Array:
    """Compute ``alpha * A @ B + beta * C`` of the matrices in the last two axes of three arrays."""
    product = _gemm2(A, B, transpose_a=transpose_a, transpose_b=transpose_b, alpha=alpha, axis=axis)
    if C.shape != product.shape:
        raise ValueError(f"C must have the shape of the product, {product.shape}, not {C.shape}")
    return product + beta * C


@vjp_of("linalg.gemm")
def _gemm_vjp(
    cotangent: Array,
    *,
    A: Array,
    B: Array,
    transpose_a: bool,
    transpose_b: bool,
    alpha: float,
    beta: float,
    axis: int,
) -> tuple[Array, Array, Array]:
    factors = _gemm2_vjp(
        cotangent,
        A=A,
        B=B,
        transpose_a=transpose_a,
        transpose_b=transpose_b,
        alpha=alpha,
        axis=axis,
    )
    return (*factors, beta * cotangent)


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
    """Multiply data by a transposed weight, and add a bias."""
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


@vjp_of("FullyConnected")
def _fully_connected_vjp(
    cotangent: Array,
    *,
    data: Array,
    weight: Array,
    bias_shape: tuple[int, ...] = (),
    num_hidden: int,
    no_bias: bool,
    needed: tuple[bool, ...],
) -> tuple[Array | None, ...]:
    rows = math.prod(cotangent.shape[:-1])
    heads = cotangent.reshape(rows, num_hidden)
    width = weight.shape[1]
    first = _product(heads, weight).reshape(data.shape) if needed[0] else None
    second = _product(np.transpose(heads), data.reshape(rows, width)) if needed[1] else None
    if len(needed) == 2:
        return first, second
    return first, second, None if no_bias else heads.sum(axis=0).reshape(bias_shape)
