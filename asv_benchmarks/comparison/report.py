"""The table that the comparison prints, and its JSON."""

from __future__ import annotations

import os
import platform
import statistics
from typing import Any

from comparison.bench import Bench, summary
from comparison.case import Case

_NAME = 44
_COLUMNS = ("numpy", "torch", "mxnet")


def heading(bench: Bench) -> str:
    """Say what is compared, and on what machine."""
    lines = [", ".join(f"{key} {value}" for key, value in machine(bench).items())]
    lines.append(
        f"{'operation':{_NAME}}{'MB':>7}{'ms (median)':>22}{'GB/s':>7}{'x limit':>9}"
        f"{'x NumPy':>9}{'x torch':>9}{'x MXNet':>9}  aim"
    )
    return "\n".join(lines)


def machine(bench: Bench) -> dict[str, Any]:
    """Describe the machine and the contenders' versions."""
    import numba
    import numpy as np

    import numparam

    described: dict[str, Any] = {
        "processor": _processor(),
        "threads": bench.threads,
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "python": platform.python_version(),
        "numparam": numparam.__version__,
        "numba": numba.__version__,
        "numpy": np.__version__,
        "torch": bench.torch.__version__ if bench.torch is not None else "absent",
        "mxnet": bench.mxnet.version if bench.mxnet is not None else "absent",
        "limit": "C" if bench.limits.compiler is not None else "NumPy (no C compiler)",
    }
    return described


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def line(name: str, case: Case, taken: dict[str, list[float]]) -> str:
    """Format one row of the table."""
    seconds = summary(taken, case.by_median)
    ours = seconds["numparam"]
    megabytes = f"{case.nbytes / 1e6:.4g}" if case.nbytes >= 1e5 else ""
    speed = f"{case.nbytes / ours / 1e9:.1f}" if case.nbytes >= 1e5 else ""
    both = f"{_milliseconds(min(taken['numparam']))} ({_milliseconds(_median(taken))})"
    text = f"{name:{_NAME}}{megabytes:>7}{both:>22}{speed:>7}"
    text += f"{ours / seconds['limit']:>9.2f}" if "limit" in seconds else f"{'':9}"
    for other in _COLUMNS:
        text += f"{seconds[other] / ours:>9.2f}" if other in seconds else f"{'':9}"
    return (text + "  " + verdict(case, seconds)).rstrip()


def verdict(case: Case, seconds: dict[str, float]) -> str:
    """Say each aim and whether it is met."""
    words = {True: "met", False: "MISSED", None: "not compared"}
    return "; ".join(f"{aim}: {words[aim.met(seconds)]}" for aim in case.aims)


def record(name: str, case: Case, taken: dict[str, list[float]]) -> dict[str, Any]:
    """One row for the JSON file; times are seconds a call."""
    seconds = summary(taken, case.by_median)
    return {
        "operation": name,
        "nbytes": case.nbytes,
        "min": {key: min(values) for key, values in taken.items()},
        "median": {key: statistics.median(values) for key, values in taken.items()},
        "rounds": len(taken["numparam"]),
        "aims": [{"aim": str(aim), "met": aim.met(seconds)} for aim in case.aims],
    }


def _median(taken: dict[str, list[float]]) -> float:
    return statistics.median(taken["numparam"])


def _milliseconds(seconds: float) -> str:
    milliseconds = seconds * 1e3
    return f"{milliseconds:.5f}" if milliseconds < 0.1 else f"{milliseconds:.3f}"
