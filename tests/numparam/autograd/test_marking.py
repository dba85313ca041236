import numpy as np
import pytest

from numparam import autograd
from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu

pytestmark = pytest.mark.usefixtures("device")


def pair(shape=(2,), **options):
    return nd.ones(shape, **options), nd.full(shape, 5, **options)


@pytest.mark.parametrize("request_", ["write", "add", "null"])
def test_a_marked_array_has_its_gradient(request_):
    variable, gradient = pair()
    autograd.mark_variables([variable], [gradient], request_)
    assert variable._grad is gradient
    variable.grad[:] = 8
    assert gradient.asnumpy().tolist() == [8, 8]
    assert variable._grad_req == request_
    assert variable._fresh_grad == 0


def test_arrays_alone_tuples_and_nothing_can_be_marked():
    variable, gradient = pair()
    autograd.mark_variables(variable, gradient)
    assert variable._grad is gradient
    autograd.mark_variables((variable,), (nd.zeros((2,)),), ("add",))
    assert variable.grad.asnumpy().tolist() == [0, 0]
    assert variable._grad_req == "add"
    autograd.mark_variables([], [])


def test_each_variable_gets_its_own_request():
    variables, gradients = zip(*(pair((size,)) for size in (1, 2, 3)), strict=True)
    autograd.mark_variables(variables, gradients, ["write", "add", "null"])
    assert [variable._grad_req for variable in variables] == ["write", "add", "null"]


def test_marking_again_forgets_that_a_gradient_was_fresh():
    variable, gradient = pair()
    autograd.mark_variables(variable, gradient)
    variable._fresh_grad = True
    autograd.mark_variables(variable, gradient)
    assert variable._fresh_grad == 0


@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
@pytest.mark.parametrize("own", ["default", "row_sparse"])
def test_gradients_may_be_sparse(stype, own):
    variable, gradient = nd.ones((3, 2)).tostype(own), nd.zeros((3, 2), stype=stype)
    autograd.mark_variables([variable], [gradient])
    assert variable._grad is gradient


def test_gradients_may_have_another_dtype():
    variable, gradient = nd.ones((2,), dtype="float16"), nd.zeros((2,))
    autograd.mark_variables([variable], [gradient])
    autograd.accumulate_grad(variable, [1e-8, 1])
    assert variable.grad.asnumpy().tolist() == [np.float32(1e-8), 1]


def test_views_and_copies_are_not_marked():
    variable, gradient = pair()
    autograd.mark_variables(variable, gradient)
    assert variable[:]._grad is gradient
    for other in (variable.detach(), variable.copy(), variable[0:1], variable.astype("float64")):
        assert other.grad is None


def test_marking_works_while_recording():
    variable, gradient = pair()
    with autograd.record():
        autograd.mark_variables(variable, gradient)
    assert variable._grad is gradient


BAD = {
    "no gradients": lambda a, b: ([a, b], []),
    "too few gradients": lambda a, b: ([a, b], [nd.ones((2,))]),
    "too many gradients": lambda a, b: ([a], [nd.ones((2,)), nd.ones((2,))]),
    "too few requests": lambda a, b: ([a, b], [nd.ones((2,)), nd.ones((2,))], ["write"]),
    "list and array": lambda a, b: ([a], nd.ones((2,))),
    "array and list": lambda a, b: (a, [nd.ones((2,))]),
    "no array": lambda a, b: ([a, 3], [nd.ones((2,)), nd.ones((2,))]),
    "no gradient array": lambda a, b: ([a, b], [nd.ones((2,)), np.ones(2)]),
    "no list": lambda a, b: (3, nd.ones((2,))),
    "other shape": lambda a, b: ([a, b], [nd.ones((2,)), nd.ones((2, 1))]),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("error", [ValueError, MXNetError])
def test_what_does_not_fit_is_refused_and_nothing_is_marked(bad, error):
    first, second = nd.ones((2,)), nd.ones((2,))
    with pytest.raises(error):
        autograd.mark_variables(*bad(first, second))
    assert first.grad is None
    assert second.grad is None


@pytest.mark.parametrize("requests", ["bogus", ["write", "bogus"], [None, "add"], [3, 1]])
def test_unknown_requests_are_key_errors_and_nothing_is_marked(requests):
    variables, gradients = zip(*(pair(), pair()), strict=True)
    with pytest.raises(KeyError, match="'write', 'add' or 'null'"):
        autograd.mark_variables(variables, gradients, requests)
    assert variables[0].grad is None


def test_contexts_of_one_kind_of_device_may_differ():
    variable, gradient = nd.ones((2,), ctx=cpu(0)), nd.ones((2,), ctx=cpu(1))
    autograd.mark_variables([variable], [gradient])
    assert variable._grad is gradient
