"""NumPy's ufuncs on arrays of a context."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.operations.arithmetic import binary
from numparam.ndarray.operations.invoke import invoke
from numparam.ndarray.operations.operation import OPERATIONS

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
    array: Any, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """Compute a ufunc that NumPy was called with.

    The operations that numparam has follow its own rules for dtypes and contexts; other ufuncs
    follow NumPy's. Either gives an array on the context of the first one. With a NumPy array as
    ``out`` the arrays must be in host memory.

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
            return binary(_BINARY[ufunc], inputs[0], inputs[1], target)
        if ufunc in _UNARY:
            return invoke(OPERATIONS[_UNARY[ufunc]], inputs, {}, target)
    if method not in ("__call__", "reduce", "accumulate") or out is not None:
        return NotImplemented
    return _on_device(array, ufunc, method, inputs, keywords)


def _on_host(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    shared = [
        operand._host_memory() if hasattr(operand, "_buffer") else operand for operand in inputs
    ]
    keywords = dict(keywords)
    keywords["out"] = tuple(
        target._host_memory() if hasattr(target, "_buffer") else target
        for target in keywords["out"]
    )
    return getattr(ufunc, method)(*shared, **keywords)


def _on_device(
    array: Any, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    buffers = [operand._buffer for operand in inputs if hasattr(operand, "_buffer")]

    def evaluate(*arrays: np.ndarray) -> Any:
        given = iter(arrays)
        operands = [next(given) if hasattr(one, "_buffer") else one for one in inputs]
        return getattr(ufunc, method)(*operands, **keywords)

    evaluate.__name__ = ufunc.__name__
    backend = array._backend
    result = backend.apply(evaluate, *buffers)
    wrap = array._array_class.from_buffer
    if isinstance(result, tuple):
        return tuple(wrap(part, array._ctx, backend) for part in result)
    return wrap(result, array._ctx, backend)
