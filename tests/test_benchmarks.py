"""The benchmarks: their cases, the comparison command, and its C loops."""

from __future__ import annotations

import ast
import graphlib
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "asv_benchmarks"
pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="the benchmarks are in a checkout, and not in the wheel"
)


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)


@pytest.fixture
def c_loops():
    from competitors.c_loops import CLoops

    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler named cc")
    return CLoops(2, compiler)


def compare(*arguments):
    """Run the command and return its completed process."""
    command = [sys.executable, FOLDER / "compare.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def imports(path):
    """Yield the full names of the modules and names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_command_lists_every_case():
    done = compare("--list")
    names = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(names) == len(set(names)) > 80
    assert "Parameter.data(ctx)" in names


def test_the_command_lists_all_names_when_no_name_matches():
    done = compare("--only", "no such case")
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) > 80


def test_a_comparison_with_the_same_checkout_times_both(tmp_path):
    path = tmp_path / "times.json"
    done = compare(
        "--only", "Parameter.data", "--rounds", "1", "--against", ROOT, "--markdown", "--json", path
    )
    assert "| Parameter.data(ctx) |" in done.stdout, done.stderr
    assert done.stdout.startswith("1 cases, about ")
    (row,) = json.loads(path.read_text())["rows"]
    assert row["operation"] == "Parameter.data(ctx)"
    assert row["min"]["before"] > 0
    assert row["min"]["numparam"] > 0


def test_airspeed_velocity_times_every_case():
    from benchmarks import processes, timing
    from cases import registry

    classes = [value for value in vars(timing).values() if hasattr(value, "params")]
    timed = [name for cls in classes for name in cls.params] + processes.Processes.params
    assert sorted(timed) == sorted([*registry.all_cases(), "import numpy"])
    for cls in classes:
        assert cls.params == [case.name for case in cls.module.CASES]


def test_a_benchmark_of_airspeed_velocity_calls_numparam_alone():
    from benchmarks import timing

    benchmark = timing.Calls()
    benchmark.setup("a + a on 3 elements")
    assert benchmark.call().asnumpy().tolist() == [2, 2, 2]


def test_benchmarks_use_public_names_only():
    public = ("numparam", "numparam.kernels", "numparam.kernels.cpu", "numparam.gluon.Parameter")
    found = set()
    for path in FOLDER.rglob("*.py"):
        # Memory of a GPU has no public name in the kernels.
        if path.name != "gpu.py":
            found.update(name for name in imports(path) if name.split(".")[0] == "numparam")
    kernels = {name for name in found if name.rpartition(".")[0] == "numparam.kernels.cpu"}
    assert kernels
    assert found - kernels <= set(public)
    assert not any(name.rpartition(".")[2].startswith("_") for name in kernels)


def test_the_benchmarks_import_each_other_without_circles():
    files = {
        ".".join(path.relative_to(FOLDER).with_suffix("").parts): path
        for path in FOLDER.rglob("*.py")
    }
    graph = {
        name: {
            other
            for imported in imports(path)
            for other in (imported, imported.rpartition(".")[0])
            if other in files
        }
        for name, path in files.items()
    }
    assert graph["cases.case"] == {"cases.prepared", "competitors.competitors"}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(files)


def test_an_aim_tells_whether_it_is_met_unless_its_contender_is_absent():
    from cases.aims import Aim, as_fast_as, at_most, at_most_times_baseline

    seconds = {"numparam": 1.2, "baseline": 1.0, "torch": 3.0}
    assert at_most_times_baseline(1.25).met(seconds) is True
    assert at_most_times_baseline(1.15).met(seconds) is False
    assert as_fast_as("torch", 2).met(seconds) is True
    assert as_fast_as("torch", 3).met(seconds) is False
    assert as_fast_as("mxnet", 3).met(seconds) is None
    assert at_most(1.1).met(seconds) is False
    assert Aim("baseline", extra=0.3).met(seconds) is True


def missed_case(slowdown):
    """Return a prepared case and times that do not meet its aim, twice as fast as before."""
    from cases.aims import at_most
    from cases.prepared import Prepared
    from comparison.rounds import Times

    prepared = Prepared(lambda: None, aims=(at_most(0.5),))
    seconds = {"numparam": [1.0, 2.0, 3.0], "before": [2.0, 4.0, 9.0], "numpy": [4.0, 4.0, 4.0]}
    return prepared, Times(seconds, slowdown, 1.0)


def test_an_aim_is_missed_on_a_quiet_machine_and_not_judged_on_a_busy_one():
    from comparison import report

    table = report.Table(markdown=False, against=False)
    assert "MISSED" in table.row("name", *missed_case(1.0))
    busy = table.row("name", *missed_case(1.5))
    assert "MISSED" not in busy
    assert "the machine is busy (1.5 x slower)" in busy
    assert report.record("name", *missed_case(1.5))["busy"] is True


def test_speedup_pairs_the_times_of_each_round():
    _, times = missed_case(1.0)
    assert times.speedup("before") == (2.0, 2.0, 2.5)


@pytest.mark.parametrize("against", [False, True])
def test_rows_of_a_markdown_table_have_as_many_cells_as_its_heading(against):
    from comparison import report

    table = report.Table(markdown=True, against=against)
    heading, rule = table.heading().splitlines()
    row = table.row("name", *missed_case(1.0))
    assert heading.count("|") == rule.count("|") == row.count("|")
    assert ("2.00 [2.00, 2.50]" in row) is against


def test_contenders_take_turns_and_all_have_a_time_for_each_round():
    from comparison.load import Load
    from comparison.rounds import Rounds

    turns = []

    def contender(name):
        return lambda repeats: turns.append(name) or 0.01

    contenders = {name: contender(name) for name in ("numparam", "numpy", "before")}
    times = Rounds(4, Load(1)).measure(contenders, nbytes=0)
    assert {name: len(taken) for name, taken in times.seconds.items()} == dict.fromkeys(
        contenders, 4
    )
    assert turns[-12:-9] == ["numparam", "numpy", "before"]
    assert turns[-9:-6] == ["numpy", "before", "numparam"]
    assert times.slowdown >= 1


def test_a_version_that_cannot_run_a_case_says_why():
    from comparison.checkout_client import Checkout

    checkout = Checkout(ROOT, threads=1)
    try:
        with pytest.raises(RuntimeError, match="KeyError: 'no such case'"):
            checkout.prepare("no such case")
        assert checkout.prepare("Parameter.data(ctx)")(10) > 0
    finally:
        checkout.close()


def test_a_directory_without_numparam_is_not_a_checkout(tmp_path):
    from comparison.checkout_client import Checkout

    with pytest.raises(FileNotFoundError, match="is not a checkout of numparam"):
        Checkout(tmp_path, threads=1)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_the_c_loop_of_the_mean_returns_the_mean(c_loops, count):
    sources = [np.full(10_001, i + 1, np.float32) for i in range(count)]
    out = np.zeros(10_001, np.float32)
    c_loops.loop("mean_float32", out.size, [*sources, out], count, piece=1000)()
    assert (out == (count + 1) / 2).all()


def test_the_c_loop_of_zeroing_writes_zeros(c_loops):
    array = np.ones(10_001, np.float32)
    c_loops.loop("zero", array.nbytes, [array])()
    assert not array.any()


def test_the_c_loop_of_sparse_subtraction_subtracts_the_rows(c_loops):
    ids, rows = np.arange(0, 3000, 3), np.full((1000, 5), 2, np.float32)
    table = np.full((3000, 5), 7, np.float32)
    c_loops.loop("subtract_rows", len(ids), [rows, ids, table], 5, piece=64)()
    expected = np.full((3000, 5), 7, np.float32)
    expected[ids] -= rows
    assert (table == expected).all()


def test_the_c_loop_of_sparse_sums_adds_equal_rows(c_loops):
    from cases.inputs import random_rows
    from cases.merging import merge_baseline
    from competitors.competitors import Competitors

    class Kept(Competitors):
        def c_loop(self, name, size, arrays, number=0, *, piece=None, otherwise=None):
            kept.append(arrays[-1])
            return super().c_loop(name, size, arrays, number, piece=piece)

    kept = []
    ids = [random_rows(seed, 30, 100) for seed in range(3)]
    data = [np.full((30, 2), i + 1, np.float32) for i in range(3)]
    merge_baseline(Kept(c_loops), ids, data)()
    dense = np.zeros((100, 2), np.float32)
    for numbers, rows in zip(ids, data, strict=True):
        dense[numbers] += rows
    assert (kept[0] == dense[np.unique(np.concatenate(ids))]).all()


def test_the_mxnet_worker_has_each_function_that_cases_ask_for():
    asked = set()
    for path in (FOLDER / "cases").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "in_mxnet":
                assert isinstance(node.args[0], ast.Constant)
                asked.add(node.args[0].value)
    worker = ast.parse((FOLDER / "competitors" / "mxnet_worker.py").read_text())
    has = {node.name for node in worker.body if isinstance(node, ast.FunctionDef)}
    assert len(asked) > 15
    assert asked <= has


def test_the_shapes_of_resnet_50_have_its_number_of_values():
    from cases.resnet50 import resnet50_shapes

    shapes = resnet50_shapes()
    assert len(shapes) == 299
    assert sum(int(np.prod(shape)) for shape in shapes) == 25_629_032


def test_figures_of_gpus_are_those_of_the_committed_files():
    from comparison import gpu_pages

    figures, text = gpu_pages.contents(ROOT)
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert text in page
    for path, drawn in figures.items():
        assert path.read_text(encoding="utf-8") == drawn
        assert path.name in page


def test_results_of_the_gpu_script_are_drawn(tmp_path):
    from comparison import gpu_pages

    case = {
        "case": "mean", "seconds": 2e-3, "beside": "torch", "beside_seconds": 3e-3,
        "cupy_seconds": None,
    }  # fmt: skip
    alone = {"case": "host", "beside": "cpu()", "seconds": 1.0}
    machine = {
        "gpu": "a GPU", "driver": "13.0", "versions": {"torch": "2", "cupy-cuda13x": None},
        "date": "2026-01-01", "command": "gpu.py",
    }  # fmt: skip
    folder = tmp_path / gpu_pages.FIGURES
    folder.mkdir(parents=True)
    results = {"machine": machine, "cases": [case, alone]}
    (folder / "gpu.json").write_text(json.dumps(results), encoding="utf-8")
    figures, text = gpu_pages.contents(tmp_path)
    [(path, drawn)] = figures.items()
    assert path.name == "speed-gpu.svg"
    assert "1.5 x" in drawn
    assert "| mean | 2 | 1.5 |" in text
    assert "Measured on 2026-01-01 on one a GPU, a driver for CUDA 13.0, torch 2, by" in text
