"""Operations on many arrays in one call, by the compiled kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.operations.invoke import OperationError
from numparam.ndarray.operations.operation import REQUIRED, Operation, operation, register

__all__: list[str] = []

Array = np.ndarray


def _count(name: str, arrays: Any, num_arrays: int) -> None:
    if len(arrays) != num_arrays:
        raise OperationError(f"{name} got {len(arrays)} arrays and num_arrays={num_arrays}")


def _add_n_kernel(backend: Backend, buffers: list[Buffer], attributes: dict[str, Any]) -> Buffer:
    shape = buffers[0].shape
    for position, buffer in enumerate(buffers):
        if buffer.shape != shape:
            raise OperationError(
                f"add_n needs arrays of one shape; the first has {tuple(shape)}, number "
                f"{position} has {tuple(buffer.shape)}"
            )
    return backend.average.add_n(buffers)


def _add_n(*args: Array) -> Array:
    return np.sum(args, axis=0)


def _add_n_vjp(cotangent: Array, *, args_shape: list[tuple[int, ...]]) -> list[Array]:
    return [cotangent] * len(args_shape)


register(
    Operation(
        "add_n",
        _add_n,
        ("ElementWiseSum", "_sum"),
        ("*args",),
        kernel=_add_n_kernel,
        vjp=_add_n_vjp,
        summary="Add arrays of one shape, element by element, rounding once at the end.",
        result="Of the shape and dtype of the arrays.",
        source="As in MXNet 1.9.1, which clears a sparse ``out`` before it reads it as a source.",
    )
)


def _multi_sum_sq(*data: Array, num_arrays: int) -> Array:
    _count("multi_sum_sq", data, num_arrays)
    return np.array([np.square(array.astype(np.float64)).sum() for array in data], np.float32)


def _multi_sum_sq_kernel(
    backend: Backend, buffers: list[Buffer], attributes: dict[str, Any]
) -> Buffer:
    _count("multi_sum_sq", buffers, attributes["num_arrays"])
    totals = backend.norm.sum_of_squares(buffers)
    return backend.apply(lambda sums: sums.astype(np.float32), totals)


def _multi_sum_sq_vjp(cotangent: Array, *, data: list[Array]) -> list[Array]:
    return [2 * slope * array for slope, array in zip(cotangent, data, strict=True)]


register(
    Operation(
        "multi_sum_sq",
        _multi_sum_sq,
        (),
        ("*data",),
        attributes={"num_arrays": REQUIRED},
        dtype="computed",
        kernel=_multi_sum_sq_kernel,
        vjp=_multi_sum_sq_vjp,
        summary="Sum the squares of the elements of each array.",
        result="One float32 number for each array.",
    )
)


def _reset_arrays(*data: Array, num_arrays: int) -> tuple[()]:
    _count("reset_arrays", data, num_arrays)
    for array in data:
        array[...] = 0
    return ()


def _reset_arrays_kernel(
    backend: Backend, buffers: list[Buffer], attributes: dict[str, Any]
) -> tuple[()]:
    _count("reset_arrays", buffers, attributes["num_arrays"])
    backend.reset.zero(buffers)
    return ()


register(
    Operation(
        "reset_arrays",
        _reset_arrays,
        (),
        ("*data",),
        attributes={"num_arrays": REQUIRED},
        agree=False,
        writes=True,
        outputs=0,
        kernel=_reset_arrays_kernel,
        differentiable=False,
        summary="Fill arrays with zeros, in place.",
        result="Nothing: an empty list.",
        source="As in MXNet 1.9.1, which resets floating-point arrays alone; here every dtype is.",
    )
)


@operation(
    "multi_all_finite",
    dtype="computed",
    agree=False,
    differentiable=False,
    result="One float32 number.",
)
def _multi_all_finite(*data: Array, num_arrays: int = 1, init_output: bool = True) -> Array:
    """Return 1 if all elements of all arrays are finite, else 0."""
    _count("multi_all_finite", data, num_arrays)
    return np.array([all(np.isfinite(array).all() for array in data)], np.float32)
