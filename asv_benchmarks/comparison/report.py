"""The table that the comparison prints, as plain text or Markdown, and its JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from cases.prepared import Prepared
from comparison.load import BUSY
from comparison.rounds import Times

_COMPETITORS = {"numpy": "x NumPy", "torch": "x torch", "mxnet": "x MXNet"}


class Table:
    """Formats rows.

    Parameters
    ----------
    markdown : bool
        Format as Markdown.
    against : bool
        Have a column for another version of numparam, "before".
    """

    def __init__(self, markdown: bool, against: bool) -> None:
        self._markdown = markdown
        self._against = against
        columns = {"operation": 44, "MB": 8, "ms (median)": 21, "GB/s": 7, "x baseline": 12}
        columns.update(dict.fromkeys(_COMPETITORS.values(), 9))
        if against:
            columns["x before [quartiles]"] = 24
        self._columns = columns

    def heading(self) -> str:
        """Return the first lines."""
        names = [*self._columns, "aim"]
        if not self._markdown:
            return self._line(names)
        rule = ["---", *["--:"] * (len(self._columns) - 1), "---"]
        return f"{self._line(names)}\n{self._line(rule)}"

    def row(self, name: str, prepared: Prepared, times: Times) -> str:
        """Return the line of one case."""
        seconds = times.summary(prepared.by_median)
        own, nbytes = seconds["numparam"], prepared.nbytes
        taken = times.seconds["numparam"]
        cells = [name]
        cells.append(f"{nbytes / 1e6:.4g}" if nbytes >= 1e5 else "")
        cells.append(f"{_milliseconds(min(taken))} ({_milliseconds(statistics.median(taken))})")
        cells.append(f"{nbytes / own / 1e9:.1f}" if nbytes >= 1e5 else "")
        cells.append(f"{own / seconds['baseline']:.2f}" if "baseline" in seconds else "")
        cells += [f"{seconds[key] / own:.2f}" if key in seconds else "" for key in _COMPETITORS]
        if self._against:
            cells.append(_speedup(times))
        return self._line([*cells, _verdicts(prepared, times)])

    def _line(self, cells: Sequence[str]) -> str:
        if self._markdown:
            return f"| {' | '.join(cells)} |"
        name, *middle, last = cells
        widths = list(self._columns.values())
        text = f"{name:{widths[0]}}"
        for cell, width in zip(middle, widths[1:], strict=True):
            text += f"{cell:>{width}}"
        return f"{text}  {last}".rstrip()


def record(name: str, prepared: Prepared, times: Times) -> dict[str, Any]:
    """Return one case for the JSON file; times are seconds of a call."""
    seconds = times.summary(prepared.by_median)
    return {
        "operation": name,
        "nbytes": prepared.nbytes,
        "by_median": prepared.by_median,
        "min": {key: _short(min(values)) for key, values in times.seconds.items()},
        "median": {key: _short(statistics.median(v)) for key, v in times.seconds.items()},
        "slowdown": round(times.slowdown, 3),
        "busy": times.slowdown >= BUSY,
        "took": round(times.took, 3),
        "aims": [{"aim": str(aim), "met": aim.met(seconds)} for aim in prepared.aims],
    }


def summary(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the seconds that count of a record: of the fastest round, or the median."""
    return dict(row["median" if row["by_median"] else "min"])


def _short(seconds: float) -> float:
    return float(f"{seconds:.4g}")


def _verdicts(prepared: Prepared, times: Times) -> str:
    """Return each aim and whether it is met; a busy machine cannot show that it is missed."""
    seconds = times.summary(prepared.by_median)
    missed = "MISSED"
    if times.slowdown >= BUSY:
        missed = f"not judged, the machine is busy ({times.slowdown:.1f} x slower)"
    words = {True: "met", False: missed, None: "not compared"}
    return "; ".join(f"{aim}: {words[aim.met(seconds)]}" for aim in prepared.aims)


def _speedup(times: Times) -> str:
    if "before" not in times.seconds:
        return "not run"
    middle, lower, upper = times.speedup("before")
    return f"{middle:.2f} [{lower:.2f}, {upper:.2f}]"


def _milliseconds(seconds: float) -> str:
    milliseconds = seconds * 1e3
    return f"{milliseconds:.5f}" if milliseconds < 0.1 else f"{milliseconds:.3f}"
