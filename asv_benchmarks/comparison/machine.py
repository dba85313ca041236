"""A description of the machine and of the versions compared."""

from __future__ import annotations

import datetime
import os
import platform

import numba
import numpy as np

import numparam
from competitors.competitors import Competitors


def properties(threads: int, competitors: Competitors) -> dict[str, str]:
    """Return properties of the machine and versions by name, as text."""
    torch, mxnet = competitors.torch, competitors.mxnet
    return {
        "date": datetime.date.today().isoformat(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "threads": str(threads),
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "python": platform.python_version(),
        "numparam": numparam.__version__,
        "numba": numba.__version__,
        "numpy": np.__version__,
        "torch": "absent" if torch is None else torch.__version__,
        "mxnet": "absent" if mxnet is None else mxnet.version,
        "C compiler": "absent" if competitors.c_loops is None else "present",
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
