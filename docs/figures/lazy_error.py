"""Draw ``lazy_error.svg``: how far lazy and exact sparse training are from dense training.

Run it with numparam installed: ``python docs/figures/lazy_error.py``. Prints the last values.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import numparam as mx

ROWS, COLUMNS, DRAWS, STEPS = 2000, 8, 200, 300
WIDTH, HEIGHT, MARGIN = 640, 320, 50
COLORS = {"sgd, momentum": "#1b6ca8", "adam": "#c0392b", "adagrad, decay": "#2e8b57"}
OPTIMIZERS = {
    "sgd, momentum": ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 1e-3}),
    "adam": ("adam", {"learning_rate": 0.01}),
    "adagrad, decay": ("adagrad", {"learning_rate": 0.1, "wd": 1e-3}),
}


def errors(name: str, arguments: dict[str, float], lazy: bool) -> list[float]:
    """Return after each step the distance from dense training, over that from the start."""
    numbers = np.random.default_rng(0)
    start = numbers.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    target = numbers.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    dense, sparse = mx.nd.array(start), mx.nd.array(start)
    whole = mx.optimizer.get_updater(mx.optimizer.create(name, **arguments))
    rows = mx.optimizer.get_updater(mx.optimizer.create(name, lazy_update=lazy, **arguments))
    found = []
    for _ in range(STEPS):
        ids = np.unique(numbers.zipf(1.2, DRAWS) % ROWS)
        filled = np.zeros_like(start)
        filled[ids] = dense.asnumpy()[ids] - target[ids]
        own = sparse.asnumpy()[ids] - target[ids]
        whole(0, mx.nd.array(filled), dense)
        rows(0, mx.nd.sparse.row_sparse_array((own, ids), shape=start.shape), sparse)
        moved = np.linalg.norm(dense.asnumpy() - start)
        found.append(float(np.linalg.norm(sparse.asnumpy() - dense.asnumpy()) / moved))
    return found


def polyline(values: list[float], color: str) -> str:
    """Return a curve in SVG."""
    across, up = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    points = " ".join(
        f"{MARGIN + across * i / (STEPS - 1):.1f},{HEIGHT - MARGIN - up * min(value, 1):.1f}"
        for i, value in enumerate(values)
    )
    return f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{points}"/>'


def main() -> None:
    """Train, draw and print."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<path d="M{MARGIN} {MARGIN}V{HEIGHT - MARGIN}H{WIDTH - MARGIN}" fill="none" '
        'stroke="#555"/>',
        f'<text x="{MARGIN - 8}" y="{MARGIN + 4}" text-anchor="end">100 %</text>',
        f'<text x="{MARGIN - 8}" y="{HEIGHT - MARGIN + 4}" text-anchor="end">0</text>',
        f'<text x="{WIDTH - MARGIN}" y="{HEIGHT - 28}" text-anchor="end">{STEPS} steps</text>',
    ]
    for line, (label, (name, arguments)) in enumerate(OPTIMIZERS.items()):
        lazy, exact = (errors(name, arguments, kind) for kind in (True, False))
        print(f"{label}: lazy {lazy[-1]:.1%}, exact {exact[-1]:.1%}")
        color = COLORS[label]
        parts += [polyline(lazy, color), polyline(exact, color)]
        parts.append(
            f'<text x="{MARGIN + 12}" y="{MARGIN + 18 * line}" fill="{color}">{label}</text>'
        )
    target = Path(__file__).with_suffix(".svg")
    target.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
