"""Gradients of operations by central differences, and the cases that are checked with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from numparam import autograd
from numparam import ndarray as nd
from numparam.ndarray.numpy_array import ndarray
from numparam.ndarray.operations import OPERATIONS, invoke


class Case(NamedTuple):
    """One call of an operation that is to be differentiated.

    Attributes
    ----------
    operation : str
        A name of it.
    inputs : sequence of array_like
        Floating-point ones become float64 and are differentiated; integers stay as they are.
    attributes : dict
        The attributes of the call.
    label : str
        What is special about the case.
    tolerance : float
        Relative and absolute; more for results of float32.
    """

    operation: str
    inputs: Sequence[Any]
    attributes: Mapping[str, Any] = MappingProxyType({})
    label: str = ""
    tolerance: float = 1e-6

    def __str__(self) -> str:
        return f"{self.operation}{'-' if self.label else ''}{self.label}"


def arrays_of(case: Case) -> list[Any]:
    """Make the inputs of a case: ``mx.np`` arrays for the operations of ``mx.np``."""
    array_class: Any = ndarray if case.operation.startswith("_np_") else nd.NDArray
    made = []
    for values in case.inputs:
        host = np.asarray(values)
        array = nd.array(host, dtype="float64" if host.dtype.kind == "f" else host.dtype)
        # `array` gives host arrays without dimensions the shape (1,).
        handle = array.reshape(host.shape) if host.shape else _without_dimensions(array)
        made.append(array_class.from_buffer(handle._memory, array._ctx, array._backend))
    return made


def _without_dimensions(array: Any) -> Any:
    return nd.NDArray.from_buffer(array._memory.reshape(()), array._ctx, array._backend)


def check_gradients(case: Case) -> None:
    """Compare the gradients of an operation with central differences, for random cotangents."""
    row = OPERATIONS[case.operation]
    arrays = arrays_of(case)
    variables = [array for array in arrays if array._memory.dtype.kind == "f"]
    for variable in variables:
        variable.attach_grad()
    with autograd.record():
        outputs = _results(invoke(row, arrays, dict(case.attributes)))
    random = np.random.default_rng(len(str(case)))
    heads, head_grads = [], []
    for output in outputs:
        if output._memory.dtype.kind == "f":
            heads.append(output)
            cotangent = output.detach().astype(output.dtype)
            cotangent[...] = random.normal(size=output.shape)
            head_grads.append(cotangent)
    autograd.backward(heads, head_grads)

    def total() -> float:
        results = _results(invoke(row, arrays, dict(case.attributes)))
        floats = [one for one in results if one._memory.dtype.kind == "f"]
        return sum(
            float((one.asnumpy() * weight.asnumpy()).sum())
            for one, weight in zip(floats, head_grads, strict=True)
        )

    for position, variable in enumerate(variables):
        found = variable.grad.asnumpy()
        step = 1e-5 if case.tolerance < 1e-4 else 1e-2
        expected = numeric(total, variable._memory, step)
        assert found.shape == variable.shape
        np.testing.assert_allclose(
            found,
            expected,
            rtol=case.tolerance,
            atol=case.tolerance,
            err_msg=f"input {position} of {case}",
        )


def check_function(
    function: Callable[..., Any], *inputs: Any, tolerance: float = 1e-6, twice: bool = False
) -> None:
    """Compare the gradients of a function of classic float64 arrays with central differences.

    With `twice` those of a sum of its gradients, from a backward pass that was recorded.
    """
    arrays = [nd.array(values, dtype="float64") for values in inputs]
    for array in arrays:
        array.attach_grad()

    def weighted(result: Any) -> Any:
        weights = np.cos(np.arange(result.size)).reshape(result.shape)
        return (result * nd.array(weights, dtype="float64")).sum()

    def value() -> Any:
        with autograd.record():
            result = weighted(function(*arrays))
            if twice:
                slopes = autograd.grad(result, arrays, create_graph=True)
                result = nd.add_n(*(weighted(slope) for slope in slopes))
        return result

    value().backward()
    found = [array.grad.asnumpy() for array in arrays]
    for position, array in enumerate(arrays):
        expected = numeric(lambda: float(value().asscalar()), array._memory, 1e-5)
        np.testing.assert_allclose(
            found[position], expected, rtol=tolerance, atol=tolerance, err_msg=f"input {position}"
        )


def check_gradients_twice(case: Case) -> None:
    """Compare the gradients of the gradients of an operation with central differences.

    Raises
    ------
    NotDifferentiableError
        If the operation does not allow ``create_graph``.
    """
    row = OPERATIONS[case.operation]
    arrays = arrays_of(case)
    variables = [array for array in arrays if array._memory.dtype.kind == "f"]
    for variable in variables:
        variable.attach_grad()

    def slopes() -> list[Any]:
        outputs = _results(invoke(row, arrays, dict(case.attributes)))
        heads = [output for output in outputs if output._memory.dtype.kind == "f"]
        # Squares, so that those of linear operations depend on something.
        squares = [invoke(OPERATIONS["square"], (head,), {}) for head in heads]
        given = autograd.grad(squares, variables, create_graph=True)
        # The rest is zero, whatever the variables are.
        return [slope for slope in given if slope._marking is not None]

    with autograd.record():
        found = slopes()
    if not found:
        return
    weights = [np.cos(1 + np.arange(one.size)).reshape(one.shape) for one in found]
    head_grads = []
    for one, weight in zip(found, weights, strict=True):
        head_grad = one.detach().astype(one.dtype)
        head_grad[...] = weight
        head_grads.append(head_grad)
    autograd.backward(found, head_grads)

    def total() -> float:
        with autograd.record():
            now = slopes()
        return sum(
            float((one.asnumpy() * weight).sum()) for one, weight in zip(now, weights, strict=True)
        )

    for position, variable in enumerate(variables):
        expected = numeric(total, variable._memory, 1e-5 if case.tolerance < 1e-4 else 1e-2)
        np.testing.assert_allclose(
            variable.grad.asnumpy(),
            expected,
            rtol=max(1e-5, case.tolerance),
            atol=max(1e-5, case.tolerance),
            err_msg=f"input {position} of {case}, twice",
        )


def numeric(function: Callable[[], float], memory: np.ndarray, step: float) -> np.ndarray:
    """Differentiate a function by the elements of a float64 array that it reads."""
    slopes = np.zeros(memory.shape)
    for place in np.ndindex(memory.shape):
        kept = memory[place]
        memory[place] = kept + step
        above = function()
        memory[place] = kept - step
        below = function()
        memory[place] = kept
        slopes[place] = (above - below) / (2 * step)
    return slopes


def _results(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]
