"""Elementwise functions of one sparse array, or of one and a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import Operation, OperationError, invoke, sparse_rule
from numparam.ndarray.operations.arithmetic import ARITHMETIC
from numparam.ndarray.sparse.results import deliver, densified, values

__all__: list[str] = []

# Functions that keep zero: only what is stored changes.
_KEEP_ZERO = (
    *("abs", "sign", "negative", "square", "sqrt", "cbrt", "expm1", "log1p", "relu"),
    *("sin", "tan", "arcsin", "arctan", "sinh", "tanh", "arcsinh", "arctanh"),
    *("degrees", "radians", "floor", "ceil", "trunc", "fix", "rint", "round"),
    *("identity", "BlockGrad", "make_loss"),
)
_PRODUCTS = tuple(ARITHMETIC[name].scalar for name in ("multiply", "divide", "true_divide"))
_SUMS = tuple(ARITHMETIC[name].scalar for name in ("add", "subtract"))
_COMPARISONS = tuple(
    ARITHMETIC[name].scalar
    for name in ("equal", "not_equal", "greater", "greater_equal", "lesser", "lesser_equal")
)


@sparse_rule(*_KEEP_ZERO, *_PRODUCTS)
def _stored_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    """Compute the stored values, and keep the ids."""
    (array,) = inputs
    if array.stype == "default":  # only out is sparse
        return densified(row, inputs, attributes, out)
    result = invoke(row, (values(array),), attributes)
    return deliver(row, array._with_data(result._buffer), out)


@sparse_rule(*_SUMS)
def _sum_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None) -> Any:
    if attributes["scalar"] == 0:
        return _stored_rule(row, inputs, attributes, out)
    return densified(row, inputs, attributes, out)


@sparse_rule(*_COMPARISONS)
def _comparison_rule(
    row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None
) -> Any:
    """Return a sparse array if the comparison is false for zero."""
    zero = np.zeros(1, inputs[0]._buffer.dtype)
    if row.forward(zero, **attributes)[0]:
        return densified(row, inputs, attributes, out)
    return _stored_rule(row, inputs, attributes, out)


@sparse_rule("clip")
def _clip_rule(row: Operation, inputs: Any, attributes: dict[str, Any], out: NDArray | None) -> Any:
    low, high = attributes["a_min"], attributes["a_max"]
    if not low <= 0 <= high:
        raise OperationError(
            f"clip of a {inputs[0].stype} array must keep zero, and {low} to {high} does not; "
            "use tostype('default') first"
        )
    return _stored_rule(row, inputs, attributes, out)
