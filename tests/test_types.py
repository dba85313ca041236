"""Type checkers see real types: of parameters, arrays, operators and generated functions."""

from __future__ import annotations

import importlib.util
import inspect
import pathlib

import pytest

import numparam as mx

ROOT = pathlib.Path(__file__).parent.parent

CLIENT = """
from typing import assert_type

import numpy
import numparam as mx
from numparam import autograd, gluon
from numparam.gluon.parameter import Parameter
from numparam.ndarray.sparse import CSRNDArray, RowSparseNDArray

parameters = gluon.ParameterDict("net_")
weight: Parameter = parameters.get("weight", shape=(2, 3))
data: mx.nd.NDArray = weight.data()
gradients: list[mx.nd.NDArray] = weight.list_grad()
context: mx.Context = data.context
trainer: gluon.Trainer = gluon.Trainer(parameters, "sgd", {"learning_rate": 0.1})

total: mx.nd.NDArray = data + 1 - data * 2 / (1 + data)
opposite: mx.nd.NDArray = -data
row: mx.nd.NDArray = data[0]
largest: mx.nd.NDArray = data.max(axis=1, keepdims=True)
positive: mx.nd.NDArray = mx.nd.relu(data)
product: mx.nd.NDArray = mx.nd.dot(data, data, transpose_b=True)
joined: mx.nd.NDArray = mx.nd.concat(data, data, dim=0)
sums: mx.nd.NDArray = mx.nd.add(data, 1.5)
stepped: mx.nd.NDArray = mx.nd.sgd_update(data, gradients[0], lr=0.1, out=data)
host: numpy.ndarray = data.asnumpy()

with autograd.record():
    loss: mx.nd.NDArray = mx.nd.mean(data)
loss.backward()

angles: mx.np.ndarray = mx.np.exp(mx.np.ones((2, 2)))
average: mx.np.ndarray = angles.mean(axis=0)
layer: mx.np.ndarray = mx.npx.relu(angles)

# Not Any, which every declaration above accepts.
assert_type(parameters["weight"], Parameter)
assert_type(data, mx.nd.NDArray)
assert_type(2 - data, mx.nd.NDArray)
assert_type(data.sum(), mx.nd.NDArray)
assert_type(mx.nd.dot(data, data), mx.nd.NDArray)
assert_type(data.copyto(mx.cpu(1)), mx.nd.NDArray)
assert_type(data.split_v2(2), list[mx.nd.NDArray])
assert_type(data.grad, mx.nd.NDArray | None)
assert_type(mx.nd.sparse.zeros("row_sparse", (2, 2)), RowSparseNDArray)
assert_type(mx.nd.sparse.empty("csr", (2, 2)), CSRNDArray)
assert_type(1 + angles, mx.np.ndarray)
assert_type(angles.astype("float16"), mx.np.ndarray)
assert_type(mx.np.concatenate([angles, angles]), mx.np.ndarray)
assert_type(mx.np.where(angles, angles, 0), mx.np.ndarray)
assert_type(trainer.learning_rate, float)
assert_type(mx.optimizer.create("sgd"), mx.optimizer.Optimizer)
"""

MISTAKES = [
    pytest.param("mx.nd.rellu(mx.nd.ones((2,)))", "rellu", id="unknown operation"),
    pytest.param("mx.nd.relu(mx.nd.ones((2,)), axis=1)", "axis", id="unknown argument"),
    pytest.param("mx.nd.relu([1.0])", "NDArray", id="a list for an array"),
    pytest.param("mx.nd.ones((2,)).sum(axes=1)", "axes", id="unknown argument of a method"),
    pytest.param("x: int = mx.nd.ones((2,)).sum()", "int", id="an array for an int"),
    pytest.param("mx.np.expp(1.0)", "expp", id="unknown function of mx.np"),
]


def _tool():
    spec = importlib.util.spec_from_file_location("stubs", ROOT / "tools" / "stubs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _checked(folder, text):
    api = pytest.importorskip("mypy.api", reason="needs mypy")
    client = folder / "client.py"
    client.write_text(text)
    options = [
        "--follow-imports=silent",
        f"--cache-dir={folder / 'cache'}",
        "--python-version=3.11",
    ]
    report, errors, status = api.run([*options, "--config-file=", str(client)])
    assert not errors
    return status, report


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


def test_the_stubs_are_those_of_the_table_of_operations():
    for path, text in _tool().stubs().items():
        assert (ROOT / path).read_text() == text, f"run tools/stubs.py: {path} is not current"


def test_a_client_gets_the_types_it_declares(folder, monkeypatch):
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    status, report = _checked(folder, CLIENT)
    assert status == 0, report


@pytest.mark.parametrize(("line", "named"), MISTAKES)
def test_a_mistake_is_an_error_that_names_it(folder, monkeypatch, line, named):
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    status, report = _checked(folder, f"import numparam as mx\n{line}\n")
    assert status == 1
    assert named in report


@pytest.mark.parametrize(
    ("function", "text"),
    [
        pytest.param(mx.nd.relu, "(data, out=None, name=None)", id="relu"),
        pytest.param(mx.nd.concat, "(*data, dim=1, out=None, name=None)", id="concat"),
        pytest.param(mx.nd.NDArray.relu, "(self, out=None, name=None)", id="method"),
    ],
)
def test_generated_functions_have_their_signature_at_run_time(function, text):
    assert str(inspect.signature(function)) == text
