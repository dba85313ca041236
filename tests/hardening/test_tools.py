"""The three tools of this folder, each on a few tests or calls.

Whole runs take minutes; the contributors' page says when to make them.
"""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent
_ROOT = _FOLDER.parents[1]
_STRAY = """
import ctypes, sys
import numpy as np
from tests.hardening.guard_pages import GuardedMemory

GuardedMemory(before={before}).install()
array = np.arange(33, dtype=np.float32)
array = np.concatenate([array, array])[:33].copy()
assert array.sum() == 528
start = array.ctypes.data
ctypes.string_at(start, array.nbytes)
print("inside", flush=True)
ctypes.string_at(start {place}, 1)
print("outside")
"""

needs_pages = pytest.mark.skipif(
    not hasattr(mmap, "MAP_ANONYMOUS") or sys.platform == "win32",
    reason="this system does not map memory without a file",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    path = ":".join([str(_ROOT), str(_ROOT / "tests" / "recorder")])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": path, "PYTHONFAULTHANDLER": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@needs_pages
@pytest.mark.parametrize(("before", "place"), [(False, "+ array.nbytes"), (True, "- 1")])
def test_a_byte_read_outside_an_array_ends_the_process(before, place):
    done = run("-c", _STRAY.format(before=before, place=place))
    assert done.stdout == "inside\n"
    assert done.returncode in (-signal.SIGSEGV, -signal.SIGBUS)


@needs_pages
@pytest.mark.parametrize("side", [[], ["--before"]], ids=["behind", "before"])
def test_kernels_stay_within_their_arrays(side):
    tests = ["tests/kernels/test_reset.py", "tests/kernels/test_table.py"]
    done = run(str(_FOLDER / "guard_pages.py"), *side, *tests, "-k", "not large")
    assert done.returncode == 0, done.stdout + done.stderr


def test_threads_agree_when_they_switch_every_microsecond():
    tests = "tests/numparam/gluon/test_while_others_get.py"
    done = run(str(_FOLDER / "fast_switching.py"), tests)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that send signals")
def test_interrupted_calls_leave_what_fits():
    calls = ["reset_ctx", "cast", "grad_req", "save", "step"]
    done = run(str(_FOLDER / "interrupts.py"), "--rounds", "4", *calls)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("interrupted") == len(calls)
