"""The built site documents the public API: `NUMPARAM_SITE` names the folder of the built pages."""

import importlib
import inspect
import os
import pathlib
import zlib

import pytest

from numparam.kernels import KERNELS

SITE = os.environ.get("NUMPARAM_SITE", "")

pytestmark = pytest.mark.skipif(
    not SITE, reason="the environment variable NUMPARAM_SITE names no built site"
)

MODULES = [
    *("gluon", "gluon.utils", "autograd", "initializer", "random", "context", "formats", "model"),
    *("ndarray", "ndarray.sparse", "ndarray.op", "numpy", "numpy.linalg", "numpy_extension"),
    *("util", "name", "attribute", "symbol", "kernels"),
]


def documented():
    """Names in the site's inventory."""
    contents = (pathlib.Path(SITE) / "objects.inv").read_bytes()
    body = contents.split(b"\n", 4)[4]
    return {line.split()[0] for line in zlib.decompress(body).decode().splitlines()}


def functions_and_classes(module):
    for name in module.__all__:
        value = getattr(module, name)
        of_numpy = getattr(value, "__module__", "").split(".")[0] in ("numpy", "builtins")
        if (inspect.isclass(value) and not of_numpy) or inspect.isroutine(value):
            yield name, value


def public_methods(value):
    """The names that a class, or a base of this library, defines."""
    for base in value.__mro__:
        if base.__module__.startswith("numparam"):
            for name, member in vars(base).items():
                routine = inspect.isroutine(member) or isinstance(member, property)
                # A property of the class itself, deprecated, which Sphinx does not find.
                if routine and not name.startswith("_") and name != "default_ctx":
                    yield name


def names_of(module):
    for name, value in functions_and_classes(module):
        yield name, value
        if inspect.isclass(value) and not issubclass(value, BaseException):
            for method in public_methods(value):
                yield f"{name}.{method}", None


@pytest.mark.parametrize("name", MODULES)
def test_the_site_documents_every_public_name_and_method(name):
    module = importlib.import_module(f"numparam.{name}")
    found = documented()
    # A class that two modules have is documented in one of them.
    elsewhere = {entry.split("numparam.", 1)[-1].rpartition(".")[2] for entry in found}
    missing = [
        label
        for label, value in names_of(module)
        if f"numparam.{name}.{label}" not in found
        and not (value is not None and is_another_modules(value, name, elsewhere))
        and not (value is None and is_another_modules_method(module, name, label, found))
    ]
    assert missing == []


def is_another_modules(value, module, elsewhere):
    home = getattr(value, "__module__", "")
    return not home.startswith(f"numparam.{module}") and value.__name__ in elsewhere


def is_another_modules_method(module, name, label, found):
    """Whether a method is documented with the class, or a base of it, in another place."""
    owner, _, method = label.partition(".")
    bases = {f".{base.__name__}.{method}" for base in getattr(module, owner).__mro__}
    return any(entry.endswith(tuple(bases)) for entry in found)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_the_site_documents_every_kernel(kernel):
    names = {f"numparam.kernels.cpu.{kernel.name}.{function}" for function in kernel.functions}
    assert names - documented() == set()


def test_the_search_finds_methods():
    index = (pathlib.Path(SITE) / "searchindex.js").read_text("utf-8")
    assert "restore_prefix" in index
