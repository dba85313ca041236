"""A table of parameters: shapes, dtypes, contexts and memory."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from numparam.context import Context
from numparam.formats.quoting import shown
from numparam.gluon import shape_rules
from numparam.gluon.state import State
from numparam.types.dtypes import dtype_name

__all__ = ["Summary", "SummaryRow"]

_HEADINGS = ("name", "shape", "dtype", "contexts", "grad_req", "storage", "bytes", "state")


class SummaryRow(NamedTuple):
    """One parameter.

    Attributes
    ----------
    name : str
        Its name.
    shape : tuple of int or None
        Its shape; unknown sizes are 0 or -1.
    dtype : str
        Its dtype's name.
    contexts : tuple of Context
        Where it is, or is going to be.
    grad_req : str
        What happens to gradients.
    storage : str
        The storage type of the data, and of the gradient if that is another one.
    nbytes : int
        Bytes of data and gradients on all contexts.
    state : str
        ``'initialized'``, ``'deferred'`` or ``'not initialized'``; of constants with a remark.
    elements : int
        The number of elements of one copy; 0 if not known.
    """

    name: str
    shape: tuple[int, ...] | None
    dtype: str
    contexts: tuple[Any, ...]
    grad_req: str
    storage: str
    nbytes: int
    state: str
    elements: int


class Summary:
    """A snapshot of parameters; ``str`` gives the table.

    Parameters
    ----------
    parameters : iterable of Parameter
        The parameters.

    Attributes
    ----------
    rows : tuple of SummaryRow
        One for each parameter, in their order.

    Examples
    --------
    >>> import numparam as mx
    >>> parameters = mx.gluon.ParameterDict("net_")
    >>> _ = parameters.get("weight", shape=(2, 3))
    >>> _ = parameters.get("bias", shape=(0,), grad_req="null", allow_deferred_init=True)
    >>> parameters.initialize()
    >>> print(parameters.summary())
    name        shape   dtype    contexts  grad_req  storage  bytes  state
    net_weight  (2, 3)  float32  cpu(0)    write     default     48  initialized
    net_bias    (0,)    float32  cpu(0)    null      default      0  deferred
    total: 2 parameters, 6 elements, 48 bytes in data and gradients; not initialized: 1
    """

    def __init__(self, parameters: Iterable[Any]) -> None:
        self.rows: tuple[SummaryRow, ...] = tuple(map(_row, parameters))

    @property
    def nbytes(self) -> int:
        """Bytes of data and gradients of all parameters on all contexts."""
        return sum(row.nbytes for row in self.rows)

    @property
    def elements(self) -> int:
        """The number of elements of all parameters whose shape is known, counted once."""
        return sum(row.elements for row in self.rows)

    @property
    def totals(self) -> str:
        """The last line of the table."""
        waiting = sum(not row.state.startswith("initialized") for row in self.rows)
        text = (
            f"total: {_count(len(self.rows), 'parameter')}, {_count(self.elements, 'element')}, "
            f"{_count(self.nbytes, 'byte')} in data and gradients"
        )
        return f"{text}; not initialized: {waiting}" if waiting else text

    def __str__(self) -> str:
        cells = [_HEADINGS, *map(_cells, self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        number = _HEADINGS.index("bytes")
        lines = [
            "  ".join(
                text.rjust(width) if column == number else text.ljust(width)
                for column, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in cells
        ]
        return "\n".join([*lines, self.totals])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        import html  # late: for notebooks alone

        head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in _cells(row)) + "</tr>"
            for row in self.rows
        )
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
            f"<caption>{html.escape(self.totals)}</caption></table>"
        )


def _row(parameter: Any) -> SummaryRow:
    held: State = parameter._state
    data, gradients = held.data, held.gradients
    state, contexts = "not initialized", tuple[Context, ...]()
    if data is not None:
        state, contexts = "initialized", tuple(held.contexts or ())
    elif held.deferred:
        state, contexts = "deferred", tuple(held.deferred[1])
    if hasattr(parameter, "value"):
        state += " (constant)"
    dtype = parameter.dtype if data is None else data[0].dtype
    storage = parameter._stype
    if gradients is not None and parameter._grad_stype != storage:
        storage += f" (gradient {parameter._grad_stype})"
    shape = parameter.shape
    return SummaryRow(
        parameter.name,
        shape,
        "not set" if dtype is None else dtype_name(dtype),
        contexts,
        parameter.grad_req,
        storage,
        sum(map(_nbytes, [*(data or ()), *(gradients or ())])),
        state,
        math.prod(shape) if shape_rules.is_known(shape) else 0,
    )


def _nbytes(array: Any) -> int:
    """Return the bytes of all buffers of an array."""
    if array.stype == "default":
        return int(array._buffer.nbytes)
    parts = array._parts
    return sum(
        int(part.nbytes) for part in (parts.data, parts.indices, parts.indptr) if part is not None
    )


def _cells(row: SummaryRow) -> tuple[str, ...]:
    return (
        shown(row.name),
        "not set" if row.shape is None else str(row.shape),
        row.dtype,
        ", ".join(map(str, row.contexts)) or "-",
        row.grad_req,
        row.storage,
        f"{row.nbytes:,}",
        row.state,
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
