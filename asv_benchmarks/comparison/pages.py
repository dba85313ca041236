"""Writes a comparison into the pages: figures and tables of docs/, and the README's table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cases import registry
from comparison import gpu_pages
from comparison.chart import CONTENDERS, chart, ratios, with_digits
from comparison.report import summary

#: The groups of the page on performance: the modules of `cases`, their headings and figures.
GROUPS = {
    "kernels": "Kernels on plain arrays",
    "calls": "Calls on small arrays",
    "processes": "New processes",
    "arrays": "Arrays",
    "sparse": "Row-sparse arrays",
    "tape": "The tape",
    "files": "Files",
    "checkpoints": "Arithmetic over files",
    "parameters": "Parameters",
    "training": "Training",
}

#: The rows of the README's table: of each kind some, also those that lose.
CHOSEN = (
    "mean of 4 x 64 MB float32",
    "mean of 4 x 64 MB float16",
    "zero 2,000 x 1 kB, ready table",
    "gather 95,000 of 1,000,000 x 64",
    "cast 16 Mi float32 to float16",
    "normal 64 MB",
    "a + a on 3 elements",
    "nd.array of 64 MB from NumPy",
    "nd.load of ResNet-50's 299 arrays",
    "ParameterDict.save of ResNet-50",
    "zero_grad of 2,000 parameters of 10",
    "create, initialize 2,000 parameters of 10",
    "autograd: two dense layers on 32 x 64, forward and backward",
    "step of ResNet-50, Adam",
    "step of 2,000 x 64, Adam",
    "lazy adam step of 50,000 of 1,000,000 x 64",
    "exact adam step of 100,000 Zipf draws of 1,000,000 x 64, after 300",
)

FIGURES = Path("docs", "figures")
RESULTS = FIGURES / "speed.json"


def write(root: Path, results: Mapping[str, Any]) -> list[Path]:
    """Write figures and tables.

    Parameters
    ----------
    root : Path
        The checkout.
    results : dict
        What the command writes with ``--json``.

    Returns
    -------
    list of Path
        The files that were written.
    """
    texts = contents(root, results)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def contents(root: Path, results: Mapping[str, Any]) -> dict[Path, str]:
    """Return the text of each figure and page."""
    rows = {row["operation"]: row for row in results["rows"]}
    texts = {}
    page = [about(results)]
    for module in registry.MODULES:
        name = module.__name__.rpartition(".")[2]
        own = [rows[case.name] for case in module.CASES if case.name in rows]
        if not own:
            continue
        figure = root / FIGURES / f"speed-{name}.svg"
        texts[figure] = chart(own, f"{GROUPS[name]}: how many times as fast as others numparam is")
        page.append(
            f"### {GROUPS[name]}\n\n```{{image}} figures/{figure.name}\n"
            f":alt: {GROUPS[name]}: how many times as fast as others; numbers are in the table.\n"
            f":class: chart\n```\n\n{table(own)}"
        )
    for path, name, text in (
        (root / "docs" / "performance.md", "figures", "\n\n".join(page)),
        (
            root / "README.md",
            "speed",
            about(results) + "\n\n" + table([rows[name] for name in CHOSEN if name in rows]),
        ),
    ):
        texts[path] = replaced(path.read_text(encoding="utf-8"), name, text)
    figures, text = gpu_pages.contents(root)
    page = root / "docs" / "performance.md"
    return texts | figures | {page: replaced(texts[page], "GPU figures", text)}


def replaced(page: str, name: str, text: str) -> str:
    """Put a text between ``<!-- NAME -->`` and ``<!-- end of NAME -->``."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
    if not re.search(pattern, page, re.DOTALL):
        raise ValueError(f"the page has no place for {name!r}")
    return re.sub(pattern, lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page, flags=re.DOTALL)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown table: numparam's time, and how many times as fast as others it is."""
    lines = [
        "| | ms | " + " | ".join(f"x {label}" for label, _ in CONTENDERS.values()) + " |",
        "|---|--:|" + "--:|" * len(CONTENDERS),
    ]
    for row in rows:
        found = ratios(row)
        cells = [f"{summary(row)['numparam'] * 1e3:.3g}"]
        cells += [with_digits(found[name]) if name in found else "" for name in CONTENDERS]
        lines.append(f"| {row['operation']} | {' | '.join(cells)} |")
    return "\n".join(lines)


# Slower than this many times, or in fewer rounds, turns do not make contenders equal.
_BUSY, _ROUNDS = 3.0, 5


def about(results: Mapping[str, Any]) -> str:
    """Say where, when and how the numbers were measured, and whether they are worth anything."""
    machine = results["machine"]
    busy = [row["slowdown"] for row in results["rows"] if row["busy"]]
    rounds = int(machine["rounds"])
    text = (
        f"Measured on {machine['date']} on {machine['processor']} ({machine['cores']} cores, "
        f"{machine['threads']} threads for each), Python {machine['python']}, Numba "
        f"{machine['numba']}, NumPy {machine['numpy']}, PyTorch {machine['torch']}, MXNet "
        f"{machine['mxnet']}, by `{machine['command']}`: "
        + (f"the fastest of {rounds} rounds in turns." if rounds > 1 else "one round.")
    )
    much = len(busy) * 2 > len(results["rows"])
    if much and (max(busy) > _BUSY or rounds < _ROUNDS):
        return (
            f"**Provisional: the machine was busy with other work, up to {max(busy):.0f} times "
            f"as slow as at its best. These ratios show the form of the table and little else.** "
            f"{text}"
        )
    if busy:
        text += (
            f" The machine was busy with other work during {len(busy)} of {len(results['rows'])} "
            f"rows, up to {max(busy):.1f} times as slow as at its best: the ratios, of contenders "
            "that took turns, hold better than the times."
        )
    return text
