"""Refusals do not hang on ``assert``: they are there when Python drops assertions."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
import numpy as np
import numparam as mx
from numparam.gluon import Constant, Parameter, ParameterDict

if __debug__:
    sys.exit("assertions are on")

def refused(call, *kinds):
    try:
        call()
    except Exception as error:
        missing = [kind for kind in kinds if not isinstance(error, kind)]
        if missing:
            sys.exit(f"{error!r} is not {missing}")
        if "w" not in str(error):
            sys.exit(f"{error!r} does not name the parameter")
    else:
        sys.exit(f"line {sys._getframe(1).f_lineno}: nothing was refused")

def made(**keywords):
    parameter = Parameter("w", shape=(2,), **keywords)
    parameter.initialize("ones")
    return parameter

def dictionary():
    parameters = ParameterDict()
    parameters.get("w", shape=(2,)).initialize("ones")
    return parameters

refused(lambda: Parameter("w", grad_req="bogus"), AssertionError, ValueError)
refused(lambda: Parameter("w", stype="bogus"), AssertionError)
refused(lambda: Parameter("w", grad_stype="bogus"), AssertionError)
refused(lambda: Parameter("w", dtype="foo"), TypeError, ValueError)
refused(lambda: Parameter("w", shape=(-5,)), AssertionError, ValueError)
refused(lambda: setattr(made(), "grad_req", None), AssertionError)
refused(lambda: setattr(made(), "shape", (3,)), AssertionError)
refused(lambda: made().set_data(mx.nd.zeros((3,))), AssertionError)
refused(lambda: Parameter("w", shape=(2,)).set_data(mx.nd.zeros((2,))), AssertionError)
refused(lambda: made().data(mx.cpu(1)), RuntimeError)
refused(lambda: Parameter("w", shape=(2,)).data(), RuntimeError)
refused(lambda: made(grad_req="null").grad(), RuntimeError)
refused(lambda: Parameter("w", shape=(0,)).initialize(), ValueError)
refused(lambda: made().initialize(3.5, force_reinit=True), AssertionError)
refused(lambda: made().initialize("no_such", force_reinit=True), AssertionError)
refused(lambda: made()._load_init(mx.nd.zeros((3,)), None), AssertionError)
refused(lambda: made()._load_init(mx.nd.zeros((2,), dtype="float64"), None), AssertionError)
refused(lambda: made()._load_init(mx.nd.zeros((2,)), mx.cpu(3)), AssertionError)
refused(
    lambda: made()._load_init(mx.nd.zeros((2,)), None, cast_dtype=True, dtype_source="x"),
    AssertionError,
)
refused(lambda: dictionary().get("w", shape=(3,)), AssertionError)
refused(lambda: dictionary().get("w", stype="csr"), AssertionError)
refused(lambda: dictionary().update(dictionary()), AssertionError)
refused(lambda: dictionary().get_constant("w", 3), AssertionError)
refused(lambda: dictionary().load_dict({}), AssertionError)
refused(lambda: dictionary().load_dict({"w": mx.nd.ones((2,)), "x": mx.nd.ones((2,))}),
        AssertionError)
refused(lambda: dictionary().load_dict({"w": mx.nd.ones((2,))}, restore_prefix="y"),
        AssertionError)
deferred = Parameter("w", shape=(0,), allow_deferred_init=True)
deferred.initialize()
refused(deferred.data, mx.gluon.DeferredInitializationError)
refused(deferred._finish_deferred_init, AssertionError)
sparse = Parameter("w", shape=(2, 2), stype="row_sparse")
sparse.initialize("ones")
refused(sparse.data, RuntimeError)
refused(lambda: sparse.row_sparse_data(mx.nd.array([0])), RuntimeError)
sparse._set_trainer(object())
refused(lambda: sparse._set_trainer(object()), RuntimeError)
refused(lambda: sparse.row_sparse_data(mx.nd.array([2])), IndexError)
"""


def test_refusals_are_the_same_without_assertions():
    root = Path(__file__).resolve().parents[3]
    path = os.pathsep.join([str(root), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-O", "-c", PROGRAM],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_module_of_parameters_asserts():
    import ast

    import numparam.gluon

    for path in Path(numparam.gluon.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)], path.name
