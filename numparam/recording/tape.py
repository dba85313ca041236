"""The tape: a graph of the operations that computed arrays.

An array that takes part in recording carries a mark: a `Variable`, to which gradients go; the
`Node` that made it, which is one recorded operation; or a `Part` of a node that made several
arrays. A node refers to the marks of its inputs, so that a graph lives exactly as long as an array
that was computed by it, and it belongs to no thread.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

__all__ = ["Graph", "Mark", "Node", "Part", "Variable", "mark_of", "reached"]

_numbers = itertools.count()
_number = operator.attrgetter("number")

# What a released node holds. Nothing is written into it.
_RELEASED: dict[str, Any] = {}


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
    flag : tuple of bytearray and int
        Where `fresh` is kept: an array of flags, and the position in it. A Trainer that has
        thousands of variables keeps their flags side by side, so that one look sees all of them.
    """

    __slots__ = ("flag", "grad", "grad_req")

    def __init__(self, grad: Any, grad_req: str) -> None:
        self.grad = grad
        self.grad_req = grad_req
        self.flag: tuple[bytearray, int] = (bytearray(1), 0)

    @property
    def fresh(self) -> int:
        """1 after a gradient was written, until a Trainer has used it."""
        flags, position = self.flag
        return flags[position]

    @fresh.setter
    def fresh(self, fresh: int) -> None:
        flags, position = self.flag
        flags[position] = fresh

    def move_flag(self, flags: bytearray, position: int) -> None:
        """Keep the flag at a position of an array of flags from now on."""
        old, place = self.flag
        flags[position] = 0
        self.flag = (flags, position)
        flags[position] |= old[place]  # after the move: another thread may have set the old one


class Node:
    """One recorded operation, and the mark of its result if it has one.

    Attributes
    ----------
    number : int
        Higher than that of every operation whose result it used.
    operation : Operation
        The row of the table.
    inputs : sequence of Variable, Node, Part or None, or None
        The marks of the inputs; None for those without. None in place of all after a backward pass
        that did not keep the graph.
    kept : dict
        What the vector-Jacobian product needs of inputs and result, by its name there.
    attributes : dict
        The attributes of the call.
    results : sequence of (shape, dtype)
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

    # What arrays ask their marks for; only variables have it.
    grad = None
    grad_req = None
    fresh = 0

    def __init__(
        self,
        operation: Any,
        inputs: Sequence[Mark | None],
        kept: dict[str, Any],
        attributes: dict[str, Any],
        results: Sequence[tuple[tuple[int, ...], Any]],
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
        self.inputs = self.pull = None
        self.kept = self.attributes = _RELEASED


@dataclass(frozen=True, slots=True)
class Part:
    """The mark of one of several arrays that an operation made.

    Attributes
    ----------
    node : Node
        The operation.
    position : int
        Which of its results the array is.
    """

    node: Node
    position: int

    grad: ClassVar[None] = None
    grad_req: ClassVar[None] = None
    fresh: ClassVar[int] = 0


Mark = Variable | Node | Part


def mark_of(node: Node, position: int) -> Mark:
    """Return the mark of a result of an operation."""
    return node if len(node.results) == 1 else Part(node, position)


class Graph(NamedTuple):
    """The graph by which heads were computed.

    Attributes
    ----------
    nodes : list of Node
        Each one after those that made its inputs.
    variables : list of Variable
        The variables among the inputs, in a fixed order.
    used : Node or None
        A node that a backward pass released.
    """

    nodes: list[Node]
    variables: list[Variable]
    used: Node | None


def reached(heads: Iterable[Mark]) -> Graph:
    """Return the graph that some marks depend on.

    Parameters
    ----------
    heads : iterable of Variable, Node or Part
        Where to start.

    Returns
    -------
    Graph
        The nodes in an order in which they could be computed.
    """
    found: set[Mark | None] = {None}
    variables: list[Variable] = []
    nodes: list[Node] = []
    used = None
    stack: list[Mark | None] = list(heads)
    while stack:
        mark = stack.pop()
        if mark in found:
            continue
        found.add(mark)
        if type(mark) is Node:
            nodes.append(mark)
            if mark.inputs is None:
                used = mark
            else:
                stack += mark.inputs
        elif type(mark) is Part:
            stack.append(mark.node)
        else:
            variables.append(mark)  # type: ignore[arg-type]
    nodes.sort(key=_number)
    return Graph(nodes, variables, used)
