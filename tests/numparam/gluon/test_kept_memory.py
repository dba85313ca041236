"""Memory that other libraries may hold views of stays where shape, dtype and contexts stay."""

import copy

import numpy as np
import pytest

import numparam as mx
from numparam.gluon import Parameter, ParameterDict

BOTH = (mx.cpu(0), mx.cpu(1))


def made(stype="default", **keywords):
    parameter = Parameter("w", shape=(3, 2), stype=stype, **keywords)
    parameter.initialize("ones", ctx=list(BOTH))
    for gradient in parameter._grad or ():
        gradient[:] = 5
    return parameter


def memory(parameter):
    arrays = [*parameter._data, *(parameter._grad or ())]
    return {(array.context, position > 1): array._buffer for position, array in enumerate(arrays)}


def same_contexts(parameter):
    parameter.reset_ctx(list(BOTH))


def other_order(parameter):
    parameter.reset_ctx([mx.cpu(1), mx.cpu(0)])


def same_dtype(parameter):
    parameter.cast(np.float32)


def assigned_dtype(parameter):
    parameter.dtype = "float32"


def initialized_again(parameter):
    parameter.initialize("zeros", ctx=list(BOTH), force_reinit=True)


def other_contexts(parameter):
    parameter.reset_ctx([mx.cpu(0), mx.cpu(2)])


def fewer_contexts(parameter):
    parameter.reset_ctx(mx.cpu(0))


def other_dtype(parameter):
    parameter.cast("float64")


KEEPING = [same_contexts, other_order, same_dtype, assigned_dtype, initialized_again]
REPLACING = [other_contexts, fewer_contexts, other_dtype]


@pytest.mark.parametrize("grad_req", ["write", "null"])
@pytest.mark.parametrize("change", KEEPING, ids=lambda change: change.__name__)
def test_memory_is_kept_where_nothing_of_it_changes(device, change, grad_req):
    parameter = made(grad_req=grad_req)
    before = memory(parameter)
    change(parameter)
    after = memory(parameter)
    assert before.keys() == after.keys()
    assert all(after[place] is buffer for place, buffer in before.items())


@pytest.mark.parametrize("change", REPLACING, ids=lambda change: change.__name__)
def test_memory_is_new_where_something_changes(device, change):
    parameter = made()
    before = [*memory(parameter).values()]
    change(parameter)
    assert not any(new is old for new in memory(parameter).values() for old in before)


@pytest.mark.parametrize("change", [*KEEPING, *REPLACING], ids=lambda change: change.__name__)
def test_values_are_those_of_a_parameter_that_keeps_nothing(device, change):
    parameter, fresh = made(), copy.deepcopy(made())
    for one in (parameter, fresh):
        one.data(mx.cpu(1))[:] = 4
    before = fresh.list_data()
    change(parameter)
    if change is initialized_again:
        expected = np.zeros((3, 2))
    elif change in (same_dtype, assigned_dtype, other_dtype):
        expected = None
    else:
        expected = np.full((3, 2), 2.5)
    for position, array in enumerate(parameter.list_data()):
        wanted = before[position].asnumpy() if expected is None else expected
        np.testing.assert_array_equal(array.asnumpy(), wanted)
        gradient = parameter.list_grad()[position]
        assert array._grad is gradient
        assert not array._fresh_grad
        assert (gradient.asnumpy() == (5 if expected is None else 0)).all()


@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
@pytest.mark.parametrize("change", KEEPING, ids=lambda change: change.__name__)
def test_sparse_parameters_take_the_same_values(device, stype, change):
    parameter = made(stype, grad_req="null")
    change(parameter)
    expected = 0 if change is initialized_again else 1
    assert all((array.asnumpy() == expected).all() for array in parameter._data)
    assert all(array.stype == stype for array in parameter._data)


def test_an_array_that_may_not_be_written_is_replaced():
    parameter = Parameter("w", shape=(2,))
    parameter.initialize("ones")
    held = parameter.data()
    parameter._data[0].writable = False
    parameter.initialize("zeros", force_reinit=True)
    assert held.asnumpy().tolist() == [1, 1]
    assert parameter.data().asnumpy().tolist() == [0, 0]


def test_a_table_of_gradients_serves_a_dictionary_that_is_initialized_again():
    parameters = ParameterDict()
    weight = parameters.get("w", shape=(2,))
    parameters.initialize()
    parameters.zero_grad()
    view = np.asarray(weight.grad())
    parameters.initialize(force_reinit=True)
    weight.grad()[:] = 3
    assert view.tolist() == [3, 3]
    parameters.zero_grad()
    assert view.tolist() == [0, 0]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_large_arrays_are_drawn_again_in_their_memory_as_new_ones_would_be(dtype):
    made = []
    for again in (True, False):
        params = mx.gluon.ParameterDict()
        for position, init in enumerate([None, mx.init.Normal(), None, None]):
            size = 7 if position == 2 else 1 << 17
            params.get(f"w{position}", shape=(size,), dtype=dtype, init=init)
        if again:
            params.initialize(mx.init.Zero())
        before = [parameter.data()._buffer for parameter in params.values()] if again else []
        for parameter in params.values() if again else ():
            parameter.grad()[:] = 5
        mx.random.seed(3)
        params.initialize(force_reinit=again)
        for buffer, parameter in zip(before, params.values(), strict=False):
            assert parameter.data()._buffer is buffer
        assert all(not parameter.grad().asnumpy().any() for parameter in params.values())
        made.append([parameter.data().asnumpy() for parameter in params.values()])
    for one, two in zip(*made, strict=True):
        assert one.any()
        np.testing.assert_array_equal(one, two)


def test_a_parameter_whose_gradient_is_replaced_is_initialized_again_in_new_memory():
    weight = mx.gluon.Parameter("weight", shape=(1 << 17,))
    weight.initialize()
    weight._grad[0] = mx.nd.zeros((3,))
    weight.initialize(force_reinit=True)
    assert weight.grad().shape == (1 << 17,)
    assert weight.data().asnumpy().any()
