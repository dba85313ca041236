"""What is installed, under which names, and what importing it costs."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib import metadata

import pytest

import numparam
from numparam import kernels

ROOT = pathlib.Path(__file__).parents[1]
checkout = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").exists(), reason="only a checkout can be built"
)


def run(*command: str, **keywords: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, **keywords
    )


def test_importing_numparam_imports_no_compiler_and_no_framework():
    script = (
        "import sys, numparam\n"
        "heavy = {'numba', 'llvmlite', 'torch', 'cupy', 'jax'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = run("-c", script, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == 0, done.stderr


def test_the_kernels_have_one_identity():
    assert kernels.__name__ == "numparam.kernels"
    assert sys.modules["numparam.kernels"] is numparam.kernels


@checkout
def test_the_kernels_refuse_another_name():
    done = run("-c", "import kernels", cwd=ROOT)
    assert done.returncode != 0
    assert "import them as 'numparam.kernels'" in done.stderr


@checkout
def test_the_link_is_relative_and_tests_is_no_package():
    assert os.readlink(ROOT / "numparam" / "kernels") == os.path.join("..", "kernels")
    assert not list((ROOT / "tests").rglob("__init__.py"))


@checkout
def test_wheels_hold_numparam_alone_whether_built_from_the_tree_or_the_sdist(tmp_path):
    pytest.importorskip("build", reason="the package 'build' is part of the extra 'test'")
    source = tmp_path / "source"
    leave_out = shutil.ignore_patterns("__pycache__", "*.egg-info", "kernels")
    shutil.copytree(ROOT / "numparam", source / "numparam", ignore=leave_out)
    (source / "numparam" / "kernels").symlink_to(os.readlink(ROOT / "numparam" / "kernels"))
    leave_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "kernels", source / "kernels", ignore=leave_out)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source / name)
    # With the environment's setuptools where there is one: `build` would install it for each build.
    version = importlib.util.find_spec("setuptools") and metadata.version("setuptools")
    ready = ["--no-isolation"] if version and int(version.split(".")[0]) >= 77 else []
    wheels = []
    for flags, folder in ((["--wheel"], "direct"), ([], "through-sdist")):
        done = run("-m", "build", *ready, *flags, "-o", str(tmp_path / folder), str(source))
        assert done.returncode == 0, done.stdout + done.stderr
        wheels += (tmp_path / folder).glob("*.whl")
    assert len(wheels) == 2
    contents = []
    for wheel in wheels:
        names = zipfile.ZipFile(wheel).namelist()
        assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"numparam"}
        contents.append({name for name in names if name.startswith("numparam/")})
    assert contents[0] == contents[1]
    expected = {
        path.relative_to(ROOT).as_posix()
        for folder in ("numparam", "kernels")
        for path in (ROOT / folder).rglob("*.py*")
        if path.suffix in (".py", ".pyi") and "numparam/kernels" not in path.as_posix()
    }
    expected = {
        name if name.startswith("numparam/") else f"numparam/{name}" for name in expected
    } | {"numparam/py.typed"}
    assert expected <= contents[0], sorted(expected - contents[0])


def test_the_installed_package_is_typed_and_versioned():
    assert (pathlib.Path(numparam.__file__).parent / "py.typed").exists()
    assert numparam.__version__.count(".") == 2
    assert sysconfig.get_python_version() >= "3.11"
