"""NumPy's ufuncs on arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.operations.arithmetic import BINARY
from numparam.ndarray.operations.invoke import invoke
from numparam.ndarray.operations.operation import OPERATIONS, REQUIRED, Operation, register
from numparam.ndarray.values import is_array
from numparam.recording.errors import NotDifferentiableError

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["apply_ufunc"]

_BINARY = {
    np.add: "add",
    np.subtract: "subtract",
    np.multiply: "multiply",
    np.true_divide: "true_divide",
    np.remainder: "modulo",
    np.power: "power",
    np.maximum: "maximum",
    np.minimum: "minimum",
    np.hypot: "hypot",
    np.equal: "equal",
    np.not_equal: "not_equal",
    np.greater: "greater",
    np.greater_equal: "greater_equal",
    np.less: "lesser",
    np.less_equal: "lesser_equal",
    np.logical_and: "logical_and",
    np.logical_or: "logical_or",
    np.logical_xor: "logical_xor",
}
_UNARY: dict[Any, str] = {np.absolute: "abs", np.fabs: "abs"}
_UNARY |= {
    function: function.__name__
    for function in vars(np).values()
    if isinstance(function, np.ufunc) and function.nin == 1 and function.__name__ in OPERATIONS
}


def apply_ufunc(
    array: NDArray, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """Compute a ufunc that NumPy was called with.

    The operations that numparam has follow its own rules for dtypes and contexts; other ufuncs
    follow NumPy's. In both cases the result is on the context of the first array. With a NumPy
    array as ``out`` the arrays must be in host memory.

    Parameters
    ----------
    array : NDArray
        The array whose protocol NumPy called.
    ufunc, method, inputs, keywords
        As NumPy passes them to ``__array_ufunc__``.

    Returns
    -------
    NDArray or numpy.ndarray
        ``out`` if it was given.
    """
    out = keywords.get("out")
    if out is not None and any(isinstance(target, np.ndarray) for target in out):
        return _on_host(ufunc, method, inputs, keywords)
    if any(getattr(operand, "stype", "default") != "default" for operand in inputs):
        return NotImplemented
    target = None if out is None else out[0] if len(out) == 1 else out
    if method == "__call__" and set(keywords) <= {"out"}:
        if ufunc in _BINARY:
            return BINARY[_BINARY[ufunc]](inputs[0], inputs[1], target)
        if ufunc in _UNARY:
            return invoke(OPERATIONS[_UNARY[ufunc]], inputs, {}, target)
    if method not in ("__call__", "reduce", "accumulate") or out is not None:
        return NotImplemented
    attributes = {
        "ufunc": ufunc,
        "method": method,
        "operands": tuple(None if is_array(one) else one for one in inputs),
        "keywords": keywords,
    }
    result = invoke(_UFUNC, [one for one in inputs if is_array(one)], attributes)
    return tuple(result) if isinstance(result, list) else result


def _on_host(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    shared = [operand._host_memory() if is_array(operand) else operand for operand in inputs]
    keywords = dict(keywords)
    keywords["out"] = tuple(
        target._host_memory() if is_array(target) else target for target in keywords["out"]
    )
    return getattr(ufunc, method)(*shared, **keywords)


def _ufunc_kernel(backend: Backend, buffers: list[Buffer], attributes: dict[str, Any]) -> Any:
    def evaluate(*arrays: np.ndarray) -> Any:
        return _apply(*arrays, **attributes)

    evaluate.__name__ = attributes["ufunc"].__name__
    return backend.apply(evaluate, *buffers)


def _apply(
    *arrays: np.ndarray, ufunc: np.ufunc, method: str, operands: Any, keywords: dict[str, Any]
) -> Any:
    given = iter(arrays)
    values = [next(given) if operand is None else operand for operand in operands]
    return getattr(ufunc, method)(*values, **keywords)


def _apply_vjp(
    cotangent: Any,
    *,
    arrays: list[np.ndarray],
    output: Any,
    ufunc: np.ufunc,
    method: str,
    operands: Any,
    keywords: dict[str, Any],
) -> list[Any]:
    """Compute the vector-Jacobian product of a ufunc that is not in the table, or of a sum."""
    if method == "reduce" and ufunc is np.add and keywords.keys() <= {"axis", "keepdims"}:
        (array,) = arrays
        axis = keywords.get("axis", 0)
        if axis is not None and not keywords.get("keepdims"):
            cotangent = np.expand_dims(cotangent, axis)
        return [np.broadcast_to(cotangent, array.shape)]
    if method == "__call__" and ufunc in _DERIVATIVES and not keywords:
        given = iter(arrays)
        values = [next(given) if operand is None else operand for operand in operands]
        slopes = _DERIVATIVES[ufunc](*values, output)
        return [
            cotangent * slope
            for slope, operand in zip(slopes, operands, strict=True)
            if operand is None
        ]
    name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    raise NotDifferentiableError(
        f"numpy.{name} has no derivative in numparam; use the operations of numparam.nd, or write "
        "an autograd.Function"
    )


# The derivatives of ufuncs by each operand, as functions of the operands and the result.
_DERIVATIVES: dict[Any, Callable[..., tuple[Any, ...]]] = {
    np.exp2: lambda x, result: (result * math.log(2),),
    np.logaddexp: lambda x, y, result: (np.exp(x - result), np.exp(y - result)),
    np.logaddexp2: lambda x, y, result: (np.exp2(x - result), np.exp2(y - result)),
    np.float_power: lambda x, y, result: (y * np.power(x, y - 1), result * np.log(x)),
    np.arctan2: lambda y, x, result: (x / (x * x + y * y), -y / (x * x + y * y)),
    np.fmax: lambda x, y, result: (x >= y, x < y),
    np.fmin: lambda x, y, result: (x <= y, x > y),
}


#: A method of ``ufunc``; the inputs stand where ``operands`` has None.
_UFUNC = register(
    Operation(
        "_numpy_ufunc",
        _apply,
        inputs=("*arrays",),
        attributes=dict.fromkeys(("ufunc", "method", "operands", "keywords"), REQUIRED),
        agree=False,
        kernel=_ufunc_kernel,
        vjp=_apply_vjp,
        summary="Compute a ufunc of NumPy.",
    )
)
