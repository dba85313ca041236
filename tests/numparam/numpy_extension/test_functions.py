"""mx.npx: switches, devices and the layers on mx.np arrays."""

from __future__ import annotations

import numpy
import pytest

import numparam as mx
from numparam.numpy_extension.operations import FUNCTIONS

np, npx = mx.np, mx.npx

MATRIX = [[1, 2], [3, 4]]


# Values of MXNet 1.9.1.
def relu():
    return npx.relu(np.array([-1, 1]))


def sigmoid():
    return npx.sigmoid(np.array([0]))


def softmax():
    return npx.softmax(np.array([[1, 1]]))


def softmax_over_rows():
    return npx.softmax(np.array([[1, 1]]), axis=0)


def one_hot():
    return npx.one_hot(np.array([0, 2]), 3)


def pick():
    return npx.pick(np.array(MATRIX), np.array([0, 1]))


def topk():
    return npx.topk(np.array([3, 1, 2]), k=2)


def topk_values():
    return npx.topk(np.array([3, 1, 2]), k=2, ret_typ="value")


def embedding():
    return npx.embedding(np.array([1, 0]), np.array(MATRIX), input_dim=2, output_dim=2)


def fully_connected():
    return npx.fully_connected(np.ones((1, 3)), np.ones((2, 3)), np.ones((2,)), num_hidden=2)


def without_bias():
    return npx.fully_connected(np.ones((1, 3)), np.ones((2, 3)), num_hidden=2, no_bias=True)


def batch_flatten():
    return npx.batch_flatten(np.ones((1, 2, 2)))


def activation():
    return npx.activation(np.array([-1]), act_type="relu")


def leaky_relu():
    return npx.leaky_relu(np.array([-1]))


def smooth_l1():
    return npx.smooth_l1(np.array([2]))


def gather_nd():
    return npx.gather_nd(np.array(MATRIX), np.array([[0], [1]]))


def sliced():
    return npx.slice(np.arange(4), begin=(1,), end=(3,))


def shape_array():
    return npx.shape_array(np.ones((2, 3)))


def gamma():
    return npx.gamma(np.array([1, 5]))


def gammaln():
    return npx.gammaln(np.array([1, 2]))


def erfinv():
    return npx.erfinv(np.array([0, 1]))


def layer_norm():
    return npx.layer_norm(np.array([[1, 3]]), np.array([1, 2]), np.array([0, 1]), eps=0)


CALLS = {
    "relu": (relu, [0, 1]),
    "sigmoid": (sigmoid, [0.5]),
    "softmax": (softmax, [[0.5, 0.5]]),
    "softmax over rows": (softmax_over_rows, [[1, 1]]),
    "one_hot": (one_hot, [[1, 0, 0], [0, 0, 1]]),
    "pick": (pick, [1, 4]),
    "topk": (topk, [0, 2]),
    "topk values": (topk_values, [3, 2]),
    "embedding": (
        embedding,
        [[3, 4], [1, 2]],
    ),
    "fully_connected": (
        fully_connected,
        [[4, 4]],
    ),
    "without bias": (
        without_bias,
        [[3, 3]],
    ),
    "batch_flatten": (batch_flatten, [[1, 1, 1, 1]]),
    "activation": (activation, [0]),
    "leaky_relu": (leaky_relu, [-0.25]),
    "smooth_l1": (smooth_l1, [1.5]),
    "gather_nd": (gather_nd, [2]),
    "slice": (sliced, [1, 2]),
    "shape_array": (shape_array, [2, 3]),
    "gamma": (gamma, [1, 24]),
    "gammaln": (gammaln, [0, 0]),
    "erfinv": (erfinv, [0, numpy.inf]),
    "layer_norm": (layer_norm, [[-1, 3]]),
}


@pytest.mark.parametrize("name", CALLS)
def test_layers_give_mxnets_values_as_np_arrays(device, name):
    call, expected = CALLS[name]
    made = call()
    assert type(made) is np.ndarray
    assert made.tolist() == expected


def test_layers_with_two_results_give_a_list(device):
    values, positions = npx.topk(np.array([3, 1, 2]), k=2, ret_typ="both")
    assert (values.tolist(), positions.tolist()) == ([3, 2], [0, 2])


def test_dropout_of_np_arrays(device):
    x = np.ones((40, 50))
    x.attach_grad()
    assert npx.dropout(x, p=0.25).tolist() == x.tolist()
    with mx.autograd.record():
        dropped = npx.dropout(x, p=0.25, axes=1)
        total = (dropped * 3).sum()
    assert type(dropped) is np.ndarray
    total.backward()
    kept = dropped.asnumpy()
    assert set(kept.ravel().tolist()) == {0, numpy.float32(4 / 3)}
    assert (kept == kept[:, :1]).all()
    numpy.testing.assert_array_equal(x.grad.asnumpy(), kept * 3)
    for wrong in (mx.nd.ones((1,)), [1]):
        with pytest.raises(TypeError, match=r"dropout takes mx\.np arrays"):
            npx.dropout(wrong)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_layers_refuse_classic_arrays_and_lists(name):
    for wrong in (mx.nd.ones((1,)), [1]):
        with pytest.raises(TypeError, match=f"{name} takes mx.np arrays"):
            FUNCTIONS[name](wrong)


def test_the_switches_and_devices_are_those_of_the_library():
    assert npx.set_np is mx.util.set_np
    assert npx.is_np_shape is mx.is_np_shape
    assert (npx.cpu, npx.gpu, npx.current_context) == (mx.cpu, mx.gpu, mx.current_context)
    assert npx.num_gpus is mx.context.num_gpus
    npx.set_np()
    try:
        assert npx.is_np_shape()
        assert npx.is_np_array()
    finally:
        npx.reset_np()
    assert not npx.is_np_array()
    assert npx.waitall() is None


def test_the_seed_is_the_process_s(device):
    draws = []
    for seed in (npx.seed, npx.random.seed, mx.random.seed):
        seed(5)
        draws.append(mx.random.uniform(0, 1, shape=(4,)).asnumpy())
    numpy.testing.assert_array_equal(draws[0], draws[1])
    numpy.testing.assert_array_equal(draws[0], draws[2])
