"""`LeakyReLU` with each kind; the values were recorded from MXNet 1.9.1."""

import numpy as np
import pytest

import numparam as mx
from numparam import nd
from numparam.base import MXNetError

V = [[-2, -0.5, 0, 0.3, 2], [1, -1, 3, -30, 30]]


def value_and_gradients(*arrays, train_mode=True, **attributes):
    for array in arrays:
        array.attach_grad()
    with mx.autograd.record(train_mode=train_mode):
        result = nd.LeakyReLU(*arrays, **attributes)
    result.backward()
    return result.asnumpy(), *(array.grad.asnumpy() for array in arrays)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(
    ("attributes", "values", "slopes"),
    [
        (
            {},
            [[-0.5, -0.125, 0, 0.3, 2], [1, -0.25, 3, -7.5, 30]],
            [[0.25, 0.25, 0.25, 1, 1], [1, 0.25, 1, 0.25, 1]],
        ),
        (
            {"act_type": "elu"},
            [[-0.2162, -0.0984, 0, 0.3, 2], [1, -0.158, 3, -0.25, 30]],
            [[0.0338, 0.1516, 0.25, 1, 1], [1, 0.0919, 1, 0, 1]],
        ),
        (
            {"act_type": "selu", "slope": 0.1},
            [[-1.5202, -0.6918, 0, 0.3152, 2.1014], [1.0507, -1.1113, 3.1521, -1.7581, 31.521]],
            [[0.2379, 1.0663, 1.7581, 1.0507, 1.0507], [1.0507, 0.6468, 1.0507, 0, 1.0507]],
        ),
        (
            {"act_type": "gelu"},
            [[-0.0455, -0.1543, 0, 0.1854, 1.9545], [0.8413, -0.1587, 2.996, 0, 30]],
            [[-0.0852, 0.1325, 0.5, 0.7323, 1.0852], [1.0833, -0.0833, 1.0119, 0, 1]],
        ),
        (
            {"act_type": "rrelu", "lower_bound": 0.2, "upper_bound": 0.2},
            [[-0.4, -0.1, 0, 0.3, 2], [1, -0.2, 3, -6, 30]],
            [[0.2, 0.2, 0.2, 1, 1], [1, 0.2, 1, 0.2, 1]],
        ),
    ],
    ids=str,
)
def test_kinds_without_parameters(attributes, values, slopes, dtype):
    found = value_and_gradients(nd.array(V, dtype=dtype), **attributes)
    assert found[0].dtype == dtype
    tolerance = 2e-3 if dtype == "float16" else 1e-4
    np.testing.assert_allclose(found[0], values, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found[1], slopes, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("shape", "gamma", "slopes", "of_gamma"),
    [
        ((2, 5), [0.2], [0.2] * 10, [-33.5]),
        ((2, 5), [0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.4, 0.5] * 2, [-2, -1.5, 0, -30, 0]),
        ((2, 5), [0.1, 0.2], [0.1] * 5 + [0.2] * 5, [-2.5, -31]),
        (
            (2, 5),
            [[0.3, 0.1, 0.2, 0.3, 0.4]],
            [0.3, 0.1, 0.2, 0.3, 0.4] * 2,
            [[-2, -1.5, 0, -30, 0]],
        ),
        ((10,), [0.3], [0.3] * 10, [-33.5]),
        (
            (1, 5, 2, 1),
            [0.1, 0.2, 0.3, 0.4, 0.5],
            np.repeat([0.1, 0.2, 0.3, 0.4, 0.5], 2),
            [-2.5, 0, 0, -1, -30],
        ),
    ],
)
def test_slopes_that_are_learnt(shape, gamma, slopes, of_gamma):
    values = np.reshape(V, shape)
    slopes = np.reshape(slopes, shape)
    arrays = nd.array(values, dtype="float64"), nd.array(gamma, dtype="float64")
    found = value_and_gradients(*arrays, act_type="prelu")
    np.testing.assert_allclose(found[0], np.where(values > 0, values, slopes * values))
    np.testing.assert_allclose(found[1], np.where(values > 0, 1, slopes))
    np.testing.assert_allclose(found[2], of_gamma)


def test_random_slopes_are_drawn_while_training_alone():
    ones = np.full(2000, -1.0)
    bounds = {"act_type": "rrelu", "lower_bound": 0.2, "upper_bound": 0.4}
    mx.random.seed(3)
    values, slopes = value_and_gradients(nd.array(ones), **bounds)
    assert -0.4 <= values.min() < -0.39
    assert -0.21 < values.max() <= -0.2
    assert abs(values.mean() + 0.3) < 0.01
    np.testing.assert_allclose(slopes, -values)
    values, slopes = value_and_gradients(nd.array(ones), train_mode=False, **bounds)
    np.testing.assert_allclose(values, -0.3, rtol=1e-6)
    np.testing.assert_allclose(slopes, 0.3, rtol=1e-6)


@pytest.mark.parametrize(
    ("gammas", "attributes", "message"),
    [
        ([], {"act_type": "swish"}, "act_type must be one of"),
        ([], {"act_type": "prelu"}, "takes gamma"),
        ([[0.1]], {}, "takes gamma"),
        ([[0.1, 0.2, 0.3]], {"act_type": "prelu"}, "3 slopes"),
    ],
)
def test_what_does_not_fit_is_refused(gammas, attributes, message):
    with pytest.raises(MXNetError, match=message):
        nd.LeakyReLU(nd.array(V), *map(nd.array, gammas), **attributes)


def test_integers_are_refused():
    with pytest.raises(MXNetError, match="floating-point"):
        nd.LeakyReLU(nd.array(V, dtype="int32"))


def test_learnt_slopes_of_numpy_arrays():
    result = mx.npx.leaky_relu(mx.np.array([-1.0, 2]), mx.np.array([0.3]), act_type="prelu")
    np.testing.assert_allclose(result.asnumpy(), [-0.3, 2], rtol=1e-6)
