"""Modules import downwards: no circle among them, and no room that imports a room above it."""

import ast
import graphlib
import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

import numparam

ROOT = Path(numparam.__file__).parent

#: From the ground up, the rooms and modules of each floor; one imports those of lower floors, and
#: on its own floor those that stand before it.
FLOORS = [
    ["kernels"],
    ["_missing", "base", "_other_name", "modes", "types", "attribute", "name", "engine"],
    ["devices", "context", "formats"],
    ["generator", "recording", "class_registry"],
    ["ndarray"],
    ["random", "numpy", "numpy_extension", "autograd", "runtime", "util", "model", "checkpoint"],
    ["initializer", "symbol"],
    ["lr_scheduler", "optimizer", "kvstore", "gluon"],
    ["interop"],
    ["", "test_utils", "cli", "__main__"],
]


def _names() -> dict[str, Path]:
    """Return every module by its name without ``numparam.``; packages by that of the folder."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] != "kernels":
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _imports(tree: ast.AST):
    """Yield the imports of a module, those of its functions too, but not those for typing alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from _imports(node)


def _graph() -> dict[str, set[str]]:
    names = _names()
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        graph[name] = set()
        for imported in _imports(ast.parse(path.read_text())):
            if imported.split(".")[0] != "numparam":
                continue
            target = imported.partition(".")[2]
            while target and target not in names and not target.startswith("kernels"):
                target = target.rpartition(".")[0]
            graph[name].add(target.partition(".")[0] if target.startswith("kernels") else target)
        graph[name].discard(name)
    return graph


GRAPH = _graph()


def test_no_modules_import_each_other_in_a_circle():
    try:
        graphlib.TopologicalSorter(GRAPH).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_every_room_imports_only_rooms_below_it():
    order = {name: position for position, name in enumerate(chain(*FLOORS))}
    upwards = {
        (name, imported)
        for name in GRAPH
        for imported in GRAPH[name]
        if order[imported.partition(".")[0]] > order[name.partition(".")[0]]
    }
    assert not upwards


def test_the_table_of_floors_names_every_room():
    assert {name.partition(".")[0] for name in GRAPH} <= set(chain(*FLOORS))


def _late_imports(path: Path):
    """Yield the lines of imports inside functions, and the text on and right above each."""
    text = path.read_text()
    lines = text.splitlines()
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    first = node.lineno - 1
                    while lines[first - 1].lstrip().startswith(("import ", "from ")):
                        first -= 1
                    yield node.lineno, "\n".join(lines[max(0, first - 4) : node.end_lineno])


def test_every_import_inside_a_function_says_why_it_stands_there():
    unexplained = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in chain(ROOT.rglob("*.py"), (ROOT / "kernels").rglob("*.py"))
        for line, around in _late_imports(path)
        if "#" not in around
    }
    assert not unexplained


#: Imports each module, and looks each public name up, as the first thing of a new process.
_FIRST_USES = """
import importlib, os, sys
import ml_dtypes, numpy, numparam  # what all of them need, once

def first(use):
    child = os.fork()
    if not child:
        try:
            use()
        except ModuleNotFoundError as error:  # of an extra, such as torch
            os._exit(str(error.name).startswith("numparam"))
        except ImportError as error:
            os._exit("needs" not in str(error))
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0

uses = {f"mx.{name}": lambda name=name: getattr(numparam, name) for name in numparam.__all__}
uses |= {name: lambda name=name: importlib.import_module(name) for name in sys.argv[1:]}
print(*(name for name, use in uses.items() if not first(use)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a new process for each module takes minutes")
def test_every_module_and_every_public_name_can_be_the_first_that_is_used():
    modules = [f"numparam.{name}" for name in GRAPH if name and name != "__main__"]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FIRST_USES, *modules],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT.parent)},
    )
    assert done.stdout.split() == []
