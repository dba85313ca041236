"""Bar charts of a comparison, as SVG: how many times as fast as others numparam is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from comparison.report import summary

#: Contenders in the order of the bars, with what the legend calls them and their colours.
CONTENDERS = {
    "baseline": ("the limit", "#8a97a6"),
    "numpy": ("NumPy", "#2b7bba"),
    "torch": ("PyTorch", "#d95f0e"),
    "mxnet": ("MXNet", "#3a9a5b"),
}
_WIDTH, _LEFT, _RIGHT, _BAR, _GAP, _LABEL = 480, 12, 12, 11, 12, 18
_LEAST, _MOST = 1 / 8, 64  # the scale, logarithmic; longer bars end at its end, with their number
_INK, _LINE, _GRID = "#1d2733", "#8a97a6", "#e1e6ec"


#: The same, for GPUs.
ON_A_GPU = {
    "prototype": ("a prototype", "#8a97a6"),
    "torch": CONTENDERS["torch"],
    "cupy": ("CuPy", "#2b7bba"),
    "driver": ("the driver", "#3a9a5b"),
}
Contenders = Mapping[str, tuple[str, str]]


def chart(
    rows: Sequence[Mapping[str, Any]], title: str, contenders: Contenders = CONTENDERS
) -> str:
    """Draw rows of a comparison.

    Parameters
    ----------
    rows : sequence of dict
        Records of `report.record`. Those without another contender are left out.
    title : str
        What the picture shows, for those who cannot see it.
    contenders : dict, optional
        What numparam is compared with: labels and colours by name, in the order of the bars.

    Returns
    -------
    str
        The text of an SVG file.
    """
    shown = [(row["operation"], ratios(row, contenders)) for row in rows]
    shown = [(name, found) for name, found in shown if found]
    top = 66.0
    height = top + sum(_LABEL + _BAR * len(found) + _GAP for _, found in shown) + 8
    parts = [*_legend(contenders), *_grid(top - 8, height - 8)]
    y = top
    for name, found in shown:
        parts.append(f'<text x="{_LEFT}" y="{y + 12:.0f}" class="name">{escape(name)}</text>')
        y += _LABEL
        for contender, ratio in found.items():
            parts.append(_bar(y, ratio, contenders[contender][1]))
            y += _BAR
        y += _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img">'
        f"<title>{escape(title)}</title>"
        f"<style>text{{font-family:system-ui,sans-serif;font-size:11px;fill:{_INK}}}"
        ".name{font-size:13px}.middle{text-anchor:middle}.end{text-anchor:end}</style>"
        f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#ffffff"/>'
        + "\n".join(parts)
        + "</svg>\n"
    )


def ratios(row: Mapping[str, Any], contenders: Contenders = CONTENDERS) -> dict[str, float]:
    """Return how many times as fast as each other contender numparam is, in the bars' order."""
    seconds = summary(row)
    own = seconds["numparam"]
    return {name: seconds[name] / own for name in contenders if name in seconds}


def _x(ratio: float) -> float:
    share = math.log(ratio / _LEAST) / math.log(_MOST / _LEAST)
    return _LEFT + (_WIDTH - _LEFT - _RIGHT - 34) * min(max(share, 0.0), 1.0)


def _bar(y: float, ratio: float, color: str) -> str:
    start, end = sorted((_x(1), _x(ratio)))
    opacity = 1 if ratio >= 1 else 0.55
    return (
        f'<rect x="{start:.1f}" y="{y:.1f}" width="{max(end - start, 1):.1f}" height="{_BAR - 2}" '
        f'fill="{color}" fill-opacity="{opacity}"/>'
        f'<text x="{end + 4:.1f}" y="{y + _BAR - 2.5:.1f}">{with_digits(ratio)} x</text>'
    )


def _legend(contenders: Contenders) -> list[str]:
    parts, x = [], float(_LEFT)
    for name, color in contenders.values():
        parts.append(f'<rect x="{x:.0f}" y="10" width="11" height="11" fill="{color}"/>')
        parts.append(f'<text x="{x + 15:.0f}" y="20">{name}</text>')
        x += 40 + 7.5 * len(name)
    return parts


def _grid(top: float, bottom: float) -> list[str]:
    parts = [
        f'<text x="{_x(1) - 6:.0f}" y="38" class="end">numparam is slower</text>',
        f'<text x="{_x(1) + 6:.0f}" y="38">numparam is faster than …</text>',
    ]
    for power in range(-3, 7):
        x = _x(2.0**power)
        color = _LINE if power == 0 else _GRID
        label = str(2**power) if power >= 0 else f"1/{2**-power}"
        parts.append(
            f'<path d="M{x:.1f} {top}V{bottom:.0f}" stroke="{color}"/>'
            f'<text x="{x:.1f}" y="{top - 3}" class="middle">{label}</text>'
        )
    return parts


def with_digits(ratio: float) -> str:
    """Format a ratio with two or three digits."""
    if ratio < 0.1:
        return f"{ratio:.1g}"
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2f}"
