"""Tables in plain text, as a checkpoint prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from numparam.formats.quoting import quoted
from numparam.formats.streams import ArrayHeader

__all__ = ["array_table", "bytes_text", "counted", "printable", "shape_text", "table"]

_SHOWN = 60


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 array``, ``2 arrays``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: set[int]) -> str:
    """Return a table; the columns whose positions are in `numbers` are right-aligned."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = []
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if position in numbers else cell.ljust(width)
            for position, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def array_table(title: str, headers: Mapping[str, ArrayHeader]) -> str:
    """Return a table of arrays with totals."""
    rows = [
        (
            printable(name),
            shape_text(header),
            header.dtype.name,
            "dense" if header.storage == "default" else header.storage,
            f"{header.nbytes:,}",
        )
        for name, header in headers.items()
    ]
    if len(rows) > _SHOWN:
        left = len(rows) - _SHOWN
        rows = [*rows[: _SHOWN // 2], (f"… {left} more", "", "", "", ""), *rows[-_SHOWN // 2 :]]
    head = ("name", "shape", "dtype", "storage", "bytes")
    total = sum(header.nbytes for header in headers.values())
    count = counted(len(headers), "array")
    lines = [title, table(head, rows, {4})] if rows else [title]
    return "\n".join([*lines, f"{count}, {bytes_text(total)}"])


def shape_text(header: ArrayHeader) -> str:
    """Return a shape as tables show it, for row-sparse arrays with the number of stored rows."""
    text = " \u00d7 ".join(map(str, header.shape)) or "scalar"
    if header.storage == "row_sparse":
        return f"{text} ({header.stored_shape[0]} rows)"
    if header.storage == "csr":
        return f"{text} ({header.stored_shape[0]} stored)"
    return text


def printable(name: str) -> str:
    """Return a name as tables show it: quoted if it has characters that a terminal interprets."""
    return name if name.isprintable() and name and len(name) <= 100 else quoted(name)


def bytes_text(count: float) -> str:
    """Return a number of bytes in a unit that fits.

    Examples
    --------
    >>> bytes_text(512), bytes_text(1_500_000)
    ('512 bytes', '1.5 MB')
    """
    if count < 1000:
        return f"{count:.0f} bytes"
    units = iter(("kB", "MB", "GB", "TB"))
    unit = next(units)
    count /= 1000
    while count >= 1000 and unit != "TB":
        count, unit = count / 1000, next(units)
    return f"{count:.3g} {unit}" if count < 1000 else f"{count:.0f} {unit}"
