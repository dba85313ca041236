"""Draw `house.svg`: numparam's rooms, floor by floor; every room imports only rooms below it.

Run it with ``python docs/figures/house.py``. The floors are those that the test of the imports has.
"""

from __future__ import annotations

import pathlib
from xml.sax.saxutils import escape

#: Floors from the top: the rooms of each, with what they are for.
FLOORS: list[list[tuple[str, str]]] = [
    [("numparam", "the lazy face"), ("interop", "PyTorch, JAX"), ("test_utils", "MXNet's names")],
    [
        ("gluon", "Parameter, ParameterDict, Trainer"),
        ("kvstore", "push, pull"),
        ("optimizer", "steps"),
    ],
    [("initializer", "first values"), ("symbol", "variables")],
    [
        ("numpy", "mx.np"),
        ("numpy_extension", "mx.npx"),
        ("autograd", "record, backward"),
        ("random", "draws"),
    ],
    [("ndarray", "arrays and the table of operations")],
    [("recording", "scopes, tape"), ("generator", "random state")],
    [
        ("devices", "backends, memory, locks"),
        ("context", "cpu(i), gpu(i)"),
        ("formats", ".params bytes"),
    ],
    [
        ("types", "dtypes, shapes"),
        ("modes", "switches"),
        ("base", "errors"),
        ("class_registry", "names"),
    ],
]
KERNELS = [
    ("reference", "NumPy: what it means"),
    ("cpu", "Numba, @njit"),
    ("cuda", "Numba, @cuda.jit"),
]

WIDTH, ROW, GAP, LEFT = 860, 46, 10, 16
INK, LINE, ROOM, KERNEL = "#1d2733", "#8a97a6", "#eef3f8", "#fdf3e1"


def box(x: float, y: float, width: float, name: str, purpose: str, fill: str) -> str:
    """Return one room."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{ROW}" rx="5" fill="{fill}" '
        f'stroke="{LINE}"/>'
        f'<text x="{x + width / 2:.1f}" y="{y + 20:.1f}" class="name">{escape(name)}</text>'
        f'<text x="{x + width / 2:.1f}" y="{y + 36:.1f}" class="purpose">{escape(purpose)}</text>'
    )


def floor(y: float, rooms: list[tuple[str, str]], fill: str) -> list[str]:
    """Return the rooms of one floor, side by side."""
    width = (WIDTH - 2 * LEFT - GAP * (len(rooms) - 1)) / len(rooms)
    return [box(LEFT + i * (width + GAP), y, width, *room, fill) for i, room in enumerate(rooms)]


def drawing() -> str:
    """Return the picture as SVG text."""
    parts, y = [], 16.0
    for rooms in FLOORS:
        parts += floor(y, rooms, ROOM)
        y += ROW + GAP
    parts.append(
        f'<path d="M {WIDTH / 2} {y - 4} v 24 m -6 -8 l 6 8 l 6 -8" fill="none" stroke="{INK}" '
        'stroke-width="1.6"/>'
        f'<text x="{WIDTH / 2 + 14}" y="{y + 14}" class="purpose" text-anchor="start" '
        'style="text-anchor:start">numparam.kernels, on plain arrays</text>'
    )
    y += 32
    parts += floor(y, KERNELS, KERNEL)
    height = y + ROW + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
        "<title>The rooms of numparam, floor by floor</title>"
        "<style>text{font-family:system-ui,sans-serif;text-anchor:middle;fill:"
        f"{INK}}}.name{{font-size:15px;font-weight:600}}.purpose{{font-size:11.5px}}</style>"
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>'
        + "".join(parts)
        + "</svg>\n"
    )


if __name__ == "__main__":
    pathlib.Path(__file__).with_suffix(".svg").write_text(drawing(), encoding="utf-8")
