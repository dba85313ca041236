"""The JSON format of symbols, byte for byte as MXNet 1.9.1 writes it.

::

    {"nodes": [{"op": "null", "name": NAME, "attrs": {KEY: TEXT, ...}, "inputs": []}, ...],
     "arg_nodes": [0, ...], "node_row_ptr": [0, 1, ...], "heads": [[NODE, 0, 0], ...],
     "attrs": {"mxnet_version": ["int", 10901]}}

A node with ``op`` ``"null"`` is a variable. Files of older versions name the attributes ``attr``
or ``param``. Where NumPy shapes are on, ``"is_np_shape": ["int", 1]`` begins the last ``attrs``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from numparam.base import MXNetError
from numparam.modes.np_mode import is_np_shape
from numparam.symbol.attributes import HIDDEN_KEYS

__all__ = ["SymbolJSONError", "dumps", "loads"]

# The release whose layout this is; its reader treats files without it as ancient.
_MXNET_VERSION = 10901
# MXNet's writer escapes these and nothing else.
_ESCAPES = str.maketrans({"\r": r"\r", "\n": r"\n", "\t": r"\t", "\\": r"\\", '"': r"\""})
_MOST_ON_A_LINE = 10


class SymbolJSONError(MXNetError, ValueError):
    """The text is not the JSON form of a symbol that numparam can hold."""


def dumps(nodes: Sequence[tuple[str, dict[str, str]]], heads: Sequence[int]) -> str:
    r"""Return variables as JSON.

    Parameters
    ----------
    nodes : sequence of (str, dict of str to str)
        Name and attributes of each variable.
    heads : sequence of int
        The outputs: positions in ``nodes``.

    Returns
    -------
    str
        The text that ``Symbol.tojson`` of MXNet 1.9.1 gives for them.

    Examples
    --------
    >>> print(dumps([("data", {})], [0]).replace(", \n", ",\n"))
    {
      "nodes": [
        {
          "op": "null",
          "name": "data",
          "inputs": []
        }
      ],
      "arg_nodes": [0],
      "node_row_ptr": [0, 1],
      "heads": [[0, 0, 0]],
      "attrs": {"mxnet_version": ["int", 10901]}
    }
    """
    count = len(nodes)
    members = [
        '"nodes": ' + _block("[]", [_node(name, attributes) for name, attributes in nodes], 1),
        '"arg_nodes": ' + _numbers(range(count)),
        '"node_row_ptr": ' + _numbers(range(count + 1)),
        '"heads": ' + _numbers([f"[{head}, 0, 0]" for head in heads]),
        '"attrs": ' + _graph_attributes(),
    ]
    return _block("{}", members, 0)


def _graph_attributes() -> str:
    version = f'"mxnet_version": ["int", {_MXNET_VERSION}]'
    if is_np_shape():
        return _block("{}", ['"is_np_shape": ["int", 1]', version], 1)
    return f"{{{version}}}"


def loads(text: str) -> tuple[list[tuple[str, dict[str, str]]], list[int]]:
    """Read variables from JSON.

    Parameters
    ----------
    text : str
        What MXNet, of any version, or :func:`dumps` wrote.

    Returns
    -------
    nodes : list of (str, dict of str to str)
        Name and attributes of each variable.
    heads : list of int
        The outputs: positions in ``nodes``.

    Raises
    ------
    SymbolJSONError
        If the text is not JSON, not a symbol, or a graph with operators.

    Examples
    --------
    >>> loads(dumps([("weight", {"__shape__": "(2, 3)"})], [0]))
    ([('weight', {'__shape__': '(2, 3)'})], [0])
    """
    try:
        graph = json.loads(text, strict=False)  # MXNet leaves control characters as they are
    except (ValueError, RecursionError) as error:
        raise SymbolJSONError(f"A symbol's JSON text was expected: {error}.") from error
    try:
        raw_nodes, raw_heads = graph["nodes"], graph["heads"]
        operators = [node for node in raw_nodes if node["op"] != "null"]
        nodes = [] if operators else [_read_node(node) for node in raw_nodes]
        heads = [_read_head(head) for head in raw_heads]
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise SymbolJSONError(
            "A symbol's JSON has an object with 'nodes' (each with 'op' and 'name') and 'heads'; "
            f"this text does not ({type(error).__name__}: {str(error)[:200]!r})."
        ) from error
    if operators:
        first = operators[0]
        raise SymbolJSONError(
            f"The graph has {len(operators)} operators, the first one {first.get('name')!r:.100} "
            f"({first['op']!r:.100}). numparam has no graph compiler and reads variables only; the "
            "parameters of the network are in its .params file."
        )
    if not heads or not all(0 <= head < len(nodes) for head in heads):
        raise SymbolJSONError(
            f"The heads of a symbol are positions among its {len(nodes)} nodes; got "
            f"{raw_heads!r:.200}."
        )
    return nodes, heads


def _read_node(node: dict[str, Any]) -> tuple[str, dict[str, str]]:
    attributes: dict[str, str] = {}
    for member in ("param", "attr", "attrs"):
        for key, value in (node.get(member) or {}).items():
            if not isinstance(value, str):
                raise TypeError(f"attribute {key!r} is not a string")
            attributes[f"__{key}__" if key in HIDDEN_KEYS else key] = value
    if not isinstance(node["name"], str):
        raise TypeError(f"name {node['name']!r} is not a string")
    return node["name"], attributes


def _read_head(head: Any) -> int:
    if type(head[0]) is not int:
        raise TypeError(f"head {head!r} does not begin with a node's position")
    return head[0]


def _node(name: str, attributes: dict[str, str]) -> str:
    members = ['"op": "null"', f'"name": {_text(name)}']
    pairs = [f"{_text(key)}: {_text(attributes[key])}" for key in sorted(attributes)]
    if len(pairs) == 1:
        members.append(f'"attrs": {{{pairs[0]}}}')
    elif pairs:
        members.append('"attrs": ' + _block("{}", pairs, 3))
    members.append('"inputs": []')
    return _block("{}", members, 2)


def _text(value: str) -> str:
    return f'"{value.translate(_ESCAPES)}"'


def _numbers(values: Sequence[Any]) -> str:
    parts = [str(value) for value in values]
    if len(parts) > _MOST_ON_A_LINE:
        return _block("[]", parts, 1)
    return f"[{', '.join(parts)}]"


def _block(brackets: str, members: Sequence[str], depth: int) -> str:
    inner = "\n" + "  " * (depth + 1)
    return f"{brackets[0]}{inner}{f', {inner}'.join(members)}\n{'  ' * depth}{brackets[1]}"
