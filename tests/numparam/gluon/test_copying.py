import copy
import pickle

import pytest

import numparam as mx
from numparam.gluon import Constant, Parameter, ParameterDict


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


@pytest.fixture(
    params=[pytest.param(copy.deepcopy, id="deepcopy"), pytest.param(pickled, id="pickle")]
)
def duplicate(request):
    return request.param


class Owner:
    """Stands for a Trainer, which must not be copied."""

    def __reduce_ex__(self, protocol):
        raise AssertionError("the Trainer was copied")


def filled(**keywords):
    parameter = Parameter("w", shape=(2,), **keywords)
    parameter.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    for gradient in parameter._grad or []:
        gradient[:] = 5
    parameter.data(mx.cpu(1))._fresh_grad = True
    return parameter


def test_gradients_of_a_copy_reach_the_copy(device, duplicate):
    original = filled(grad_req="add")
    other = duplicate(original)
    for context in (mx.cpu(0), mx.cpu(1)):
        array = other.data(context)
        assert array.context == context == other.grad(context).context
        assert array._grad is other.grad(context)
        assert array._grad_req == "add"
        array.grad[:] = 7
        assert (other.grad(context).asnumpy() == 7).all()
    assert [bool(array._fresh_grad) for array in other.list_data()] == [False, True]
    assert (original.grad(mx.cpu(0)).asnumpy() == 5).all()


def test_the_trainer_is_not_copied(device, duplicate):
    original = filled()
    original._set_trainer(Owner())
    assert duplicate(original)._trainer is None
    assert original._trainer is not None


def test_a_shallow_copy_shares_arrays_and_has_lists_of_its_own(device):
    original = filled()
    original._set_trainer(Owner())
    other = copy.copy(original)
    assert other.list_data()[0] is original.list_data()[0]
    assert bool(original.data(mx.cpu(1))._fresh_grad)
    other.cast("float64")
    assert original.data(mx.cpu(0)).dtype.__name__ == "float32"


def test_sparse_parameters_keep_their_rows_and_marks(device, duplicate):
    original = Parameter("w", shape=(3, 2), stype="row_sparse", grad_stype="row_sparse")
    original.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    other = duplicate(original)
    assert [array.stype for array in other._data + other._grad] == ["row_sparse"] * 4
    assert [str(array.context) for array in other._data] == ["cpu(0)", "cpu(1)"]
    assert other._data[1].indices.asnumpy().tolist() == [0, 1, 2]
    assert other._data[1]._grad is other._grad[1]


def test_deferred_initialization_ends_in_the_copy(device, duplicate):
    original = Parameter("w", shape=(0, 2), allow_deferred_init=True)
    original.initialize(mx.init.Constant(3), ctx=[mx.cpu(1)])
    original.set_data(mx.nd.array([[1, 2]]))
    other = duplicate(original)
    other._finish_deferred_init()
    assert other.data().asnumpy().tolist() == [[1, 2]]
    assert original._deferred_init


def test_constants_and_dictionaries_with_shared_parts(device, duplicate):
    parent = ParameterDict("net_")
    parent.get("w", shape=(2,))
    parent.get_constant("c", [1, 2])
    parent.initialize("ones")
    child = ParameterDict("net_", shared=parent)
    child.get("w")
    parents, children = duplicate([parent, child])
    assert children["net_w"] is parents["net_w"] is not parent["net_w"]
    assert children._shared is parents
    assert children.get("c") is parents["net_c"]
    parents.zero_grad()
    fresh = duplicate(Constant("d", [3.0]))
    fresh.initialize()
    assert fresh.data().asnumpy().tolist() == [3]
    assert parents.get("new", shape=(1,)) is parents["net_new"]


def test_tied_gradients_stay_tied(device, duplicate):
    first, second = filled(), filled()
    second._grad = first._grad
    one, two = duplicate([first, second])
    one.grad(mx.cpu(1))[:] = 9
    assert (two.grad(mx.cpu(1)).asnumpy() == 9).all()


def test_lists_that_were_left_with_different_lengths_come_back(duplicate):
    original = filled()
    original._grad.append(mx.nd.full((2,), 7))
    other = duplicate(original)
    assert [array.asnumpy().tolist() for array in other._grad] == [[5, 5], [5, 5], [7, 7]]
    assert other.list_ctx() == [mx.cpu(0), mx.cpu(1)]
    assert other.data(mx.cpu(1)).grad.asnumpy().tolist() == [5, 5]
