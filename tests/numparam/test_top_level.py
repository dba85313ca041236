"""``import numparam as mx``: its names, its modules, and what importing it costs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import types

import pytest

import numparam as mx

SHORT_NAMES = {
    "init": "initializer",
    "kv": "kvstore",
    "nd": "ndarray",
    "np": "numpy",
    "npx": "numpy_extension",
    "rnd": "random",
    "sym": "symbol",
}
# Paths that Gluon-era code imports, and a name that it imports from each.
PATHS = {
    "attribute": "AttrScope",
    "autograd": "record",
    "base": "MXNetError",
    "context": "Context",
    "gluon": "ParameterDict",
    "gluon.parameter": "Parameter",
    "initializer": "Xavier",
    "kvstore": "create",
    "lr_scheduler": "FactorScheduler",
    "name": "NameManager",
    "ndarray": "NDArray",
    "ndarray.ndarray": "NDArray",
    "ndarray.random": "uniform",
    "ndarray.sparse": "RowSparseNDArray",
    "numpy": "ndarray",
    "numpy_extension": "set_np",
    "optimizer": "SGD",
    "random": "seed",
    "symbol": "var",
    "test_utils": "assert_almost_equal",
    "util": "is_np_array",
}


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", mx.__all__)
def test_every_name_is_there_and_stays_the_same_object(name):
    assert getattr(mx, name) is getattr(mx, name)
    assert name in dir(mx)


@pytest.mark.parametrize(("path", "name"), PATHS.items())
def test_the_modules_that_gluon_era_code_imports_are_there(path, name):
    module = importlib.import_module(f"numparam.{path}")
    assert hasattr(module, name)


def test_each_module_is_loaded_once_under_its_own_name():
    for name in mx.__all__:
        value = getattr(mx, name)
        if isinstance(value, types.ModuleType):
            assert value.__name__ == f"numparam.{SHORT_NAMES.get(name, name)}"
            assert sys.modules[value.__name__] is value
    for short in SHORT_NAMES:
        assert f"numparam.{short}" not in sys.modules
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"numparam.{short}")


def test_an_attribute_that_is_a_loaded_module_is_that_module():
    # A function with the name of a module would be replaced by it, or hide it.
    for full, module in list(sys.modules.items()):
        package, _, name = full.rpartition(".")
        if package == "numparam":
            assert getattr(mx, name) is module, full


def test_use_np_is_the_decorator_also_after_its_module_was_imported():
    importlib.import_module("numparam.modes.np_decorators")

    @mx.use_np
    def in_numpy_mode():
        return mx.is_np_shape(), mx.util.is_np_array()

    assert in_numpy_mode() == (True, True)


def test_importing_it_imports_none_of_its_modules_until_they_are_used():
    loaded = json.loads(
        run(
            "import sys, json, numpy; before = set(sys.modules); import numparam; "
            "print(json.dumps(sorted(set(sys.modules) - before)))"
        )
    )
    own = {name for name in loaded if name.startswith("numparam")}
    assert own == {"numparam", "numparam._missing", "numparam._other_name"}
    assert not {"threading", "logging", "ml_dtypes", "difflib"} & set(loaded)


def test_setting_a_seed_loads_no_arrays():
    script = "import sys, numparam.random as r; r.seed(1); print(len(sys.modules))"
    assert "numparam.ndarray" not in run(script.replace("len(sys.modules)", "list(sys.modules)"))


@pytest.mark.parametrize(
    "use",
    [
        "mx.nd.zeros((2,)); mx.nd.array([1, 2])[0:1].asnumpy()",
        "mx.np.ones(()); mx.np.array([1, 2])[mx.np.array([1, 2]) > 1].asnumpy()",
        "mx.npx.set_np()",
        "mx.sym.var('w')",
        "mx.autograd.record()",
        "mx.kernels",
    ],
)
def test_using_the_modules_imports_no_compiler_and_no_framework(use):
    heavy = run(
        f"import sys, numparam as mx; {use}; "
        "print({'numba', 'llvmlite', 'torch', 'cupy', 'jax', 'scipy'} & set(sys.modules))"
    )
    assert heavy.strip() == "set()"


def test_what_errors_and_saves_alone_need_is_not_imported_before():
    loaded = run(
        "import sys, numpy; before = set(sys.modules); import numparam as mx; "
        "mx.nd.zeros((2,)); mx.gluon.Parameter; mx.init.Uniform; "
        "print({'difflib', 'hashlib', 'html', 'pathlib'} & (set(sys.modules) - before))"
    )
    assert loaded.strip() == "set()"


@pytest.mark.parametrize("name", ["mod", "image", "io", "metric", "Parametr"])
def test_what_is_not_there_at_all_says_what_is(name):
    assert not hasattr(mx, name)
    with pytest.raises(AttributeError, match=r"parameter layer .* dir\(numparam\)"):
        getattr(mx, name)


@pytest.mark.parametrize("name", ["__wrong__", "generator"])
def test_tools_and_the_import_system_may_ask_for_anything(name, monkeypatch):
    monkeypatch.delitem(vars(mx), name, raising=False)
    with pytest.raises(AttributeError, match=f"^module 'numparam' has no attribute '{name}'$"):
        getattr(mx, name)


def test_from_imports_and_stars_work():
    assert run(
        "from numparam import nd, gluon, autograd, init; from numparam import np, npx; "
        "from numparam.ndarray import sparse; from numparam import *; print(cpu(1))"
    ).strip() == "cpu(1)"  # fmt: skip


def test_threads_that_use_it_first_at_once_get_the_same_modules():
    out = run(
        "import threading, numparam as mx\n"
        "seen = []\n"
        "barrier = threading.Barrier(8)\n"
        "def use():\n"
        "    barrier.wait()\n"
        "    seen.append((mx.nd, mx.np, mx.np.ones((2,)).sum().item()))\n"
        "threads = [threading.Thread(target=use) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(len(seen), len(set(seen)))"
    )
    assert out.split() == ["8", "1"]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("from numparam import contexts", "Did you mean 'context'"),
        ("from numparam.gluon import nn", "docs/examples/digits.py"),
        ("from numparam.gluon.nn import Dense", "docs/examples/digits.py"),
        ("from numparam.gluon import Block", "numparam.gluon has no 'Block'"),
        ("from numparam.gluon import Paramter", "Did you mean 'Parameter'"),
        ("from numparam.nd import zeros", "short name of the module numparam.ndarray"),
        ("from numparam.ndarray import Convolution", "no neural network layers"),
        ("from numparam.ndarray import zeross", "Did you mean 'zeros'"),
    ],
)
def test_imports_of_what_is_not_there_say_what_is(statement, words):
    with pytest.raises(ImportError) as caught:
        exec(statement)
    assert words in str(caught.value)


def test_imports_under_another_name_say_it_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "mxnet", mx)
    with pytest.raises(ImportError, match="Did you mean 'optimizer'"):
        exec("from mxnet import optimizers")
    with pytest.raises(ImportError, match=r"docs/examples/digits\.py"):
        exec("import mxnet.gluon.nn")


def public_modules():
    """Return the modules that attributes of numparam lead to, by way of names that `dir` lists."""
    found, new = {}, [mx]
    while new:
        module = new.pop()
        found[module.__name__] = module
        for name in dir(module):
            # Tests ask for what needs other libraries elsewhere.
            value = None if module is mx.interop else getattr(module, name)
            if isinstance(value, types.ModuleType) and value.__name__ not in found:
                new.append(value)
    return [module for name, module in sorted(found.items()) if name.startswith("numparam")]


@pytest.mark.parametrize("face", public_modules(), ids=lambda face: face.__name__)
def test_only_public_names_are_listed(face):
    hidden = {"operations"} if face is mx.nd else set()
    assert {name for name in face.__all__ if not name.startswith("_")} - hidden <= set(dir(face))
    assert not [name for name in dir(face) if name.startswith("_")]
    assert not {"annotations", "Any", "importlib", "missing", "TYPE_CHECKING"} & set(dir(face))
    if face is not mx.interop:
        assert all(hasattr(face, name) for name in dir(face))
    if face is not mx.nd:
        assert set(dir(face)) <= set(face.__all__)


@pytest.mark.parametrize(
    ("face", "name", "near"),
    [
        (mx, "ndarry", "ndarray"),
        (mx, "glun", "gluon"),
        (mx, "zeross", "nd.zeros"),
        (mx, "Trainer", "gluon.Trainer"),
        (mx.nd, "zeross", "zeros"),
        (mx.nd, "ary", "array"),
        (mx.nd, "conact", "concat"),
        (mx.gluon, "ParamterDict", "ParameterDict"),
        (mx.random, "unifrom", "uniform"),
        (mx.lr_scheduler, "Factor", "FactorScheduler"),
        (mx.optimizer, "ADAM", "Adam"),
        (mx.kv, "creat", "create"),
        (mx.np, "onees", "ones"),
        (mx.np.linalg, "nrom", "norm"),
        (mx.np.random, "unifrom", "uniform"),
        (mx.npx, "set_npp", "set_np"),
        (mx.nd.sparse, "retian", "retain"),
        (mx.nd.sparse, "zeross", "zeros"),
        (mx.nd.linalg, "gemm3", "gemm2"),
        (mx.model, "load_param", "load_params"),
        (mx.gluon.utils, "split_dta", "split_data"),
        (mx.sym, "Varible", "Variable"),
        (mx.base, "MXNetErorr", "MXNetError"),
    ],
)
def test_a_near_name_is_suggested(face, name, near):
    with pytest.raises(AttributeError, match=f"Did you mean.* '{near}'"):
        getattr(face, name)


def test_looking_for_a_module_elsewhere_finds_nothing_and_raises_nothing(tmp_path):
    for finder in sys.meta_path:
        assert finder.find_spec("numparam.no_such_module", [str(tmp_path)]) is None


@pytest.mark.parametrize(
    ("module", "name", "near"), [("optimizer", "Adm", "Adam"), ("initializer", "Xaver", "Xavier")]
)
def test_unknown_names_of_classes_have_near_ones(module, name, near):
    with pytest.raises(AttributeError, match=f"Did you mean '{near}'"):
        getattr(importlib.import_module(f"numparam.{module}"), name)


@pytest.mark.parametrize(
    ("module", "name", "near"),
    [
        ("kvstore", "creat", "create"),
        ("lr_scheduler", "Factor", "FactorScheduler"),
        ("gluon.parameter", "Paramter", "Parameter"),
        ("random", "sed", "seed"),
        ("context", "cpuu", "cpu"),
        ("ndarray.sparse", "retian", "retain"),
    ],
)
def test_imports_of_unknown_names_have_near_ones(module, name, near):
    with pytest.raises(ImportError, match=f"Did you mean '{near}'"):
        exec(f"from numparam.{module} import {name}")


@pytest.mark.parametrize("name", ["checkpoint", "interop", "gluon.trainer"])
def test_modules_are_attributes_without_being_imported(name):
    command = [sys.executable, "-c", f"import numparam; print(numparam.{name}.__name__)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"numparam.{name}"


@pytest.mark.parametrize(("face", "name"), [(mx.nd, "image"), (mx.gluon, "metric")])
def test_no_name_is_suggested_for_one_that_is_far_from_all(face, name):
    with pytest.raises(AttributeError) as refusal:
        getattr(face, name)
    assert "Did you mean" not in str(refusal.value)
