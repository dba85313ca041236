"""Draw `digits_curve.svg`: how the classifier of the tutorial learns, epoch by epoch.

Run it with numparam and the extra ``examples``: ``python docs/figures/digits_curve.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from drawing import INK, LINE, save, words

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

import digits

import numparam as mx

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 280, 56, 20, 24, 44
COLORS = {"training": "#2b7bba", "held out": "#d95f0e"}
LEAST = 0.80  # where the axis begins


def curves() -> dict[str, list[float]]:
    """Train as the example does; return the accuracies after each epoch."""
    mx.random.seed(7)
    sets = dict(zip(COLORS, digits.images_and_labels(), strict=True))
    params = digits.classifier()
    params.initialize(ctx=digits.CONTEXTS)
    found: dict[str, list[float]] = {name: [] for name in sets}

    def watched(epochs: range, description: str) -> Iterator[int]:
        for epoch in epochs:
            yield epoch
            for name, images in sets.items():
                found[name].append(digits.accuracy(params, *images))

    digits.track = watched
    digits.train(params, *sets["training"], digits.by_tape)
    return found


def main() -> None:
    """Train, draw and print."""
    found = curves()
    across, up = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def y(accuracy: float) -> float:
        return TOP + up * (1 - (max(accuracy, LEAST) - LEAST) / (1 - LEAST))

    parts = [
        f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="{INK}"/>',
        words(WIDTH - RIGHT, HEIGHT - 10, f"{digits.EPOCHS} epochs", anchor="end"),
    ]
    for share in (0.8, 0.85, 0.9, 0.95, 1.0):
        parts.append(words(LEFT - 6, y(share) + 4, f"{share:.0%}", anchor="end"))
        parts.append(f'<path d="M{LEFT} {y(share):.1f}H{WIDTH - RIGHT}" stroke="{LINE}" '
                     'stroke-opacity="0.4"/>')  # fmt: skip
    for line, (name, values) in enumerate(found.items()):
        points = " ".join(
            f"{LEFT + across * epoch / digits.EPOCHS:.1f},{y(value):.1f}"
            for epoch, value in enumerate(values, 1)
        )
        color = COLORS[name]
        parts.append(f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{points}"/>')
        parts.append(
            f'<rect x="{WIDTH - 130}" y="{HEIGHT - 104 + 22 * line}" width="12" height="12" '
            f'fill="{color}"/>'
        )
        parts.append(words(WIDTH - 112, HEIGHT - 93 + 22 * line, name))
        print(f"{name}: {values[-1]:.3f}")
    save(__file__, WIDTH, HEIGHT, "Accuracy on training and held-out images by epoch", parts)


if __name__ == "__main__":
    main()
