"""The example of docs/examples that takes data: what it reads, and how it ends."""

from __future__ import annotations

import importlib.util
import pathlib
import sys

import numpy as np
import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "docs" / "examples"


@pytest.fixture
def movielens(monkeypatch):
    for needed in ("matplotlib", "rich"):
        pytest.importorskip(needed, reason="in the extra 'examples'")
    spec = importlib.util.spec_from_file_location("movielens", EXAMPLES / "movielens.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "EPOCHS", 1)
    return module


def write_ratings(path, ratings, header=""):
    lines = [f"{i % 7 + 1}\t{i % 11 + 1}\t{rating}\t0\n" for i, rating in enumerate(ratings)]
    path.write_text(header + "".join(lines))
    return path


@pytest.mark.parametrize("header", ["", "user_id:token\titem_id:token\trating:float\n"])
def test_ratings_are_read_with_and_without_a_header(movielens, tmp_path, header):
    path = write_ratings(tmp_path / "ratings", [5, 1, 3], header)
    assert movielens.read(path).tolist() == [[0, 0, 5], [1, 1, 1], [2, 2, 3]]


def test_split_holds_out_a_fifth_of_the_ratings(movielens):
    ratings = np.arange(30).reshape(10, 3)
    training, held_out = movielens.split(ratings)
    assert (len(training), len(held_out)) == (8, 2)
    assert sorted([*training[:, 0], *held_out[:, 0]]) == ratings[:, 0].tolist()


@pytest.mark.parametrize(
    ("ratings", "misses"),
    [pytest.param([3] * 90, False, id="met"), pytest.param([1, 5, 5] * 30, True, id="missed")],
)
def test_exit_status_tells_whether_the_target_was_met(
    movielens, tmp_path, monkeypatch, ratings, misses
):
    path, curve = write_ratings(tmp_path / "ratings", ratings), tmp_path / "curve.png"
    monkeypatch.setattr(sys, "argv", ["movielens.py", "--data", str(path), "--curve", str(curve)])
    if misses:
        with pytest.raises(SystemExit, match="misses the target"):
            movielens.main()
    else:
        movielens.main()
    assert curve.read_bytes().startswith(b"\x89PNG")
