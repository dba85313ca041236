"""Pickles that MXNet 1.9.1 made are read by numparam in its place, and hold the same."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import pickle
import sys
from pathlib import Path

import pytest

import numparam
from numparam import gluon

RECORDER = Path(__file__).resolve().parents[2] / "recorder" / "record_pickles.py"
RECORDED = json.loads(
    (RECORDER.parents[1] / "recorded" / "pickles.json").read_text(encoding="utf-8")
)
CASES = RECORDED["cases"]

sys.path.insert(0, str(RECORDER.parent))
try:
    from record_pickles import describe
finally:
    sys.path.remove(str(RECORDER.parent))


@pytest.fixture(autouse=True)
def in_the_place_of_mxnet(monkeypatch):
    monkeypatch.setitem(sys.modules, "mxnet", numparam)
    yield
    for name in [name for name in sys.modules if name.startswith("mxnet.")]:
        del sys.modules[name]


def unpickled(name, protocol="2"):
    with numparam.util.np_shape("scalar" in name):
        return pickle.loads(base64.b64decode(CASES[name]["pickles"][protocol]))


def holds(name, value):
    with numparam.util.np_shape("scalar" in name):
        return json.loads(json.dumps(describe(value)))


@pytest.mark.parametrize("protocol", ["2", "4"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_what_mxnet_pickled_comes_back_as_it_was(name, protocol):
    value = unpickled(name, protocol)
    assert holds(name, value) == CASES[name]["holds"]


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_came_from_mxnet_can_be_pickled_and_copied_again(name):
    value = unpickled(name)
    first = holds(name, value)
    with numparam.util.np_shape("scalar" in name):
        assert holds(name, pickle.loads(pickle.dumps(value))) == first
        assert holds(name, copy.deepcopy(value)) == first


def test_a_scalar_is_read_in_either_mode_of_shapes():
    contents = base64.b64decode(CASES["scalar under np_shape"]["pickles"]["2"])
    assert pickle.loads(contents).shape == ()


def test_a_restored_parameter_trains_and_moves_on():
    weight = unpickled("Parameter")
    weight.zero_grad()
    weight.set_data(numparam.nd.ones((2, 3)))
    weight.reset_ctx([numparam.cpu(2)])
    assert weight.data().asnumpy().tolist() == [[1] * 3] * 2
    weight.grad_req = "add"
    assert weight.grad().shape == (2, 3)


def test_a_deferred_parameter_initializes_when_its_shape_is_known():
    weight = unpickled("Parameter deferred")
    weight.shape = (4, 3)
    weight._finish_deferred_init()
    assert weight.data(numparam.cpu(1)).asnumpy().tolist() == [[1.5] * 3] * 4


def test_a_constant_initializes_to_its_value_in_another_process():
    constant = unpickled("Constant")
    constant.initialize()
    assert constant.data().asnumpy().tolist() == [[1, 2], [3, 4]]


def test_a_restored_dictionary_shares_and_saves(tmp_path):
    parameters = unpickled("ParameterDict that shares")
    assert parameters["net_weight"] is parameters._shared["net_weight"]
    parameters._shared.save(tmp_path / "net.params", strip_prefix="net_")
    assert sorted(numparam.nd.load(tmp_path / "net.params")) == ["bias", "table", "weight"]
    parameters._shared.zero_grad()


class Named(gluon.Parameter):
    """A subclass with another constructor and an attribute of its own."""

    def __init__(self, purpose):
        super().__init__("weight", shape=(2, 3))
        self.purpose = purpose


def test_attributes_of_subclasses_come_back():
    state = unpickled_state("Parameter frozen") | {"purpose": "test"}
    restored = object.__new__(Named)
    restored.__setstate__(state)
    assert (restored.purpose, restored.grad_req) == ("test", "null")
    assert restored.data().shape == (2, 3)


def unpickled_state(name):
    """Return the state that MXNet pickled, as it reaches ``__setstate__``."""

    class Bare:
        def __setstate__(self, state):
            self.state = state

    class Unpickler(pickle._Unpickler):
        def find_class(self, module, found):
            if found == "Parameter":
                return Bare
            return super().find_class(module, found)

    import io

    contents = base64.b64decode(CASES[name]["pickles"]["2"])
    return Unpickler(io.BytesIO(contents)).load().state


def test_the_recorder_is_the_one_that_made_the_recording():
    source = RECORDER.read_bytes()
    assert RECORDED["recorder_sha256"] == hashlib.sha256(source).hexdigest(), "record again"
    assert RECORDED["versions"]["mxnet"] == "1.9.1"


@pytest.mark.parametrize("name", ["Parameter", "Parameter add", "ParameterDict", "Constant"])
def test_a_pickle_is_read_in_either_mode_of_arrays(name):
    first = json.dumps(holds(name, unpickled(name)))
    with numparam.util.np_shape(True), numparam.util.np_array(True):
        value = pickle.loads(base64.b64decode(CASES[name]["pickles"]["4"]))
        assert json.dumps(describe(value)) == first.replace("NDArray", "ndarray")
