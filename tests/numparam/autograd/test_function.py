"""Functions whose gradients the user writes."""

from __future__ import annotations

import numpy as np
import pytest

import numparam as mx
from numparam import autograd
from numparam import ndarray as nd
from numparam.base import MXNetError


class Sigmoid(autograd.Function):
    def forward(self, x):
        y = 1 / (1 + 2.718281828459045 ** (-x))
        self.save_for_backward(y)
        return y

    def backward(self, dy):
        (y,) = self.saved_tensors
        return dy * y * (1 - y)


class Pair(autograd.Function):
    """Returns what it is given, and gradients that are given to it."""

    def __init__(self, *gradients):
        super().__init__()
        self.gradients = gradients

    def forward(self, x, y):
        return x * y, x

    def backward(self, *grads):
        return self.gradients


def variable(values, grad_req="write"):
    array = nd.array(values)
    array.attach_grad(grad_req)
    return array


@pytest.mark.parametrize(("request_", "times"), [("write", 1), ("add", 3)])
def test_its_gradients_are_written_or_added(request_, times):
    x = variable([0.0, 1.0], request_)
    for _ in range(3):
        with autograd.record():
            y = Sigmoid()(x) * 2
        y.backward()
    s = 1 / (1 + np.exp(-x.asnumpy()))
    assert np.allclose(x.grad.asnumpy(), times * 2 * s * (1 - s))


def test_it_takes_arrays_of_mx_np():
    x = mx.np.array([0.0, 1.0])
    x.attach_grad()
    with autograd.record():
        y = Sigmoid()(x)
    assert type(y) is mx.np.ndarray
    y.backward()
    assert np.allclose(x.grad.asnumpy(), [0.25, 0.19661193])


def test_it_is_called_once():
    function = Sigmoid()
    x = variable([1.0])
    function(x)
    with pytest.raises(AssertionError, match="make an instance for each call"):
        function(x)


def test_a_result_that_is_an_input_keeps_the_input_a_variable():
    x, y = variable([1.0]), variable([2.0])
    with autograd.record():
        product, same = Pair(nd.array([5.0]), None)(x, y)
        loss = product + same
    assert same is not x
    loss.backward()
    assert x.grad.asscalar() == 5
    assert y.grad.asscalar() == 0


def test_errors_of_its_backward_reach_the_caller_as_they_are():
    class Broken(Sigmoid):
        def backward(self, dy):
            raise LookupError("mine")

    x = variable([1.0])
    with autograd.record():
        y = Broken()(x)
    with pytest.raises(LookupError, match="mine"):
        y.backward()
    assert x._fresh_grad == 0


@pytest.mark.parametrize(
    ("gradients", "message"),
    [
        pytest.param([nd.array([1.0])], "1 gradients for 2 inputs", id="number"),
        pytest.param([nd.array([1.0]), nd.array([1.0, 2.0])], "shape", id="shape"),
        pytest.param([nd.array([1.0]), 3], "NDArray, not int", id="class"),
    ],
)
def test_gradients_that_do_not_fit_are_refused(gradients, message):
    x, y = variable([1.0]), variable([2.0])
    with autograd.record():
        product, _ = Pair(*gradients)(x, y)
    with pytest.raises(MXNetError, match=message):
        product.backward()
    assert x._fresh_grad == y._fresh_grad == 0


def test_inputs_must_be_arrays():
    with pytest.raises(TypeError, match="attributes of the instance"):
        Sigmoid()(3)


def test_its_gradients_are_differentiated_again_if_they_are_made_of_operations():
    class Cube(autograd.Function):
        def forward(self, x):
            self.save_for_backward(x)
            return x * x * x

        def backward(self, dy):
            (x,) = self.saved_tensors
            return dy * 3 * x * x

    x = variable([1.0, 2.0])
    with autograd.record():
        slope = autograd.grad(Cube()(x), [x], create_graph=True)[0]
    slope.backward()
    assert x.grad.asnumpy().tolist() == [6, 12]
