"""Compiled kernels on disk: kept, found, and never served stale."""

from __future__ import annotations

import compileall
import os
import pathlib
import platform
import shutil
import struct
import subprocess
import sys

import pytest

from numparam import kernels

# A kernel that takes little time to compile, and loads with a helper of another file.
SCRIPT = """
import numpy as np
from numparam.kernels.cpu import cast
print(cast.cast(np.float32([2]), np.float64)[0])
call = cast._convert_pieces("float32-float64")
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


def copy_of_the_sources(folder: pathlib.Path) -> pathlib.Path:
    root = pathlib.Path(kernels.__file__).parents[1]
    target = folder / "tree"
    shutil.copytree(root, target / "numparam", ignore=shutil.ignore_patterns("__pycache__"))
    return target


@pytest.fixture
def tree(tmp_path):
    """A copy of the sources that a test may edit."""
    return copy_of_the_sources(tmp_path)


@pytest.fixture(scope="module")
def of_a_first_process(tmp_path_factory):
    """The cache that one process filled."""
    folder = tmp_path_factory.mktemp("first")
    out, _ = output(run(copy_of_the_sources(folder), folder / "cache"))
    assert out.split() == ["2.0", "hits", "0"]
    return folder / "cache"


@pytest.fixture
def filled(of_a_first_process, tmp_path):
    """A copy of the filled cache."""
    return pathlib.Path(shutil.copytree(of_a_first_process, tmp_path / "cache"))


def test_a_second_process_finds_the_code_of_the_first(tree, filled):
    assert "hits 1" in output(run(tree, filled))[0]


def test_an_edited_helper_in_another_file_is_noticed(tree, filled):
    helper = tree / "numparam" / "kernels" / "cpu" / "_elements.py"
    text = helper.read_text()
    doubled = '    return builder.fadd(stored, stored) if kind == "float32" else stored\n'
    edited = text.replace("    return stored\n", doubled)
    assert edited != text
    helper.write_text(edited)
    assert output(run(tree, filled))[0].startswith("4.0")


def test_processes_that_begin_together_on_an_empty_cache_agree(tree, tmp_path):
    processes = [run(tree, tmp_path / "cache") for _ in range(4)]
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


def test_a_damaged_file_is_compiled_anew(tree, filled):
    def flipped(content):
        middle = len(content) // 2
        return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]

    damages = (lambda content: b"", lambda content: content[:100], flipped)
    for damage in damages:
        files = list(filled.rglob("*.nbc"))
        assert files
        for path in files:
            path.write_bytes(damage(path.read_bytes()))
        out, _ = output(run(tree, filled))  # which replaces them
        assert out.startswith("2.0")
        assert "hits 0" in out


def shown(script: str, tree: pathlib.Path, **environment: str | None) -> tuple[str, str]:
    """Run a script on a copy of the sources; None removes a variable."""
    given = {**os.environ, "PYTHONPATH": os.fspath(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    given.pop("NUMBA_CACHE_DIR", None)
    for name, value in environment.items():
        given.pop(name, None)
        if value is not None:
            given[name] = value
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=given, cwd=tree, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    return output(process)


FOLDER = "from numparam.kernels.cpu import _cache; print(_cache.folder())"
ANOTHER_USER = 12345
unix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="this platform has no owners and modes")


@pytest.fixture
def blocked(tree):
    """The tree with a file where the folder beside the kernels would be."""
    (tree / "numparam" / "kernels" / "__pycache__").write_text("")
    return tree


@unix
def test_without_a_home_no_folder_of_the_working_directory_is_used(blocked):
    script = (
        """
import pwd
def nobody(*arguments):
    raise KeyError
pwd.getpwuid = nobody
"""
        + FOLDER
    )
    out, err = shown(script, blocked, HOME=None, XDG_CACHE_HOME=None)
    assert out.split() == ["None"]
    assert "no home folder" in err or "nobody else can change" in err
    assert not (blocked / "~").exists()


@unix
def test_a_relative_cache_home_is_ignored(blocked, tmp_path):
    out, _ = shown(FOLDER, blocked, HOME=os.fspath(tmp_path / "home"), XDG_CACHE_HOME="here")
    assert out.split() == [os.fspath(tmp_path / "home" / ".cache" / "numparam")]


@unix
@pytest.mark.parametrize("given", ["here", "./here", "~/here"])
def test_a_relative_cache_folder_is_not_used(blocked, given):
    out, err = shown(FOLDER, blocked, NUMBA_CACHE_DIR=given)
    assert out.split() == ["None"]
    assert "a relative path" in err
    assert not (blocked / given).exists()


@unix
def test_a_folder_that_others_can_write_is_not_used(blocked, tmp_path):
    shared = tmp_path / "shared" / "numparam"
    shared.mkdir(parents=True)
    shared.chmod(0o777)
    out, err = shown(FOLDER, blocked, NUMBA_CACHE_DIR=os.fspath(shared.parent))
    assert out.split() == ["None"]
    assert f"other users can write to {shared}" in err
    shared.chmod(0o700)
    assert shown(FOLDER, blocked, NUMBA_CACHE_DIR=os.fspath(shared.parent))[0].split() == [
        os.fspath(shared)
    ]
    shared.parent.chmod(0o777)  # then others could put a folder of their own in its place
    assert shown(FOLDER, blocked, NUMBA_CACHE_DIR=os.fspath(shared.parent))[0].split() == ["None"]


@unix
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can chown")
def test_a_folder_of_another_user_is_not_used(blocked, tmp_path):
    theirs = tmp_path / "theirs" / "numparam"
    theirs.mkdir(parents=True)
    os.chown(theirs, ANOTHER_USER, ANOTHER_USER)
    out, err = shown(FOLDER, blocked, NUMBA_CACHE_DIR=os.fspath(theirs.parent))
    assert out.split() == ["None"]
    assert "belongs to another user" in err


@unix
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can chown")
def test_a_link_that_another_user_could_change_is_followed_once(blocked, tmp_path):
    own = tmp_path / "own" / "numparam"
    own.mkdir(parents=True)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    link = shared / "link"
    link.symlink_to(own.parent)
    os.lchown(link, ANOTHER_USER, ANOTHER_USER)
    assert shown(FOLDER, blocked, NUMBA_CACHE_DIR=os.fspath(link))[0].split() == [os.fspath(own)]


def access_list(*entries):
    """Return the bytes of a POSIX access-control list."""
    nobody = 0xFFFFFFFF
    packed = (struct.pack("<HHI", tag, rights, nobody) for tag, rights in entries)
    named = struct.pack("<HHI", 2, 7, ANOTHER_USER)
    owner, *rest = packed
    return struct.pack("<I", 2) + owner + named + b"".join(rest)


@unix
def test_a_folder_that_an_access_list_opens_to_another_user_is_not_used(blocked, tmp_path):
    folder = tmp_path / "opened" / "numparam"
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    # Owner, group, mask, others: the mode is 0770, and the group is the user's own.
    opened = access_list((1, 7), (4, 0), (0x10, 7), (0x20, 0))
    try:
        os.setxattr(folder, "system.posix_acl_access", opened)
    except (AttributeError, OSError):
        pytest.skip("this file system has no access-control lists")
    out, err = shown(FOLDER, blocked, NUMBA_CACHE_DIR=os.fspath(folder.parent))
    assert out.split() == ["None"]
    assert f"other users can write to {folder}" in err


def test_without_source_files_nothing_is_kept(tree, tmp_path):
    # As where only the compiled modules are installed.
    compileall.compile_dir(tree, quiet=1, legacy=True)
    for path in tree.rglob("*.py"):
        path.unlink()
    out, err = output(run(tree, tmp_path / "cache"))
    assert out.startswith("2.0")
    assert "no source files" in err
    assert not list((tmp_path / "cache").rglob("*.nbc"))


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param({"NUMBA_OPT": "0"}, id="unoptimised"),
        pytest.param({"NUMBA_CACHE_LOCATOR_CLASSES": "InTreeCacheLocator"}, id="locators"),
        pytest.param({"NUMBA_CPU_FEATURES": "+sse2"}, id="features"),
        pytest.param(
            {"NUMBA_CPU_NAME": "sapphirerapids", "NUMBA_CPU_FEATURES": "+sse2"},
            id="another-processor",
            marks=pytest.mark.skipif(
                platform.machine() not in ("x86_64", "AMD64"), reason="a name of an x86-64"
            ),
        ),
    ],
)
def test_settings_of_numba_are_followed_and_get_entries_of_their_own(setting, tree, filled):
    out, err = shown(SCRIPT, tree, NUMBA_CACHE_DIR=os.fspath(filled), **setting)
    assert out.startswith("2.0")
    assert ("hits 1" in out) == ("NUMBA_CACHE_LOCATOR_CLASSES" in setting)
    assert "Warning" not in err


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param("sse2", "each with a sign; 'sse2' has none", id="no sign"),
        pytest.param("+sse2, -avx", "each with a sign; ' -avx' has none", id="blank"),
        pytest.param("+{missing}", "which this processor does not have", id="missing"),
        pytest.param(
            "-{needed}",
            "which all code for this kind of processor needs",
            id="needed",
            marks=pytest.mark.skipif(
                platform.machine() not in ("x86_64", "AMD64"), reason="what x86-64 needs is known"
            ),
        ),
    ],
)
def test_features_that_would_end_the_process_are_errors_that_name_the_variable(
    given, reason, tree, tmp_path
):
    import llvmlite.binding

    host = llvmlite.binding.get_host_cpu_features()
    missing = next((name for name, there in host.items() if not there), None)
    if "{missing}" in given and missing is None:
        pytest.skip("the processor has all features that LLVM knows")
    settings = {"NUMBA_CPU_FEATURES": given.format(missing=missing, needed="sse")}
    script = "try:\n import numparam.kernels.cpu\nexcept ValueError as error:\n print(error)"
    out, _ = shown(script, tree, NUMBA_CACHE_DIR=os.fspath(tmp_path), **settings)
    assert "NUMBA_CPU_FEATURES" in out
    assert reason in out


def test_without_compilation_the_reference_gives_the_results(tree):
    script = """
import numpy as np
from numparam import kernels
from numparam.kernels import KERNELS
import importlib, numparam as mx
for row in KERNELS:
    if "cpu" in row.backends:
        importlib.import_module(f"numparam.kernels.cpu.{row.name}")
assert kernels.warmup(["float32"], operations=["reset"]) == 1
weight = mx.gluon.Parameter("weight", shape=(2, 3))
weight.initialize(init=mx.init.Xavier(), ctx=[mx.cpu(0), mx.cpu(1)])
weight.zero_grad()
print(weight.data(mx.cpu(1)).shape)
"""
    out, err = shown(script, tree, NUMBA_DISABLE_JIT="1")
    assert out.split("\n")[0] == "(2, 3)"
    assert err.count("NUMBA_DISABLE_JIT is set") == 1
