"""Machine code of CUDA kernels is kept on disk, and is not used once it is stale or damaged."""

from __future__ import annotations

import pathlib

import pytest

from numparam.kernels.cpu import _cache
from numparam.kernels.cuda import _cubins

HOPPER, ADA = (9, 0), (8, 9)


def kernel_for(kind):
    def kernel(address):
        return kind, address

    return kernel


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(_cache, "folder", lambda: str(tmp_path))
    return tmp_path


def compiler(made):
    def compile_one(function, capability):
        made.append((function.__closure__[0].cell_contents, capability))
        return f"code of {made[-1]}".encode(), "entry"

    return compile_one


def test_code_is_compiled_once_for_each_constant_and_generation(folder):
    made = []
    wanted = [("float32", HOPPER), ("float64", HOPPER), ("float32", ADA)]
    for _ in range(2):
        for kind, capability in wanted:
            code, entry = _cubins.load(kernel_for(kind), capability, compiler(made))
            assert (code, entry) == (f"code of {(kind, capability)}".encode(), "entry")
    assert made == wanted


def test_damaged_and_stale_code_is_compiled_again(folder, monkeypatch):
    made = []
    kernel = kernel_for("float32")
    _cubins.load(kernel, HOPPER, compiler(made))
    [path] = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    _cubins.load(kernel, HOPPER, compiler(made))
    assert len(made) == 2
    monkeypatch.setattr(_cache, "source_stamp", lambda: b"another source")
    _cubins.load(kernel, HOPPER, compiler(made))
    assert len(made) == 3


def test_without_a_safe_folder_nothing_is_written(monkeypatch):
    monkeypatch.setattr(_cache, "folder", lambda: None)
    made = []
    for _ in range(2):
        _cubins.load(kernel_for("float32"), HOPPER, compiler(made))
    assert len(made) == 2


def test_a_folder_that_cannot_be_written_does_no_harm(folder, monkeypatch):
    monkeypatch.setattr(_cache, "folder", lambda: str(pathlib.Path(folder, "gone")))
    assert _cubins.load(kernel_for("float32"), HOPPER, compiler([]))[1] == "entry"
