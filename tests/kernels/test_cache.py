"""Compiled kernels on disk: kept, found, and never served stale."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from numparam import kernels

SCRIPT = """
import numpy as np
from numparam.kernels.cpu import _float_sums, average
print(average.mean([np.float32([1]), np.float32([3])])[0])
call = _float_sums.combine_narrow("float32")
print("hits", sum(call.stats.cache_hits.values()))
"""


def run(tree: pathlib.Path, cache: pathlib.Path | None, *flags: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": os.fspath(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = os.fspath(cache)
    return subprocess.Popen(
        [sys.executable, *flags, "-c", SCRIPT],
        env=environment,
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen) -> tuple[str, str]:
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    return out, err


@pytest.fixture
def tree(tmp_path):
    """A copy of the sources that a test may edit."""
    root = pathlib.Path(kernels.__file__).parents[1]
    target = tmp_path / "tree"
    shutil.copytree(root, target / "numparam", ignore=shutil.ignore_patterns("__pycache__"))
    return target


def test_a_second_process_finds_the_code_of_the_first(tree, tmp_path):
    assert "hits 0" in output(run(tree, tmp_path / "cache"))[0]
    assert "hits 1" in output(run(tree, tmp_path / "cache"))[0]


def test_an_edited_helper_in_another_file_is_noticed(tree, tmp_path):
    assert output(run(tree, tmp_path / "cache"))[0].startswith("2.0")
    helper = tree / "numparam" / "kernels" / "cpu" / "_elements.py"
    text = helper.read_text()
    doubled = '    return builder.fadd(stored, stored) if kind == "float32" else stored\n'
    edited = text.replace("    return stored\n", doubled)
    assert edited != text
    helper.write_text(edited)
    assert output(run(tree, tmp_path / "cache"))[0].startswith("4.0")


def test_eight_processes_on_an_empty_cache_agree(tree, tmp_path):
    processes = [run(tree, tmp_path / "cache") for _ in range(8)]
    assert {output(process)[0].split()[0] for process in processes} == {"2.0"}
    assert "hits 1" in output(run(tree, tmp_path / "cache"))[0]
    assert not list((tmp_path / "cache").rglob(".kernel-*"))


def test_without_a_writeable_folder_kernels_are_compiled_and_it_is_said_once(tree, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    out, err = output(run(tree, blocked))
    assert out.startswith("2.0")
    assert err.count("no writeable folder for compiled kernels") == 1
    assert "NUMBA_CACHE_DIR" in err


def test_a_damaged_file_is_compiled_anew(tree, tmp_path):
    def flipped(content):
        middle = len(content) // 2
        return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]

    damages = (lambda content: b"", lambda content: content[:100], flipped)
    for damage in damages:
        output(run(tree, tmp_path / "cache"))
        for path in (tmp_path / "cache").rglob("*.nbc"):
            path.write_bytes(damage(path.read_bytes()))
        out, _ = output(run(tree, tmp_path / "cache"))
        assert out.startswith("2.0")
        assert "hits 0" in out
