"""The backward pass: from cotangents of heads, through the tape, to gradients of variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import numpy as np

from numparam.autograd.accumulation import accumulate
from numparam.autograd.incoming import Dense, Rows
from numparam.autograd.marking import as_list
from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.converting import moved
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, invoke
from numparam.ndarray.sparse.parts import Parts
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray
from numparam.ndarray.values import reachable
from numparam.recording.differentiation import NOT_RECORDED, enter
from numparam.recording.errors import (
    GradientArgumentError,
    NoGraphError,
    NoSymbolError,
    NotDifferentiableError,
)
from numparam.recording.scopes import pause, record
from numparam.recording.tape import Graph, Mark, Node, Part, Variable, mark_of, reached

__all__ = ["backward", "get_symbol", "grad"]


@enter
def backward(
    heads: NDArray | Sequence[NDArray],
    head_grads: Any = None,
    retain_graph: bool = False,
    train_mode: bool = True,
) -> None:
    """Compute the gradients of arrays with respect to all variables that they were computed from.

    Parameters
    ----------
    heads : NDArray or sequence of NDArray
        Arrays that were computed while operations were recorded.
    head_grads : NDArray, or sequence of NDArray or None, optional
        For each head the gradient of something else with respect to it, of its shape and on its
        context. None stands for ones.
    retain_graph : bool, default False
        Whether what was recorded is kept for another backward pass.
    train_mode : bool, default True
        Whether the pass runs in training mode.

    Raises
    ------
    NoGraphError
        If a head was not computed from variables while operations were recorded, or if a backward
        pass used the graph already: an MXNetError.
    GradientArgumentError
        If the head gradients do not fit the heads: an MXNetError, a ValueError and a TypeError.
    NotDifferentiableError
        If an operation on the way to a variable has no derivative: an MXNetError. In all these
        cases no gradient was changed, and the graph is as it was.

    Notes
    -----
    Gradients replace what a variable's `grad` holds, or are added to it, as its ``grad_req`` says.
    Variables that no head depends on keep theirs. Values that are written between recording and
    the backward pass are seen by it, as in MXNet 1.9.1: arrays are kept, not copies.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.nd.array([1, 2])
    >>> weight.attach_grad()
    >>> with mx.autograd.record():
    ...     head = weight * weight
    >>> mx.autograd.backward(head, mx.nd.array([1, 10]))
    >>> weight.grad.asnumpy()
    array([ 2., 40.], dtype=float32)
    """
    seeds = _seeds(heads, head_grads)
    graph = _graph_behind(seeds)
    wanted = [variable for variable in graph.variables if variable.grad_req != "null"]
    if not wanted:
        raise NoGraphError("no variable that the heads were computed from takes gradients")
    sums: dict[Mark, _Sum] = {}
    for variable in wanted:
        gradient = variable.grad
        sums[variable] = _Sum(gradient.shape, gradient._buffer.dtype, gradient._backend)
    _pull_back(seeds, graph, sums, _Devices(recorded=False), bool(retain_graph), train_mode)
    accumulate(wanted, [sums[variable].incoming() for variable in wanted])


def grad(
    heads: NDArray | Sequence[NDArray],
    variables: NDArray | Sequence[NDArray],
    head_grads: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    train_mode: bool = True,
) -> list[NDArray]:
    """Return the gradients of arrays with respect to variables, and write none.

    Parameters
    ----------
    heads, head_grads, train_mode
        As for `backward`.
    variables : NDArray or sequence of NDArray
        Marked arrays, or arrays that were computed from such.
    retain_graph : bool, optional
        Whether the graph is kept; as `create_graph` if not given.
    create_graph : bool, default False
        Whether the pass itself is recorded, so that the gradients can be differentiated. The
        gradient of a linear function is constant: it has zeros for its own.

    Returns
    -------
    list of NDArray
        One for each variable; also for a single one, as in MXNet 1.9.1. A variable that the heads
        depend on through constants alone, as those of `BlockGrad`, has zeros.

    Raises
    ------
    NoGraphError, GradientArgumentError, NotDifferentiableError
        As for `backward`; NoGraphError also if a variable is not marked, or if the heads were not
        computed from it.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.nd.array([1, 2])
    >>> weight.attach_grad()
    >>> with mx.autograd.record():
    ...     head = weight * weight
    >>> mx.autograd.grad(head, [weight])[0].asnumpy()
    array([2., 4.], dtype=float32)
    """
    seeds = _seeds(heads, head_grads)
    given = as_list(variables, "variables")
    if not given:
        raise GradientArgumentError("variables is empty; name what to differentiate by")
    device = _Devices(bool(create_graph))
    marks: list[Mark] = []
    sums: dict[Mark, _Sum] = {}
    for position, array in enumerate(given):
        if array._marking is None:
            raise NoGraphError(f"variables[{position}] is not a variable; call its attach_grad()")
        marks.append(array._marking)
        here = device(array._backend, array._ctx)
        sums[array._marking] = _Sum(array.shape, array._buffer.dtype, here)
    graph = _graph_behind(seeds)
    _check_reached(marks, graph)
    retain = bool(create_graph if retain_graph is None else retain_graph)
    _pull_back(seeds, graph, sums, device, retain, train_mode)
    found = [sums[mark].as_array(array) for mark, array in zip(marks, given, strict=True)]
    if device.recorded:
        pairs = zip(found, given, strict=True)
        found = [one if one._marking is not None else _constant(one, of) for one, of in pairs]
    return found


def _check_reached(marks: list[Mark], graph: Graph) -> None:
    """Raise if the heads of a graph were not computed from one of some marked arrays."""
    known: set[Mark] = {*graph.variables, *graph.nodes}
    for position, mark in enumerate(marks):
        if (mark.node if isinstance(mark, Part) else mark) not in known:
            raise NoGraphError(
                f"the heads were not computed from variables[{position}], so they have no gradient "
                "with respect to it; leave it out, or use it while the heads are recorded"
            )


def _constant(gradient: NDArray, variable: NDArray) -> NDArray:
    """Return a gradient that depends on no variable as one whose own gradient is zero."""
    with record():
        # Subtracted, so that negative zeros stay.
        return gradient - invoke(OPERATIONS["zeros_like"], (variable,), {})


def get_symbol(x: NDArray) -> NoReturn:
    """Raise NoSymbolError: what was recorded is not a symbol.

    Parameters
    ----------
    x : NDArray
        Any array.

    Raises
    ------
    NoSymbolError
        Always: an MXNetError and a NotImplementedError.
    """
    raise NoSymbolError(
        "numparam has no symbolic graphs, so none can be made of what was recorded; the tape is "
        "there for autograd.backward and autograd.grad"
    )


def _graph_behind(seeds: list[tuple[Mark, NDArray, Buffer]]) -> Graph:
    graph = reached(mark for mark, _, _ in seeds)
    if graph.used is not None:
        raise NoGraphError(
            f"a backward pass went through {graph.used.operation.name} before and "
            "released what it needs; pass retain_graph=True to the first one, or record again"
        )
    return graph


def _seeds(heads: Any, head_grads: Any) -> list[tuple[Mark, NDArray, Buffer]]:
    """Check heads and their gradients; the mark, the head and the cotangent of each."""
    arrays = as_list(heads, "heads")
    if not arrays:
        raise GradientArgumentError("heads is empty; pass the arrays to differentiate")
    if head_grads is None:
        given: list[Any] = [None] * len(arrays)
    elif isinstance(head_grads, NDArray):
        given = [head_grads]
    elif isinstance(head_grads, Iterable):
        given = list(head_grads)
    else:
        raise GradientArgumentError(
            "head_grads must be an NDArray, or a list with one or None for each head, not "
            f"{type(head_grads).__name__}"
        )
    if len(given) != len(arrays):
        raise GradientArgumentError(
            f"there are {len(arrays)} heads and {len(given)} head gradients; give one for each, "
            "None for ones"
        )
    seeds = []
    for position, (head, cotangent) in enumerate(zip(arrays, given, strict=True)):
        mark = head._marking
        if mark is None:
            raise NoGraphError(f"heads[{position}] {NOT_RECORDED}")
        seeds.append((mark, head, _seed(head, cotangent, f"head_grads[{position}]")))
    return seeds


def _seed(head: NDArray, given: Any, label: str) -> Buffer:
    shape, dtype, backend = head.shape, head._buffer.dtype, head._backend
    if given is None:
        ones = np.ones(shape, dtype)
        return ones if backend.buffers_are_arrays else backend.upload(ones)
    if not isinstance(given, NDArray):
        raise GradientArgumentError(
            f"{label} must be an NDArray or None, not {type(given).__name__}"
        )
    if given.shape != shape:
        raise GradientArgumentError(
            f"{label} must have its head's shape {shape}, not {given.shape}"
        )
    if not reachable(given, head):
        raise GradientArgumentError(
            f"{label} is on {given._ctx} and its head on {head._ctx}; move it with "
            f"as_in_context({head._ctx!r})"
        )
    dense = given if given.stype == "default" else given.tostype("default")
    buffer = dense._memory
    return buffer if buffer.dtype == dtype else backend.converted(buffer, dtype)


class _Sum:
    """The cotangents of one array that came in so far.

    They are never written into: one may be the memory of an array, or of another cotangent.
    """

    __slots__ = ("backend", "dense", "dtype", "rows", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any, backend: Any) -> None:
        self.shape = shape
        self.dtype = dtype
        self.backend = backend
        self.dense: Buffer | None = None
        self.rows: tuple[tuple[Buffer, Buffer], ...] = ()

    def add(self, cotangent: Any, backend: Any) -> None:
        """Add what a vector-Jacobian product gave for the array, on the device of `backend`."""
        if type(cotangent) is tuple:
            if isinstance(backend, Backend):
                if backend is not self.backend:
                    cotangent = tuple(_moved(part, backend, self.backend) for part in cotangent)
                self.rows = (*self.rows, cotangent)
                return
            cotangent = backend.from_rows(*cotangent, self.shape)
        if cotangent.shape != self.shape:
            cotangent = backend.evaluate(_unbroadcast, cotangent, self.shape)
        if backend is not self.backend:
            cotangent = _moved(cotangent, backend, self.backend)
        if cotangent.dtype is not self.dtype:
            cotangent = self._converted(cotangent)
        if self.dense is None:
            self.dense = cotangent
        else:
            self.dense = self.backend.evaluate(np.add, self.dense, cotangent)

    @property
    def is_empty(self) -> bool:
        """Return whether no cotangent was added."""
        return self.dense is None and not self.rows

    def total(self) -> Buffer:
        """Return the dense sum."""
        if self.rows:
            ids, rows = self._merged()
            self.rows = ()
            placed = self.backend.zeros(self.shape, self.dtype)
            self.backend.retain.scatter(placed, ids, rows)
            self.add(placed, self.backend)
        if self.dense is None:
            self.dense = self.backend.zeros(self.shape, self.dtype)
        return self.dense

    def _merged(self) -> tuple[Buffer, Buffer]:
        """Return ascending ids and the sum of the rows of each."""
        ids = [ids for ids, _ in self.rows]
        rows = [self._converted(rows) for _, rows in self.rows]
        return self.backend.merge.merge(ids, rows, rows=self.shape[0])

    def _converted(self, values: Buffer) -> Buffer:
        if values.dtype == self.dtype:
            return values
        return self.backend.evaluate(_as_type, values, self.dtype)

    def incoming(self) -> list[Dense | Rows]:
        """Return what is written into the gradient of a variable: at least one part."""
        parts: list[Dense | Rows] = [Rows(ids, rows) for ids, rows in self.rows]
        if self.dense is not None:
            parts.append(Dense(self.backend.evaluate(_contiguous, self.dense)))
        if parts:
            return parts
        if not self.shape:
            return [Dense(self.total())]
        no_ids = self.backend.zeros((0,), np.dtype(np.int64))
        return [Rows(no_ids, self.backend.zeros((0, *self.shape[1:]), self.dtype))]

    def as_array(self, like: NDArray) -> NDArray:
        """Return the sum as an array of the class of its variable, in memory of its own."""
        context, backend = like._ctx, self.backend
        if not isinstance(backend, Backend):
            array = self.total().array
            return array if like._array_class is type(array) else array.as_nd_ndarray()
        grad = like._grad
        if self.rows and self.dense is None and grad is not None and grad.stype == "row_sparse":
            ids, rows = self._merged()
            parts = Parts(rows, ids, valid=True)
            return RowSparseNDArray.from_parts(self.shape, parts, context, backend)
        total = backend.apply(np.array, self.total())
        return like._array_class.from_buffer(total, context, backend)


def _as_type(values: np.ndarray, dtype: Any) -> np.ndarray:
    return values.astype(dtype)


def _moved(values: Any, source: Any, target: Any) -> Any:
    """Copy a cotangent to another device."""
    if isinstance(source, Backend):
        return moved(values, source, target)
    return source.moved(values, target)


def _unbroadcast(cotangent: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum over the axes along which an array of a shape was stretched."""
    extra = cotangent.ndim - len(shape)
    if extra == 1 and cotangent.shape[1:] == shape:  # a bias, most often
        return np.add.reduce(cotangent, 0, cotangent.dtype)
    axes = list(range(extra))
    for axis, length in enumerate(shape, extra):
        if length == 1 and cotangent.shape[axis] != 1:
            axes.append(axis)
    total = np.add.reduce(cotangent, tuple(axes), cotangent.dtype, keepdims=True)
    return total.reshape(shape) if extra else total


def _contiguous(array: np.ndarray) -> np.ndarray:
    return array if array.flags.c_contiguous else np.array(array, order="C")


def _pull_back(
    seeds: list[tuple[Mark, NDArray, Buffer]],
    graph: Graph,
    sums: dict[Mark, _Sum],
    device: _Devices,
    retain: bool,
    train_mode: bool,
) -> None:
    """Compute the cotangents of the marks in `sums`, into the empty sums that are there."""
    steps = _steps(graph.nodes, sums)
    wanted = frozenset(sums)
    for mark, head, cotangent in seeds:
        here = device(head._backend, head._ctx)
        if mark not in sums:
            if isinstance(mark, Variable):  # which takes no gradient
                continue
            sums[mark] = _sum_of(mark, device)
        sums[mark].add(here.array(cotangent) if device.recorded else cotangent, here)
    del cotangent
    seeds.clear()
    scope = record if device.recorded else pause
    with scope(train_mode=train_mode), np.errstate(all="ignore"):
        while steps:
            node, needed = steps.pop()
            _step(node, needed, sums, wanted, device)
            if not retain:
                node.release()


def _steps(nodes: list[Node], sums: dict[Mark, _Sum]) -> list[tuple[Node, tuple[bool, ...] | None]]:
    """Find which inputs of each node cotangents go on to, on their way to the marks in `sums`.

    Raises
    ------
    NotDifferentiableError
        If one of the nodes that they pass through has no vector-Jacobian product.
    """
    steps: list[tuple[Node, tuple[bool, ...] | None]] = []
    passed: set[Mark | None] = set(sums)
    for node in nodes:
        needed = None
        operation = node.operation
        if operation.differentiable:
            inputs: Any = node.inputs
            wants = tuple([mark in passed for mark in inputs])
            if True in wants:
                if operation.product is None and node.pull is None:
                    raise NotDifferentiableError(
                        f"{operation.name} has no derivative in numparam; compute it under "
                        "autograd.pause() if it is a constant, or write an autograd.Function"
                    )
                needed = wants
                if len(node.results) == 1:
                    passed.add(node)
                else:
                    passed.update(Part(node, position) for position in range(len(node.results)))
        steps.append((node, needed))
    return steps


def _step(
    node: Node,
    needed: tuple[bool, ...] | None,
    sums: dict[Mark, _Sum],
    wanted: frozenset[Mark],
    device: _Devices,
) -> None:
    """Compute the cotangents of the inputs of a node, and add them to what arrived there."""
    if len(node.results) == 1 and node not in wanted:
        total = sums.pop(node, None)
        cotangents = None if total is None else [total.total()]
    else:
        cotangents = _arrived(node, sums, wanted, device)
    if needed is None or cotangents is None:
        return
    here = device(node.backend, node.context) if device.recorded else node.backend
    if device.recorded or node.pull is not None or node.sparse:
        found = _pull_by_rule(node, here, cotangents, needed, device.recorded)
    else:
        found = _pull(node, here, node.kept, cotangents, needed)
    marks: Any = node.inputs
    for mark, want, cotangent in zip(marks, needed, found, strict=True):
        if want and cotangent is not None:
            total = sums.get(mark)
            if total is None:
                total = sums[mark] = _sum_of(mark, device)
            total.add(cotangent, here)


def _arrived(
    node: Node, sums: dict[Mark, _Sum], wanted: frozenset[Mark], device: _Devices
) -> list[Buffer] | None:
    """Remove the cotangents of a node's results from the sums and return them, or None.

    What is wanted itself stays there.
    """
    totals: list[_Sum | None] = []
    for position in range(len(node.results)):
        mark = mark_of(node, position)
        total = sums.get(mark) if mark in wanted else sums.pop(mark, None)
        totals.append(None if total is None or total.is_empty else total)
    if all(total is None for total in totals):
        return None
    here = device(node.backend, node.context)
    return [
        here.zeros(shape, dtype) if total is None else total.total()
        for total, (shape, dtype) in zip(totals, node.results, strict=True)
    ]


def _sum_of(mark: Node | Part, device: _Devices) -> _Sum:
    """Return an empty sum for the array with a mark."""
    node, position = (mark.node, mark.position) if isinstance(mark, Part) else (mark, 0)
    shape, dtype = node.results[position]
    backend = device(node.backend, node.context) if device.recorded else node.backend
    return _Sum(shape, dtype, backend)


def _pull(
    node: Node,
    here: Any,
    kept: dict[str, Any],
    cotangents: list[Any],
    needed: tuple[bool, ...],
) -> Sequence[Any]:
    """Compute the cotangents of the inputs of a node, on its device, out of what it kept."""
    operation = node.operation
    product = operation.product
    if product.needed:
        kept = {**kept, "needed": needed}
    if product.attributes:
        kept = {**kept, **product.attributes}
        for name in node.attributes.keys() & product.attributes.keys():
            kept[name] = node.attributes[name]
    given = cotangents[0] if operation.outputs == 1 else tuple(cotangents)
    if here.buffers_are_arrays:
        found = product.function(given, **kept)
    else:
        found = here.evaluate(product.function, given, **kept)
    return (found,) if product.single else found


def _pull_by_rule(
    node: Node, here: Any, cotangents: list[Any], needed: tuple[bool, ...], recorded: bool
) -> Sequence[Any]:
    """Do so by a rule for arrays, of sparse inputs, or in operations that are recorded."""
    if node.pull is not None:
        if recorded:
            arrays = [one.array.as_nd_ndarray() for one in cotangents]
        else:
            arrays = [NDArray.from_buffer(one, node.context, node.backend) for one in cotangents]
        found = node.pull(arrays, needed)
        if found is not NotImplemented:
            return [here.traced(one) if recorded else _memory(one) for one in found]
    if not recorded:
        dense = {name: _dense(value) for name, value in node.kept.items()}
        return _pull(node, here, dense, cotangents, needed)
    name = node.operation.name
    if node.sparse:
        raise _not_twice(name)
    try:
        found = _pull(node, here, _traced(node, here), cotangents, needed)
    except (TypeError, AttributeError, ValueError) as error:  # it is not written for such arrays
        raise _not_twice(name) from error
    # One that no cotangent entered, such as zeros.
    return [here.array(one) if isinstance(one, np.ndarray) else one for one in found]


def _traced(node: Node, here: Any) -> dict[str, Any]:
    """Return what a node kept, with arrays that are recorded in the place of buffers."""
    kept = dict(node.kept)
    marks: Any = node.inputs
    product = node.operation.product
    for name, place in product.arrays:
        if place < 0:
            given = zip(kept[name], marks[-1 - place :], strict=True)
            kept[name] = [here.kept(buffer, mark) for buffer, mark in given]
        elif place < len(marks):
            kept[name] = here.kept(kept[name], marks[place])
    if product.output:
        output = kept["output"]
        if type(output) is tuple:
            kept["output"] = tuple(
                here.array(part, mark_of(node, position)) for position, part in enumerate(output)
            )
        else:
            kept["output"] = here.array(output, node)
    return kept


def _not_twice(name: str) -> NotDifferentiableError:
    return NotDifferentiableError(
        f"the gradient of {name} cannot be recorded, so it cannot be differentiated again; use "
        "create_graph=False"
    )


class _Devices:
    """The backends that compute cotangents: those of the devices, or recorded operations.

    Parameters
    ----------
    recorded : bool
        Whether the backward pass is itself recorded.
    """

    def __init__(self, recorded: bool) -> None:
        self.recorded = recorded
        self._tracing: dict[int, Any] = {}

    def __call__(self, backend: Backend, context: Any) -> Any:
        """Return the backend itself, or what stands for it."""
        if not self.recorded:  # callers that are in a hurry ask themselves
            return backend
        # Late: few programs differentiate twice, and it needs all of mx.np.
        from numparam.autograd.traced import TracingBackend

        return self._tracing.setdefault(id(backend), TracingBackend(backend, context))


def _dense(value: Any) -> Any:
    if type(value) is list or type(value) is tuple:
        return type(value)(map(_dense, value))
    return value.tostype("default")._memory if isinstance(value, NDArray) else value


def _memory(cotangent: NDArray | None) -> Any:
    """Return the memory of an array that a rule for arrays gave: ids and rows, if row-sparse."""
    if cotangent is None:
        return None
    if isinstance(cotangent, RowSparseNDArray):
        parts = cotangent._checked()
        return parts.indices, parts.data
    return _dense(cotangent) if cotangent.stype != "default" else cotangent._memory
