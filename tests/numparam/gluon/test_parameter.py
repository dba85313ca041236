"""Where the classes are, and what they promise to those who read them."""

import ast
import inspect
from pathlib import Path

import pytest

import numparam as mx
from numparam.gluon import Constant, Parameter, ParameterDict, parameter, parameter_dict

FOLDER = Path(inspect.getfile(mx.gluon)).parent


def defined_in(module, cls):
    (node,) = (
        node
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__
    )
    return {member.name for member in node.body if isinstance(member, ast.FunctionDef)}


@pytest.mark.parametrize(
    ("module", "cls"), [(parameter, Parameter), (parameter_dict, ParameterDict)]
)
def test_every_member_of_a_class_is_in_its_file(module, cls):
    assert cls.__mro__ == (cls, object)
    members = {
        name
        for name, member in vars(cls).items()
        if callable(member) or isinstance(member, (property, classmethod, staticmethod))
    }
    assert members <= defined_in(module, cls)
    for name in members:
        assert not hasattr(vars(cls)[name], "__wrapped__"), name


def test_public_names_are_where_mxnet_has_them():
    assert parameter.ParameterDict is ParameterDict is mx.gluon.ParameterDict
    assert parameter.__all__ == [
        "DeferredInitializationError",
        "Parameter",
        "Constant",
        "ParameterDict",
        "tensor_types",
    ]
    assert Constant.__mro__ == (Constant, Parameter, object)


def imports(path):
    """Modules of this room that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "numparam.gluon":
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("numparam.gluon."):
            found.add(node.module.split(".")[2])
    return found


def test_no_module_imports_one_that_imports_it():
    remaining = {path.stem: imports(path) for path in FOLDER.glob("*.py")}
    del remaining["__init__"]
    while remaining:
        ready = {name for name, needed in remaining.items() if not needed & set(remaining)}
        assert ready, f"these import each other: {sorted(remaining)}"
        for name in ready:
            del remaining[name]


@pytest.mark.parametrize("cls", [Parameter, Constant, ParameterDict])
def test_public_methods_have_a_signature_with_types(cls):
    for name, member in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_"):
            signature = inspect.signature(member)
            assert signature.return_annotation is not inspect.Signature.empty, name
            for argument in list(signature.parameters.values())[1:]:
                assert argument.annotation is not inspect.Parameter.empty, name
