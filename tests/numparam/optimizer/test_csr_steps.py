"""Steps of csr weights and gradients: those of dense arrays, with the storage type kept."""

from __future__ import annotations

import numpy as np
import pytest

import numparam as mx

WEIGHT = np.array([[1, 2, 0], [3, 0, 4]], np.float32)
GRADIENTS = [
    np.array([[1, 0, 1], [2, 0, 0]], np.float32),
    np.array([[0, -2, 0], [0, 0, 0]], np.float32),
]
STYPES = [
    pytest.param(("csr", "csr"), id="csr"),
    pytest.param(("default", "csr"), id="csr gradient"),
    pytest.param(("row_sparse", "csr"), id="csr gradient of a row-sparse weight"),
    pytest.param(("csr", "default"), id="csr weight"),
    pytest.param(("csr", "row_sparse"), id="csr weight with a row-sparse gradient"),
]


def trained(name, stypes, dtype="float32", **keywords):
    """Return a weight and its states after two steps, the gradient in the same array."""
    optimizer = mx.optimizer.create(name, wd=0.03, clip_gradient=0.9, **keywords)
    updater = mx.optimizer.get_updater(optimizer)
    weight = mx.nd.array(WEIGHT, dtype=dtype).tostype(stypes[0])
    gradient = mx.nd.array(GRADIENTS[0], dtype=dtype).tostype(stypes[1])
    for values in GRADIENTS:
        mx.nd.array(values, dtype=dtype).tostype(stypes[1]).copyto(gradient)
        updater(0, gradient, weight)
    states = updater.states[0]
    return weight, states if isinstance(states, tuple) else (states,)


@pytest.mark.parametrize("stypes", STYPES)
@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        pytest.param("sgd", {"momentum": 0.9}, id="sgd"),
        pytest.param("adam", {}, id="adam"),
        pytest.param("lamb", {}, id="lamb"),
        pytest.param("dcasgd", {"momentum": 0.9}, id="dcasgd"),
        pytest.param("lbsgd", {"batch_scale": 2}, id="lbsgd"),
    ],
)
def test_a_csr_array_is_trained_as_the_dense_one(name, keywords, stypes):
    weight, states = trained(name, stypes, **keywords)
    expected, expected_states = trained(name, ("default", "default"), **keywords)
    assert weight.stype == stypes[0]
    np.testing.assert_array_equal(weight.asnumpy(), expected.asnumpy())
    assert not np.array_equal(weight.asnumpy(), WEIGHT)
    for state, other in zip(states, expected_states, strict=True):
        if other is not None:
            np.testing.assert_array_equal(state.asnumpy(), other.asnumpy())


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_csr_weight_of_16_bits_has_a_dense_float32_copy(name):
    weight, states = trained(name, ("csr", "csr"), "float16", multi_precision=True)
    expected, _ = trained(name, ("default", "default"), "float16", multi_precision=True)
    np.testing.assert_array_equal(weight.asnumpy(), expected.asnumpy())
    copies = [one for one in states if getattr(one, "dtype", None) == np.float32]
    assert [one.stype for one in copies] == ["default"]


def test_several_weights_of_all_storage_types_are_updated_in_one_call():
    kinds = ["default", "csr", "row_sparse"]
    weights = [mx.nd.array(WEIGHT).tostype(stype) for stype in kinds]
    grads = [mx.nd.array(GRADIENTS[0]).tostype(stype) for stype in kinds]
    mx.optimizer.SGD(learning_rate=1).update([0, 1, 2], weights, grads, [None] * 3)
    assert [one.stype for one in weights] == kinds
    for weight in weights:
        np.testing.assert_array_equal(weight.asnumpy(), WEIGHT - GRADIENTS[0])


def test_a_csr_gradient_of_another_shape_changes_nothing():
    weight = mx.nd.array(WEIGHT).tostype("csr")
    with pytest.raises(mx.base.MXNetError, match="the gradient must be"):
        mx.optimizer.SGD().update(0, weight, mx.nd.zeros((3, 2), stype="csr"), None)
    np.testing.assert_array_equal(weight.asnumpy(), WEIGHT)


def test_a_trainer_takes_parameters_with_csr_gradients():
    weight = mx.gluon.Parameter("weight", shape=(2, 3), grad_stype="csr")
    weight.initialize(mx.init.One())
    trainer = mx.gluon.Trainer([weight], "sgd", {"learning_rate": 1}, update_on_kvstore=False)
    for _ in range(2):
        with mx.autograd.record():
            weight.data().sum().backward()
        trainer.step(1)
    np.testing.assert_array_equal(weight.data().asnumpy(), np.full((2, 3), -1))
