"""Cases for new processes: importing, and the first call with compiled code in Numba's cache."""

from __future__ import annotations

import functools
import os
import pathlib
import subprocess
import sys
import tempfile

import numparam
from cases.aims import Aim, at_most
from cases.case import Case
from cases.prepared import Prepared
from competitors.competitors import Competitors
from competitors.timing import Timed

_TIMED = """
import time
import numpy as np
start = time.perf_counter()
{code}
print(time.perf_counter() - start)
"""

_EMPTY = """
import numba


@numba.njit(cache=True)
def empty():
    pass
"""

_ARRAY = "np.ones(3, np.float32)"

#: What a new process runs after it has imported NumPy, by name.
IMPORTS = {
    "import numparam": "import numparam",
    "import numparam, use nd, gluon and init": (
        "import numparam as mx; mx.nd.NDArray; mx.gluon.Parameter; mx.init.Uniform"
    ),
}
FIRST_CALLS = {
    "first call of mean, warm cache": (
        f"from numparam.kernels.cpu import average; average.mean([{_ARRAY}] * 2)"
    ),
    "first call of zero, warm cache": (
        f"from numparam.kernels.cpu import reset; reset.zero([{_ARRAY}])"
    ),
    "first call of normal, warm cache": (
        f"from numparam.kernels.cpu import random; random.normal({_ARRAY}, seed=1)"
    ),
    "first call of retain, warm cache": (
        "from numparam.kernels.cpu import retain\n"
        "retain.retain([0, 2], np.ones((2, 3), np.float32), [1, 2])"
    ),
}

_folders: list[tempfile.TemporaryDirectory] = []


def run_in_process(code: str, folder: str | None = None) -> float:
    """Return the seconds that `code` takes in a new interpreter, after NumPy's import.

    The interpreter imports the same numparam as this process.
    """
    root = str(pathlib.Path(numparam.__file__).parents[1])
    path = os.pathsep.join([*([folder] if folder else []), root])
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(code=code)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def _in_process(code: str, folder: str | None = None) -> Timed:
    return lambda repeats: sum(run_in_process(code, folder) for _ in range(repeats))


def importing(competitors: Competitors, code: str) -> Prepared:
    aim = at_most(0.06)
    prepared = Prepared(functools.partial(run_in_process, code), aims=(aim,), by_median=True)
    prepared.add_timed("numparam", _in_process(code))
    return prepared


def first_call(competitors: Competitors, code: str) -> Prepared:
    folder = tempfile.TemporaryDirectory()
    _folders.append(folder)  # until the interpreter ends
    pathlib.Path(folder.name, "empty_function.py").write_text(_EMPTY)
    aim = Aim("baseline", extra=0.1)
    prepared = Prepared(functools.partial(run_in_process, code), aims=(aim,), by_median=True)
    prepared.add_timed("numparam", _in_process(code))
    empty = "import empty_function; empty_function.empty()"
    prepared.add_timed("baseline", _in_process(empty, folder.name))
    return prepared


CASES = [
    *(
        Case(name, functools.partial(importing, code=code), seconds=6)
        for name, code in IMPORTS.items()
    ),
    *(
        Case(name, functools.partial(first_call, code=code), seconds=20)
        for name, code in FIRST_CALLS.items()
    ),
]
