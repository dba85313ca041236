"""The few shapes that the drawings of this folder are made of, as SVG."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

INK, LINE, FRAME = "#1d2733", "#8a97a6", "#f6f8fa"
DATA, GRADIENT, IDS, EMPTY = "#cfe3f5", "#fbdfc4", "#d7ecd9", "#ffffff"


def box(x: float, y: float, width: float, height: float, fill: str, radius: float = 4) -> str:
    """Return a rectangle."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
        f'fill="{fill}" stroke="{LINE}"/>'
    )


def cells(x: float, y: float, rows: int, columns: int, fill: str, size: float = 18) -> str:
    """Return a grid of cells, which stands for an array."""
    return "".join(
        box(x + column * size, y + row * size, size, size, fill, 0)
        for row in range(rows)
        for column in range(columns)
    )


def words(x: float, y: float, text: str, kind: str = "small", anchor: str = "start") -> str:
    """Return a line of text, of the kind ``name``, ``small`` or ``code``."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    """Return an arrow."""
    return (
        f'<path d="M{x:g} {y:g}L{to_x:g} {to_y:g}" stroke="{INK}" fill="none" '
        'marker-end="url(#head)"/>'
    )


def save(script: str, width: float, height: float, title: str, parts: list[str]) -> None:
    """Write a drawing beside its script, under the same name."""
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">'
        f"<title>{escape(title)}</title>"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{INK}"/></marker></defs>'
        f"<style>text{{font-family:system-ui,sans-serif;font-size:13px;fill:{INK}}}"
        ".name{font-size:15px;font-weight:600}.code{font-family:ui-monospace,monospace}</style>"
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
    Path(script).with_suffix(".svg").write_text(text, encoding="utf-8")
