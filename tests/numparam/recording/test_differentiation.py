import pytest

from numparam import autograd
from numparam import ndarray as nd
from numparam.base import MXNetError


@pytest.mark.parametrize(
    "differentiate",
    [
        lambda head, variable: autograd.backward([head]),
        lambda head, variable: autograd.backward(head, nd.ones((2,)), retain_graph=True),
        lambda head, variable: autograd.grad([head], [variable]),
        lambda head, variable: autograd.grad(head, variable, create_graph=True),
    ],
)
def test_differentiation_is_refused_and_names_the_way_out(differentiate):
    variable = nd.ones((2,))
    variable.attach_grad()
    with autograd.record():
        head = variable * 2
    with pytest.raises(MXNetError, match="accumulate_grad"):
        differentiate(head, variable)
    assert not variable.grad.asnumpy().any()
