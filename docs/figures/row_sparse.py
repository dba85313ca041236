"""Draw `row_sparse.svg`: a row-sparse array is the ids of some rows, and these rows.

Run it with ``python docs/figures/row_sparse.py``.
"""

from __future__ import annotations

from drawing import DATA, EMPTY, IDS, arrow, box, cells, save, words

ROWS, STORED, SIZE = 8, (1, 3, 6), 22


def main() -> None:
    """Draw it."""
    parts = [words(36, 26, "means: shape (8, 3)", "name")]
    top = 42
    for row in range(ROWS):
        y = top + row * SIZE
        parts.append(words(28, y + 16, str(row), "code", "end"))
        parts.append(cells(36, y, 1, 3, DATA if row in STORED else EMPTY, SIZE))
        if row not in STORED:
            parts += [words(47 + c * SIZE, y + 16, "0", "code", "middle") for c in range(3)]
    parts.append(words(250, 26, "stores: ids and rows", "name"))
    for place, row in enumerate(STORED):
        y = top + 40 + place * SIZE
        parts.append(box(250, y, SIZE, SIZE, IDS, 0))
        parts.append(words(261, y + 16, str(row), "code", "middle"))
        parts.append(cells(310, y, 1, 3, DATA, SIZE))
        parts.append(arrow(108, top + row * SIZE + 11, 244, y + 11))
    y = top + 40 + len(STORED) * SIZE
    parts += [
        words(261, y + 20, "indices", "code", "middle"),
        words(261, y + 38, "int64", "small", "middle"),
        words(343, y + 20, "data", "code", "middle"),
        words(343, y + 38, "3 rows of 3", "small", "middle"),
        words(20, 246, "The gradient of a table holds the rows that a batch used:"),
        words(20, 266, "work on it costs as much as these rows, not as the table."),
    ]
    save(__file__, 480, 280, "A row-sparse array: ids of rows, and these rows", parts)


if __name__ == "__main__":
    main()
