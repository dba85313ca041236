"""The tape: a graph of the operations that computed arrays.

An array that takes part in recording carries a mark: a `Variable`, to which gradients go, or an
`Output` of a `Node`, which is one recorded operation. A node refers to the marks of its inputs, so
that a graph lives exactly as long as an array that was computed by it, and it belongs to no thread.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

__all__ = ["Graph", "Node", "Output", "Variable", "reached"]

_numbers = itertools.count()
_number = operator.attrgetter("number")


class Variable:
    """The mark of an array with a gradient.

    Attributes
    ----------
    grad : NDArray or None
        The array that they are written to.
    grad_req : {'write', 'add', 'null'}
        Whether they replace what it holds, are added to it, or are not wanted.
    fresh : int
        1 after a gradient was written, until a Trainer has used it.
    """

    __slots__ = ("fresh", "grad", "grad_req")

    #: Tells a variable from an output without a look at its class.
    node = None

    def __init__(self, grad: Any, grad_req: str) -> None:
        self.grad = grad
        self.grad_req = grad_req
        self.fresh = 0


class Output:
    """The mark of an array that a recorded operation computed.

    Attributes
    ----------
    node : Node
        The operation.
    index : int
        Which of its results the array is.
    """

    __slots__ = ("fresh", "index", "node")

    grad = None
    grad_req = None

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index
        self.fresh = 0


Mark = Variable | Output


class Node:
    """One recorded operation.

    Attributes
    ----------
    number : int
        Higher than that of every operation whose result it used.
    operation : Operation
        The row of the table.
    inputs : sequence of Variable, Output or None, or None
        The marks of the inputs; None for those without. None in place of all after a backward pass
        that did not keep the graph.
    kept : dict
        What the vector-Jacobian product needs of inputs and result, by its name there.
    attributes : dict
        The attributes of the call.
    results : list of (shape, dtype)
        Of each result.
    context : Context
        Where the results are.
    backend : Backend
        The backend of this context.
    sparse : bool
        Whether something that was kept is a sparse array.
    pull : callable or None
        ``pull(cotangents, needed)``, in place of the operation's own vector-Jacobian product.
    """

    __slots__ = (
        "attributes",
        "backend",
        "context",
        "inputs",
        "kept",
        "number",
        "operation",
        "pull",
        "results",
        "sparse",
    )

    def __init__(
        self,
        operation: Any,
        inputs: Sequence[Mark | None],
        kept: dict[str, Any],
        attributes: dict[str, Any],
        results: list[tuple[tuple[int, ...], Any]],
        context: Any,
        backend: Any,
        sparse: bool = False,
        pull: Callable[..., Any] | None = None,
    ) -> None:
        self.number = next(_numbers)
        self.operation = operation
        self.inputs: Sequence[Mark | None] | None = inputs
        self.kept = kept
        self.attributes = attributes
        self.results = results
        self.context = context
        self.backend = backend
        self.sparse = sparse
        self.pull = pull

    def release(self) -> None:
        """Release the inputs and all that was kept of them."""
        self.inputs = None
        self.kept = {}
        self.attributes = {}
        self.pull = None


class Graph(NamedTuple):
    """The graph by which heads were computed.

    Attributes
    ----------
    nodes : list of Node
        Each one after those that made its inputs.
    variables : dict of Variable to None
        The variables among the inputs, in a fixed order.
    used : Node or None
        A node that a backward pass released.
    """

    nodes: list[Node]
    variables: dict[Variable, None]
    used: Node | None


def reached(heads: Iterable[Mark]) -> Graph:
    """Return the graph that some marks depend on.

    Parameters
    ----------
    heads : iterable of Variable or Output
        Where to start.

    Returns
    -------
    Graph
        The nodes in an order in which they could be computed.
    """
    variables: dict[Variable, None] = {}
    nodes: set[Node] = set()
    used = None
    stack: list[Mark | None] = list(heads)
    while stack:
        mark = stack.pop()
        if mark is None:
            continue
        node = mark.node
        if node is None:
            variables[mark] = None  # type: ignore[index]
        elif node not in nodes:
            nodes.add(node)
            inputs = node.inputs
            if inputs is None:
                used = node
            else:
                stack.extend(inputs)
    return Graph(sorted(nodes, key=_number), variables, used)
