"""The backends agree in file names, function names and signatures."""

from __future__ import annotations

import importlib
import inspect
import pathlib

import pytest

from numparam import kernels
from numparam.kernels import KERNELS

ROOT = pathlib.Path(kernels.__file__).parent
BACKENDS = ("reference", "cpu", "cuda")
TWINS = [(row.name, backend) for row in KERNELS for backend in row.backends]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_folder_holds_the_operations_of_the_table_and_no_other(backend):
    files = {path.stem for path in (ROOT / backend).glob("*.py") if path.stem[0] != "_"}
    assert files == {row.name for row in KERNELS if backend in row.backends}


@pytest.mark.parametrize(("operation", "backend"), TWINS)
def test_public_functions_are_plain_python_with_the_references_signatures(operation, backend):
    if backend == "cuda":
        pytest.importorskip("numba.cuda", reason="CUDA twins import numba.cuda")
    module = importlib.import_module(f"numparam.kernels.{backend}.{operation}")
    original = importlib.import_module(f"numparam.kernels.reference.{operation}")
    row = next(row for row in KERNELS if row.name == operation)
    public = {
        name
        for name, value in vars(module).items()
        if name[0] != "_"
        and callable(value)
        and not isinstance(value, type)
        and getattr(value, "__module__", None) == module.__name__
    }
    assert public == set(row.functions)
    for name in row.functions:
        function = getattr(module, name)
        assert inspect.isfunction(function)
        assert str(inspect.signature(function)) == str(inspect.signature(getattr(original, name)))
        assert function.__doc__


def test_every_jitted_function_of_an_operation_is_underscore_named():
    from numba.core.dispatcher import Dispatcher

    for row in KERNELS:
        module = importlib.import_module(f"numparam.kernels.cpu.{row.name}")
        for name, value in vars(module).items():
            if isinstance(value, Dispatcher) and value.py_func.__module__ == module.__name__:
                assert name.startswith("_"), f"{row.name}.{name}"


def test_the_cpu_files_call_no_bulk_numpy():
    banned = ("np.add.at", "np.unique", "np.sum(", "np.searchsorted", "np.sort(", "np.take(")
    for path in (ROOT / "cpu").glob("*.py"):
        text = path.read_text()
        assert not [word for word in banned if word in text], path.name


def test_no_fastmath_anywhere():
    for path in ROOT.rglob("*.py"):
        assert "fastmath=" not in path.read_text(), path.name
