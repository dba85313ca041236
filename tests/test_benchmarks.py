"""The comparison command: its aims, its rows, and its C loops."""

from __future__ import annotations

import ast
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "asv_benchmarks"
pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="the benchmarks are in a checkout, and not in the wheel"
)


@pytest.fixture
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)


def test_every_row_is_listed_once_and_none_is_skipped():
    command = [sys.executable, FOLDER / "compare.py", "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    names = done.stdout.splitlines()
    assert len(names) == len(set(names)) > 60
    assert "skipped" not in done.stderr


@pytest.mark.usefixtures("_importable")
def test_an_aim_says_whether_it_is_met_and_not_where_its_contender_is_absent():
    from comparison.case import Aim, as_fast_as, at_most, within_limit

    seconds = {"numparam": 1.2, "limit": 1.0, "torch": 3.0}
    assert within_limit(1.25).met(seconds) is True
    assert within_limit(1.15).met(seconds) is False
    assert as_fast_as("torch", 2).met(seconds) is True
    assert as_fast_as("torch", 3).met(seconds) is False
    assert as_fast_as("mxnet", 3).met(seconds) is None
    assert at_most(1.1).met(seconds) is False
    assert Aim("limit", extra=0.3).met(seconds) is True


@pytest.mark.usefixtures("_importable")
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler named cc")
def test_the_limits_do_the_work_that_they_stand_for():
    from comparison.limits import Limits

    limits = Limits(threads=2)
    for count in (2, 4, 8):
        sources = [np.full(10_001, i + 1, np.float32) for i in range(count)]
        out = np.zeros(10_001, np.float32)
        mean = limits.loop("mean_float32", out.size, [*sources, out], count, piece=1000)
        assert mean is not None
        mean()
        assert (out == (count + 1) / 2).all()
    zero = limits.loop("zero", out.nbytes, [out])
    assert zero is not None
    zero()
    assert not out.any()


def test_the_mxnet_worker_has_each_function_that_rows_ask_for():
    asked = set()
    for path in (FOLDER / "comparison").glob("*_rows.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "in_mxnet":
                assert isinstance(node.args[0], ast.Constant)
                asked.add(node.args[0].value)
    worker = ast.parse((FOLDER / "comparison" / "mxnet_worker.py").read_text())
    has = {node.name for node in worker.body if isinstance(node, ast.FunctionDef)}
    assert len(asked) > 15
    assert asked <= has
