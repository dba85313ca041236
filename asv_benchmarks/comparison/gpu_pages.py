"""Draws what was measured on GPUs into the page on performance, from the files beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from comparison.chart import ON_A_GPU, chart, ratios, with_digits

FIGURES = Path("docs", "figures")
#: What was measured: a file of results, its heading, and the figure that is drawn of it.
MEASURED = (
    ("gpu-first-kernels.json", "The first kernels", "speed-gpu-first-kernels.svg"),
    ("gpu.json", "Today's kernels", "speed-gpu.svg"),
)


def contents(root: Path) -> tuple[dict[Path, str], str]:
    """Return the text of each figure, and that of the page, for the files that there are."""
    figures, page = {}, []
    for name, heading, figure in MEASURED:
        path = root / FIGURES / name
        if not path.exists():
            continue
        results = json.loads(path.read_text(encoding="utf-8"))
        rows = rows_of(results)
        title = f"{heading} on {results['machine']['gpu']}"
        figures[root / FIGURES / figure] = chart(
            rows, f"{title}: how many times as fast as others numparam is", ON_A_GPU
        )
        page.append(
            f"### {heading}\n\n{about(results)}\n\n```{{image}} figures/{figure}\n"
            f":alt: {title}: how many times as fast as others; numbers are in the table.\n"
            f":class: chart\n```\n\n{table(rows)}"
        )
    return figures, "\n\n".join(page)


def rows_of(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return rows as `chart` takes them, of a file of figures or of what ``gpu.py`` writes."""
    if "rows" in results:
        scale = {"ms": 1e-3, "us": 1e-6}
        given = [
            (
                row["operation"],
                {name: value * scale[row["unit"]] for name, value in row["times"].items()},
            )
            for row in results["rows"]
        ]
    else:
        names = {"numparam": "seconds", "torch": "beside_seconds", "cupy": "cupy_seconds"}
        given = [
            (case["case"], {to: case[name] for to, name in names.items() if case[name] is not None})
            for case in results["cases"]
            if case["beside"].startswith("torch")
        ]
    return [{"operation": name, "by_median": False, "min": times} for name, times in given]


def about(results: Mapping[str, Any]) -> str:
    """Return a sentence with the device, the versions, the date and the command."""
    machine = results["machine"]
    versions = ", ".join(
        f"{name} {version}" for name, version in machine["versions"].items() if version
    )
    driver = f", a driver for CUDA {machine['driver']}" if machine["driver"] else ""
    date = machine["date"] or "an unknown date"
    command = f"by `{machine['command']}`" if machine["command"] else "by a script that is not kept"
    note = f" {results['note']}" if results.get("note") else ""
    return f"Measured on {date} on one {machine['gpu']}{driver}, {versions}, {command}.{note}"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown table: numparam's time, and how many times as fast as others it is."""
    found = [ratios(row, ON_A_GPU) for row in rows]
    present = [name for name in ON_A_GPU if any(name in one for one in found)]
    lines = [
        "| | ms | " + " | ".join(f"x {ON_A_GPU[name][0]}" for name in present) + " |",
        "|---|--:|" + "--:|" * len(present),
    ]
    for row, one in zip(rows, found, strict=True):
        cells = [f"{row['min']['numparam'] * 1e3:.3g}"]
        cells += [with_digits(one[name]) if name in one else "" for name in present]
        lines.append(f"| {row['operation']} | {' | '.join(cells)} |")
    return "\n".join(lines)
