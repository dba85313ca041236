"""`invoke`: the single entry through which all operations on arrays run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numparam.base import MXNetError
from numparam.ndarray.operations.operation import Operation, Vjp
from numparam.ndarray.quiet import quiet_context, quietly
from numparam.ndarray.values import is_array, own_memory, reachable
from numparam.recording.scopes import recording
from numparam.recording.tape import Node, Part

if TYPE_CHECKING:
    from numparam.devices.backend import Buffer
    from numparam.ndarray.ndarray import NDArray

__all__ = [
    "SPARSE_RULES",
    "SPARSE_VJPS",
    "OperationError",
    "invoke",
    "put_on_tape",
    "sparse_rule",
    "sparse_vjp",
    "write_out",
]

_log = logging.getLogger(__name__)

# The evaluations of operations without attributes, which are the same at every call.
_EVALUATIONS: dict[Operation, Callable[..., Any]] = {}

# The conversions of sparse inputs to dense ones that were logged.
_LOGGED: set[tuple[str, str]] = set()

#: How operations handle sparse inputs or outputs, by the name of the operation. A rule is called
#: as ``rule(operation, inputs, attributes, out)`` and returns the result, or NotImplemented where
#: the operation has none for these storage types.
SPARSE_RULES: dict[str, Callable[..., Any]] = {}

#: The vector-Jacobian products of operations on sparse inputs, by the name of the operation, where
#: that of dense inputs would need a dense form of them. One is called as ``rule(cotangent, inputs,
#: attributes, needed)`` with a dense array and the inputs of the call, and returns an array of any
#: storage type or None for each input; or NotImplemented, where it has no rule for these.
SPARSE_VJPS: dict[str, Callable[..., Any]] = {}


class OperationError(MXNetError, ValueError):
    """The inputs or attributes are invalid for the operation.

    MXNet raises its own error here; NumPy a ValueError. It is both.
    """


def sparse_rule(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the rule of operations for sparse arrays."""

    def decorate(rule: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            SPARSE_RULES[name] = rule
        return rule

    return decorate


def sparse_vjp(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the vector-Jacobian product of operations for sparse arrays."""

    def decorate(rule: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            SPARSE_VJPS[name] = rule
        return rule

    return decorate


def invoke(
    operation: Operation,
    inputs: Sequence[NDArray],
    attributes: dict[str, Any],
    out: Any = None,
) -> Any:
    """Compute an operation.

    Parameters
    ----------
    operation : Operation
        A row of the table.
    inputs : sequence of NDArray
        Arrays of any storage type. The result is on the context of the first.
    attributes : dict
        The operation's attributes by name; those left out get their defaults.
    out : NDArray or list of NDArray, optional
        Where to write the result, of its shape and dtype.

    Returns
    -------
    NDArray or list of NDArray
        The result; `out` itself if it was given.

    Raises
    ------
    MXNetError
        If contexts, shapes or dtypes do not fit, and nothing was written.
    """
    if recording.value:
        for array in inputs:
            if array._marking is not None:
                return _recorded(operation, inputs, attributes, out)
    return _computed(operation, inputs, attributes, out)


def _computed(
    operation: Operation, inputs: Sequence[NDArray], attributes: dict[str, Any], out: Any
) -> Any:
    """Compute an operation without recording it."""
    if operation.view and out is None:
        (array,) = inputs
        buffer = array._backend.view(array._memory, attributes["start"], attributes["shape"])
        return array._array_class.from_buffer(buffer, array._ctx, array._backend, array.writable)
    buffers = []
    for array in inputs:
        if array.stype != "default":
            return _of_sparse(operation, inputs, attributes, out)
        buffers.append(array._memory)
    if out is not None:
        for target in out if isinstance(out, (list, tuple)) else (out,):
            if target.stype != "default":
                return _of_sparse(operation, inputs, attributes, out)
    if operation.stored_as and attributes.get(operation.stored_as) not in (None, "default"):
        return _of_sparse(operation, inputs, attributes, out)
    if operation.arrays is not None:
        return operation.arrays(inputs, attributes, out)
    first = inputs[0]
    backend = first._backend
    if len(buffers) > 1:
        _check_inputs(operation, inputs, buffers)
    if operation.writes:
        for array in inputs:
            array._require_writable()
    if operation.kernel is not None:
        result = operation.kernel(backend, buffers, attributes)
    else:
        evaluate = _evaluation(operation, attributes)
        if out is not None and is_array(out) and reachable(out, first):
            out._require_writable()
            backend.update(_writing(operation, evaluate), out._memory, *buffers)
            return out
        result = backend.apply(evaluate, *buffers)
    if out is not None:
        return write_out(operation, result, first, out)
    wrap = first._array_class.from_buffer
    if type(result) is tuple:
        return [wrap(part, first._ctx, backend) for part in result]
    return wrap(result, first._ctx, backend)


def _recorded(
    operation: Operation, inputs: Sequence[NDArray], attributes: dict[str, Any], out: Any
) -> Any:
    """Compute an operation and record it on the tape."""
    if operation.writes:
        for array in inputs:
            array._require_writable()
    if out is not None:
        for target in out if isinstance(out, (list, tuple)) else (out,):
            target._require_writable()
    # What it is computed from is no step of its own.
    recording.value = False
    try:
        result = _computed(operation, inputs, attributes, out)
    finally:
        recording.value = True
    if is_array(result):
        put_on_tape(operation, inputs, attributes, (result,))
    elif result:
        put_on_tape(operation, inputs, attributes, result)
    return result


def put_on_tape(
    operation: Operation,
    inputs: Sequence[NDArray],
    attributes: dict[str, Any],
    results: Sequence[NDArray],
    pull: Callable[..., Any] | None = None,
) -> None:
    """Record on the tape that an operation computed arrays from others.

    Parameters
    ----------
    operation : Operation
        A row of the table.
    inputs, results : sequence of NDArray
        What it was computed from, and what was computed.
    attributes : dict
        The attributes of the call.
    pull : callable, optional
        As of `numparam.recording.tape.Node`.
    """
    sparse = False
    marks = []
    for array in inputs:
        marks.append(array._marking)
        if array.stype != "default":
            sparse = True
    facts = []
    for array in results:
        if array.stype != "default":
            sparse = True
        buffer = array._buffer if sparse else array._memory
        facts.append((array.shape, buffer.dtype))
    kept: dict[str, Any] = {}
    product = operation.product
    if product is not None and pull is None:
        _keep(kept, product, inputs, sparse)
        if product.output:
            if operation.outputs == 1:
                kept["output"] = _kept(results[0])
            else:
                kept["output"] = tuple(map(_kept, results))
        if sparse:
            pull = _sparse_pull(operation, inputs, attributes)
    first = results[0]
    node = Node(operation, marks, kept, attributes, facts, first._ctx, first._backend, sparse, pull)
    if len(results) == 1:
        first._marking = node
    else:
        for position, array in enumerate(results):
            array._marking = Part(node, position)


def _keep(kept: dict[str, Any], product: Vjp, inputs: Sequence[NDArray], sparse: bool) -> None:
    """Keep of the inputs what a vector-Jacobian product names."""
    count = len(inputs)
    for name, place in product.arrays:
        if place < 0:
            kept[name] = [_kept(array) for array in inputs[-1 - place :]]
        elif place < count:
            array = inputs[place]
            kept[name] = _kept(array) if sparse else array._memory
    for name, place, fact in product.facts:
        read = _shape if fact == "shape" else _dtype
        if place < 0:
            kept[name] = [read(array) for array in inputs[-1 - place :]]
        elif place < count:
            kept[name] = read(inputs[place])


def _kept(array: NDArray) -> Any:
    """Return the memory of a dense array, or another handle on a sparse one."""
    return array._memory if array.stype == "default" else array.detach()


def _shape(array: NDArray) -> tuple[int, ...]:
    return array.shape


def _dtype(array: NDArray) -> np.dtype[Any]:
    return array._buffer.dtype


def _sparse_pull(
    operation: Operation, inputs: Sequence[NDArray], attributes: dict[str, Any]
) -> Callable[..., Any] | None:
    rule = SPARSE_VJPS.get(operation.name)
    if rule is None:
        return None
    handles = [array.detach() for array in inputs]
    return lambda cotangents, needed: rule(*cotangents, handles, attributes, needed)


def _evaluation(operation: Operation, attributes: dict[str, Any]) -> Callable[..., Any]:
    """Return an operation with its attributes as a function of host arrays only."""
    if not attributes:
        known = _EVALUATIONS.get(operation)
        if known is not None:
            return known
        attributes = {}
    forward = operation.forward
    computed = operation.dtype == "computed"

    def evaluate(*arrays: np.ndarray) -> Any:
        try:
            result = quiet_context().run(forward, *arrays, **attributes)
        except MXNetError:
            raise
        except (ValueError, TypeError, IndexError) as error:
            raise OperationError(_complaint(operation, arrays, attributes, error)) from error
        if computed or (type(result) is np.ndarray and result.dtype is arrays[0].dtype):
            return result
        return quietly(_of_first_dtype, operation, result, arrays[0].dtype)

    # Named for those who record what a backend evaluates.
    evaluate.__name__ = operation.name
    if not attributes:
        _EVALUATIONS[operation] = evaluate
    return evaluate


def _writing(operation: Operation, evaluate: Callable[..., Any]) -> Callable[..., None]:
    """Wrap an evaluation so that it writes into its first argument after checking the result."""
    ufunc = operation.forward if isinstance(operation.forward, np.ufunc) else None

    def write(target: np.ndarray, *arrays: np.ndarray) -> None:
        if ufunc is not None and all(
            array.shape == target.shape and array.dtype == target.dtype for array in arrays
        ):
            try:
                quietly(ufunc, *arrays, out=target, casting="unsafe")
            except TypeError as error:  # the function has no loop for the dtype
                raise OperationError(_complaint(operation, arrays, {}, error)) from error
            return
        result = evaluate(*arrays)
        _check_target(operation, target, result)
        target[...] = own_memory(result, target)

    write.__name__ = operation.name
    return write


def _check_target(operation: Operation, target: Buffer, result: Buffer) -> None:
    if isinstance(result, tuple):
        raise OperationError(
            f"{operation.name} has {len(result)} results and out is one array, not a list"
        )
    if target.shape != result.shape or target.dtype != result.dtype:
        raise OperationError(
            f"out of {operation.name} must be {result.dtype}{tuple(result.shape)}, "
            f"not {target.dtype}{tuple(target.shape)}"
        )


def _of_first_dtype(operation: Operation, result: Any, dtype: np.dtype[Any]) -> Any:
    """Convert a result to the dtype of the first input, or what stands for it."""
    if type(result) is tuple:
        return tuple(np.asarray(part, dtype) for part in result)
    if operation.dtype == "scalar" and dtype == np.bool_:
        dtype = np.dtype(np.int64)
    return result if result.dtype == dtype else result.astype(dtype)


def _complaint(
    operation: Operation,
    arrays: Sequence[np.ndarray],
    attributes: dict[str, Any],
    error: Exception,
) -> str:
    given = ", ".join(f"{array.dtype}{array.shape}" for array in arrays)
    settings = "".join(f", {name}={value!r}" for name, value in attributes.items())
    return f"{operation.name} cannot be computed from {given}{settings}: {error}"


def _check_inputs(operation: Operation, inputs: Sequence[NDArray], buffers: list[Buffer]) -> None:
    """Check that the inputs' contexts share memory, and that dtypes are equal if required."""
    first = inputs[0]
    backend = first._backend
    for array in inputs:
        if array._backend is not backend and not reachable(array, first):
            raise OperationError(
                f"{operation.name} got arrays on {first._ctx} and on {array._ctx}; "
                f"move one first, for example with as_in_context({first._ctx!r})"
            )
    if operation.agree:
        dtype = buffers[0].dtype
        for buffer in buffers:
            if buffer.dtype is not dtype and buffer.dtype != dtype:
                raise OperationError(
                    f"{operation.name} needs inputs of one dtype and got {dtype} and "
                    f"{buffer.dtype}; convert one first, for example with astype('{dtype}')"
                )


def write_out(operation: Operation, result: Any, first: NDArray, out: Any) -> Any:
    """Write the result of an operation into the arrays given as `out`, and return them."""
    results = result if isinstance(result, tuple) else (result,)
    targets = list(out) if isinstance(out, (list, tuple)) else [out]
    if len(targets) != len(results):
        raise OperationError(
            f"{operation.name} has {len(results)} results and out holds {len(targets)} arrays"
        )
    for target, part in zip(targets, results, strict=True):
        _check_target(operation, target._memory, part)
        target._require_writable()
    for target, part in zip(targets, results, strict=True):
        if not reachable(target, first):
            part = target._backend.fetched(part, first._backend)
        target._backend.update(_assign, target._memory, part)
    return out


def _assign(target: np.ndarray, source: np.ndarray) -> None:
    target[...] = own_memory(source, target)


def _of_sparse(
    operation: Operation, inputs: Sequence[NDArray], attributes: dict[str, Any], out: Any
) -> Any:
    rule = SPARSE_RULES.get(operation.name)
    if rule is not None:
        try:
            result = rule(operation, inputs, attributes, out)
        except MXNetError:
            raise
        except ValueError as error:
            raise OperationError(f"{operation.name} cannot be computed: {error}") from error
        if result is not NotImplemented:
            return result
    stypes = ", ".join(array.stype for array in inputs)
    if (operation.name, stypes) not in _LOGGED:
        _LOGGED.add((operation.name, stypes))
        _log.warning(
            "%s has no sparse form for storage types (%s): its inputs are converted to dense "
            "arrays. This is logged once",
            operation.name,
            stypes,
        )
    dense = [array.tostype("default") for array in inputs]
    if out is None or out.stype == "default":
        return invoke(operation, dense, attributes, out)
    invoke(operation, dense, attributes).copyto(out)
    return out
