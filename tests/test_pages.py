"""The README's examples run, and figures and tables are those that their scripts make."""

from __future__ import annotations

import doctest
import json
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "figures"

pytestmark = pytest.mark.skipif(not FIGURES.exists(), reason="the pages are in a checkout")


def test_the_examples_of_the_readme_run(tmp_path, monkeypatch):
    import numparam as mx

    monkeypatch.chdir(tmp_path)
    arrays = {"arg:weight": mx.nd.ones((2, 3)), "aux:bn_mean": mx.nd.zeros((3,))}
    mx.nd.save("net-0003.params", arrays)
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    test = doctest.DocTestParser().get_doctest("".join(blocks), {}, "README", "README.md", 0)
    report = []
    doctest.DocTestRunner().run(test, out=report.append)
    assert report == []
    assert len(test.examples) > 10


@pytest.mark.parametrize("name", ["parameter", "row_sparse", "house"])
def test_a_drawing_is_what_its_script_draws(tmp_path, name):
    for script in ("drawing.py", f"{name}.py"):
        (tmp_path / script).write_text((FIGURES / script).read_text("utf-8"), "utf-8")
    subprocess.run([sys.executable, tmp_path / f"{name}.py"], check=True)
    drawn = (tmp_path / f"{name}.svg").read_text("utf-8")
    assert drawn == (FIGURES / f"{name}.svg").read_text("utf-8")


@pytest.fixture
def pages(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "asv_benchmarks")
    from comparison import pages

    return pages


@pytest.fixture
def results():
    return json.loads((FIGURES / "speed.json").read_text("utf-8"))


def test_figures_and_tables_are_made_of_the_committed_results(pages, results):
    for path, text in pages.contents(ROOT, results).items():
        assert path.read_text("utf-8") == text, f"{path.name}: run compare.py --from … --pages"


def test_the_rows_of_the_readme_are_cases(pages):
    from cases import registry

    assert set(pages.CHOSEN) <= registry.all_cases().keys()
    groups = {module.__name__.rpartition(".")[2] for module in registry.MODULES}
    assert pages.GROUPS.keys() == groups


def test_results_name_machine_versions_date_and_command(results):
    assert results["machine"].keys() >= {"processor", "date", "numba", "numpy", "torch", "command"}
    assert "/" not in results["machine"]["command"].replace("asv_benchmarks/compare.py", "")


def row(seconds, **properties):
    return {
        "operation": "name",
        "by_median": False,
        "min": seconds,
        "busy": False,
        "slowdown": 1.0,
        **properties,
    }


def test_a_table_and_a_chart_show_rows_that_lose(pages):
    from comparison.chart import chart

    rows = [row({"numparam": 2e-3, "baseline": 1e-3, "torch": 6e-3})]
    assert "| name | 2 | 0.50 |  | 3.0 |  |" in pages.table(rows)
    drawn = chart(rows, "a title")
    assert ">0.50 x</text>" in drawn
    assert ">3.0 x</text>" in drawn
    assert "<title>a title</title>" in drawn


@pytest.mark.parametrize(("busy", "said"), [(True, True), (False, False)])
def test_a_busy_machine_is_said_to_be_busy(pages, results, busy, said):
    changed = {**results, "rows": [row({"numparam": 1.0}, busy=busy, slowdown=3.0)]}
    assert ("busy" in pages.about(changed)) is said
