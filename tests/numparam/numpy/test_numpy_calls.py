"""What NumPy's own functions make of ``mx.np`` arrays."""

import numpy as np
import pytest

import numparam as mx
from numparam import autograd

VALUES = np.float32([[1, 2, 3], [4, 5, 7]])


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize(
    ("function", "arguments", "keywords"),
    [
        pytest.param(np.concatenate, lambda x: ([x, x],), {"axis": 1}, id="concatenate"),
        pytest.param(np.stack, lambda x: ((x, x),), {}, id="stack"),
        pytest.param(np.dot, lambda x: (x, x.T), {}, id="dot"),
        pytest.param(np.where, lambda x: (x > 2, x, x), {}, id="where"),
        pytest.param(np.tile, lambda x: (x, 2), {}, id="tile"),
        pytest.param(np.mean, lambda x: (x,), {"axis": 0}, id="mean"),
    ],
)
def test_functions_that_mx_np_has_give_its_arrays_and_gradients(function, arguments, keywords):
    array = mx.np.array(VALUES)
    array.attach_grad()
    with autograd.record():
        result = function(*arguments(array), **keywords)
        total = result.sum()
    assert type(result) is mx.np.ndarray
    np.testing.assert_allclose(result.asnumpy(), function(*arguments(VALUES), **keywords))
    total.backward()
    assert array.grad.asnumpy().all()


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda x: np.roll(x, 1), id="unknown-to-mx.np"),
        pytest.param(lambda x: np.concatenate([x, x], dtype="float64"), id="other-keyword"),
        pytest.param(lambda x: np.concatenate([x, VALUES]), id="beside-NumPy's"),
    ],
)
def test_other_calls_are_computed_by_numpy(call):
    result = call(mx.np.array(VALUES))
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, call(VALUES))
