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


def bad_no_gradients(a, b):
    return ([a, b], [])


def bad_too_few_gradients(a, b):
    return ([a, b], [nd.ones((2,))])


def bad_too_many_gradients(a, b):
    return ([a], [nd.ones((2,)), nd.ones((2,))])


def bad_too_few_requests(a, b):
    return ([a, b], [nd.ones((2,)), nd.ones((2,))], ["write"])


def bad_list_and_array(a, b):
    return ([a], nd.ones((2,)))


def bad_array_and_list(a, b):
    return (a, [nd.ones((2,))])


def bad_no_array(a, b):
    return ([a, 3], [nd.ones((2,)), nd.ones((2,))])


def bad_no_gradient_array(a, b):
    return ([a, b], [nd.ones((2,)), np.ones(2)])


def bad_no_list(a, b):
    return (3, nd.ones((2,)))


def bad_other_shape(a, b):
    return ([a, b], [nd.ones((2,)), nd.ones((2, 1))])


BAD = [
    pytest.param(bad_no_gradients, id="no gradients"),
    pytest.param(bad_too_few_gradients, id="too few gradients"),
    pytest.param(bad_too_many_gradients, id="too many gradients"),
    pytest.param(bad_too_few_requests, id="too few requests"),
    pytest.param(bad_list_and_array, id="list and array"),
    pytest.param(bad_array_and_list, id="array and list"),
    pytest.param(bad_no_array, id="no array"),
    pytest.param(bad_no_gradient_array, id="no gradient array"),
    pytest.param(bad_no_list, id="no list"),
    pytest.param(bad_other_shape, id="other shape"),
]


@pytest.mark.parametrize("bad", BAD)
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
