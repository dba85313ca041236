"""Draw `parameter.svg`: a Parameter with its contexts, and data and gradient on each.

Run it with ``python docs/figures/parameter.py``.
"""

from __future__ import annotations

from drawing import DATA, FRAME, GRADIENT, arrow, box, cells, save, words


def context(y: float, name: str) -> list[str]:
    """Return one context, with its data and its gradient."""
    return [
        box(20, y, 440, 104, FRAME, 8),
        words(34, y + 22, name, "name"),
        cells(150, y + 20, 2, 3, DATA),
        words(150, y + 74, "data", "name"),
        words(150, y + 92, f"weight.data({name})", "code"),
        cells(320, y + 20, 2, 3, GRADIENT),
        words(320, y + 74, "gradient", "name"),
        words(320, y + 92, f"….grad({name})", "code"),
        arrow(310, y + 38, 214, y + 38),
        words(262, y + 30, "step", "small", "middle"),
    ]


def main() -> None:
    """Draw it."""
    parts = [
        box(8, 8, 464, 356, "#ffffff", 10),
        words(24, 34, "Parameter “net_weight”", "name"),
        words(24, 54, "shape (2, 3), float32, grad_req “write”"),
        *context(68, "cpu(0)"),
        *context(184, "cpu(1)"),
        words(24, 314, "Trainer.step sums gradients and updates all copies alike."),
        words(24, 334, "save writes the mean of the copies; load writes each copy."),
        words(24, 354, "NumPy, PyTorch and JAX can share the memory of each array."),
    ]
    save(__file__, 480, 372, "A Parameter: data and a gradient on each of its contexts", parts)


if __name__ == "__main__":
    main()
