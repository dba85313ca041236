"""The benchmark of a GPU runs on the simulator, on a few elements, and finds all results right."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "asv_benchmarks" / "gpu.py"

pytestmark = [
    pytest.mark.cudasim,
    pytest.mark.skipif(not SCRIPT.exists(), reason="the benchmarks are in a checkout alone"),
]


def test_every_case_is_right():
    command = [sys.executable, str(SCRIPT), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("cases are right\n")
