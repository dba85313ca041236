"""Delivery of the results of operations on sparse arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.devices.backend import Buffer
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import Operation, OperationError, invoke
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.values import reachable

__all__ = ["deliver", "densified", "one_dtype", "values", "wrapped"]


def deliver(operation: Operation, result: NDArray, out: NDArray | None) -> NDArray:
    """Return a new array, or write it into ``out``, which may have any storage type.

    Parameters
    ----------
    operation : Operation
        Named in errors.
    result : NDArray
        A new array of any storage type, which the caller does not use any more.
    out : NDArray, optional
        An array of its shape and dtype.

    Returns
    -------
    NDArray
        `out` if it was given, else `result`.

    Raises
    ------
    OperationError
        If `out` has another shape or dtype; nothing is written then.
    """
    if out is None:
        return result
    if out.shape != result.shape or out._buffer.dtype != result._buffer.dtype:
        raise OperationError(
            f"out of {operation.name} must be {result._buffer.dtype}{tuple(result.shape)}, "
            f"not {out._buffer.dtype}{tuple(out.shape)}"
        )
    out._require_writable()
    if isinstance(result, BaseSparseNDArray) and isinstance(out, BaseSparseNDArray):
        if out.stype != result.stype:
            result.tostype("default").copyto(out)
        elif out._backend is result._backend:
            out._adopt(result._parts)
        else:
            result.copyto(out)
        return out
    result.copyto(out)
    return out


def densified(
    operation: Operation,
    inputs: Sequence[NDArray],
    attributes: dict[str, Any],
    out: NDArray | None,
) -> NDArray:
    """Compute on inputs converted to dense arrays, where MXNet's result is dense, too."""
    dense = [array.tostype("default") if array.stype != "default" else array for array in inputs]
    if out is None or out.stype == "default":
        return invoke(operation, dense, attributes, out)
    return deliver(operation, invoke(operation, dense, attributes), out)


def values(array: BaseSparseNDArray) -> NDArray:
    """Return the stored values of a valid sparse array as a dense array on the same memory."""
    return array._handle_on(array._checked().data)


def wrapped(like: NDArray, buffer: Buffer) -> NDArray:
    """Return a buffer as a dense array on the context of another array."""
    return NDArray.from_buffer(buffer, like._ctx, like._backend)


def one_dtype(operation: Operation, inputs: Sequence[NDArray]) -> None:
    """Check that the inputs have one dtype and are on contexts that share memory.

    Raises
    ------
    OperationError
        It says which, and how to convert.
    """
    first = inputs[0]
    dtype = first._buffer.dtype
    for array in inputs[1:]:
        if not reachable(array, first):
            raise OperationError(
                f"{operation.name} got arrays on {first._ctx} and on {array._ctx}; "
                f"move one first, for example with as_in_context({first._ctx!r})"
            )
        if array._buffer.dtype != dtype:
            raise OperationError(
                f"{operation.name} needs inputs of one dtype and got {dtype} and "
                f"{array._buffer.dtype}; convert one first, for example with astype('{dtype}')"
            )
