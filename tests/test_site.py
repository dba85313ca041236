"""The built site documents the public API: `NUMPARAM_SITE` names the folder of the built pages."""

import importlib
import inspect
import os
import pathlib
import re
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
    *("checkpoint", "optimizer", "lr_scheduler", "kvstore"),
]
DOCS = pathlib.Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture
def operation_examples(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("operation_examples")


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
        if not {f"numparam.{name}.{label}", f"numparam.{label}"} & found
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


def callables_of(module):
    """The public functions of a module and methods of its classes, with their texts.

    A method that overrides another one may leave arguments and example to that one.
    """
    for name, value in functions_and_classes(module):
        if inspect.isclass(value):
            if value.__module__.startswith("numparam") and not issubclass(value, BaseException):
                for method in public_methods(value):
                    function = inspect.getattr_static(value, method)
                    function = getattr(function, "__func__", function)
                    if inspect.isfunction(function):
                        texts = [
                            vars(base)[method] for base in value.__mro__ if method in vars(base)
                        ]
                        yield f"{name}.{method}", function, [text_of(text) for text in texts]
        elif inspect.isfunction(value) and value.__module__.startswith("numparam"):
            yield name, value, [text_of(value)]


def text_of(member):
    return getattr(getattr(member, "__func__", member), "__doc__", None) or ""


def is_of_the_table(text):
    """Whether a function was made of a row of the table, which ignores ``name``."""
    return "or an argument is unknown" in text or "If an operand is neither" in text


def never_returns(function):
    return str(function.__annotations__.get("return", "")).endswith("NoReturn")


@pytest.mark.parametrize("name", MODULES)
def test_every_argument_is_in_the_documentation(name):
    missing = []
    for label, function, texts in callables_of(importlib.import_module(f"numparam.{name}")):
        if never_returns(function):
            continue
        text = "\n".join(texts)
        ignored = {"self", "cls", "name" if is_of_the_table(text) else "self"}
        for argument, parameter in inspect.signature(function).parameters.items():
            if argument in ignored or parameter.kind is parameter.VAR_KEYWORD:
                continue  # keywords are documented by their own names
            if not re.search(rf"\b{argument}\b", text):
                missing.append(f"{label}: {argument}")
    assert missing == []


@pytest.mark.parametrize("name", MODULES)
def test_every_function_and_method_has_an_example(name, operation_examples):
    missing = []
    for label, function, texts in callables_of(importlib.import_module(f"numparam.{name}")):
        if any(">>>" in text for text in texts) or never_returns(function):
            continue
        place = operation_examples.where(f"numparam.{name}.{label}")
        lines = place and operation_examples.example(label.rpartition(".")[2], *place)
        if not lines:
            missing.append(label)
    assert missing == []


def test_examples_of_operations_are_on_the_pages():
    page = (pathlib.Path(SITE) / "api" / "operations.html").read_text("utf-8")
    assert page.count('<p class="rubric">Examples</p>') > 200


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_the_site_documents_every_kernel(kernel):
    names = {f"numparam.kernels.cpu.{kernel.name}.{function}" for function in kernel.functions}
    assert names - documented() == set()


def test_the_search_finds_methods():
    index = (pathlib.Path(SITE) / "searchindex.js").read_text("utf-8")
    assert "restore_prefix" in index
