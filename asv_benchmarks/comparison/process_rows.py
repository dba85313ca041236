"""Rows for new processes: importing, and the first call from a warm cache."""

from __future__ import annotations

import functools
import os
import pathlib
import subprocess
import sys
import tempfile

from comparison.bench import Bench
from comparison.case import Aim, Case, Row, Timed, at_most

_ROOT = pathlib.Path(__file__).resolve().parents[2]

_TIMED = """
import time
import numpy as np
start = time.perf_counter()
{body}
print(time.perf_counter() - start)
"""

_EMPTY = """
import numba


@numba.njit(cache=True)
def empty():
    pass
"""

_ARRAY = "np.ones(3, np.float32)"
_CALLS = {
    "mean": f"from numparam.kernels.cpu import average; average.mean([{_ARRAY}] * 2)",
    "zero": f"from numparam.kernels.cpu import reset; reset.zero([{_ARRAY}])",
    "normal": f"from numparam.kernels.cpu import random; random.normal({_ARRAY}, seed=1)",
    "retain": (
        "from numparam.kernels.cpu import retain\n"
        "retain.retain([0, 2], np.ones((2, 3), np.float32), [1, 2])"
    ),
}

_folders: list[tempfile.TemporaryDirectory] = []


def in_process(body: str, folder: str | None = None) -> Timed:
    """Time `body` inside a new interpreter, after NumPy has been imported."""
    path = os.pathsep.join([*([folder] if folder else []), str(_ROOT)])
    environment = {**os.environ, "PYTHONPATH": path}

    def run(repeats: int) -> float:
        command = [sys.executable, "-c", _TIMED.format(body=body)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return repeats * float(done.stdout)

    return run


def importing(bench: Bench, body: str, aimed: bool) -> Case:
    case = Case(0, (at_most(0.06),) if aimed else (), by_median=True)
    case.add_timed("numparam", in_process(body))
    return case


def first_call(bench: Bench, name: str) -> Case:
    folder = tempfile.TemporaryDirectory()
    _folders.append(folder)  # until the interpreter ends
    pathlib.Path(folder.name, "empty_function.py").write_text(_EMPTY)
    case = Case(0, (Aim("limit", extra=0.1),), by_median=True)
    case.add_timed("numparam", in_process(_CALLS[name]))
    empty = "import empty_function; empty_function.empty()"
    case.add_timed("limit", in_process(empty, folder.name))
    return case


_MODULES = "import numparam as mx; mx.nd.NDArray; mx.gluon.Parameter; mx.init.Uniform"

ROWS = [
    Row(
        "import numparam",
        functools.partial(importing, body="import numparam", aimed=True),
    ),
    Row(
        "import numparam, use nd, gluon and init",
        functools.partial(importing, body=_MODULES, aimed=True),
    ),
    *(
        Row(f"first call of {name}, warm cache", functools.partial(first_call, name=name))
        for name in _CALLS
    ),
]
