"""The benchmark of a GPU runs on the simulator, on a few elements, and finds all results right."""

from __future__ import annotations

import json
import os
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


def test_every_case_is_right_and_measured(tmp_path):
    results = tmp_path / "gpu.json"
    command = [sys.executable, str(SCRIPT), "--dry", "--json", str(results)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(results.read_text())
    assert f"{len(found['cases'])} cases, " in done.stdout
    assert found["machine"]["gpu"] == "simulator"
    assert all(case["seconds"] > 0 for case in found["cases"])
    names = [case["case"] for case in found["cases"]]
    assert len(set(names)) == len(names)


def test_without_a_gpu_the_script_says_what_is_missing():
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0", "NUMBA_DISABLE_CUDA": "1"}
    command = [sys.executable, str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "numba-cuda" in done.stdout or "NUMBA_DISABLE_CUDA" in done.stdout
