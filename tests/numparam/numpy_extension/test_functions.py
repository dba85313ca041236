"""mx.npx: switches, devices and the layers on mx.np arrays."""

from __future__ import annotations

import numpy
import pytest

import numparam as mx
from numparam.numpy_extension.operations import FUNCTIONS

np, npx = mx.np, mx.npx

MATRIX = [[1, 2], [3, 4]]
# Values of MXNet 1.9.1.
CALLS = {
    "relu": (lambda: npx.relu(np.array([-1, 1])), [0, 1]),
    "sigmoid": (lambda: npx.sigmoid(np.array([0])), [0.5]),
    "softmax": (lambda: npx.softmax(np.array([[1, 1]])), [[0.5, 0.5]]),
    "softmax over rows": (lambda: npx.softmax(np.array([[1, 1]]), axis=0), [[1, 1]]),
    "one_hot": (lambda: npx.one_hot(np.array([0, 2]), 3), [[1, 0, 0], [0, 0, 1]]),
    "pick": (lambda: npx.pick(np.array(MATRIX), np.array([0, 1])), [1, 4]),
    "topk": (lambda: npx.topk(np.array([3, 1, 2]), k=2), [0, 2]),
    "topk values": (lambda: npx.topk(np.array([3, 1, 2]), k=2, ret_typ="value"), [3, 2]),
    "embedding": (
        lambda: npx.embedding(np.array([1, 0]), np.array(MATRIX), input_dim=2, output_dim=2),
        [[3, 4], [1, 2]],
    ),
    "fully_connected": (
        lambda: npx.fully_connected(np.ones((1, 3)), np.ones((2, 3)), np.ones((2,)), num_hidden=2),
        [[4, 4]],
    ),
    "without bias": (
        lambda: npx.fully_connected(np.ones((1, 3)), np.ones((2, 3)), num_hidden=2, no_bias=True),
        [[3, 3]],
    ),
    "batch_flatten": (lambda: npx.batch_flatten(np.ones((1, 2, 2))), [[1, 1, 1, 1]]),
    "activation": (lambda: npx.activation(np.array([-1]), act_type="relu"), [0]),
    "leaky_relu": (lambda: npx.leaky_relu(np.array([-1])), [-0.25]),
    "smooth_l1": (lambda: npx.smooth_l1(np.array([2])), [1.5]),
    "gather_nd": (lambda: npx.gather_nd(np.array(MATRIX), np.array([[0], [1]])), [2]),
    "slice": (lambda: npx.slice(np.arange(4), begin=(1,), end=(3,)), [1, 2]),
    "shape_array": (lambda: npx.shape_array(np.ones((2, 3))), [2, 3]),
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
