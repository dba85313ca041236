import copy
import gc
import sys
import threading
import weakref

import pytest

import numparam as mx
from numparam.devices import epochs
from numparam.gluon import Parameter
from numparam.gluon.errors import ContextNotFoundError


def on(*contexts, **keywords):
    parameter = Parameter("w", shape=(2,), **keywords)
    parameter.initialize("ones", ctx=list(contexts))
    for number, array in enumerate(parameter.list_data()):
        array[:] = number
    return parameter


def values(arrays):
    return [array.asnumpy().tolist() for array in arrays]


def test_repeated_access_gives_the_live_array(device):
    parameter = on(mx.cpu(0), mx.cpu(1))
    first = parameter.data(mx.cpu(1))
    assert parameter.data(mx.cpu(1)) is first is parameter._data[1]
    assert parameter.grad(mx.cpu(1)) is parameter._grad[1]


def test_access_follows_a_move_to_other_contexts(device):
    parameter = on(mx.cpu(0), mx.cpu(1))
    for context in (mx.cpu(0), mx.cpu(1)):
        parameter.data(context)
    parameter.reset_ctx([mx.cpu(1), mx.cpu(2)])
    assert parameter.data(mx.cpu(1)) is parameter._data[0]
    with pytest.raises(ContextNotFoundError, match=r"'w'.*cpu\(0\)"):
        parameter.data(mx.cpu(0))


def test_access_follows_the_current_context(device):
    parameter = on(mx.cpu(0), mx.cpu(2))
    for _ in range(2):
        assert parameter.data() is parameter._data[0]
        with mx.cpu(2):
            assert parameter.data() is parameter._data[1]
            assert parameter.grad() is parameter._grad[1]


def test_access_without_context_follows_from_one_copy_to_several():
    parameter = on(mx.cpu(2))
    assert parameter.data() is parameter._data[0]
    parameter.reset_ctx([mx.cpu(1), mx.cpu(0)])
    assert parameter.data() is parameter._data[1]


def test_an_array_put_into_the_list_is_what_access_gives():
    parameter = on(mx.cpu(0))
    parameter.data()
    other = mx.nd.array([7, 8])
    parameter._data[0] = other
    assert parameter.data() is other
    parameter._data = [mx.nd.array([9, 9])]
    assert values([parameter.data()]) == [[9, 9]]


def test_access_by_a_known_context_does_not_reach_gradients_that_are_gone():
    parameter = on(mx.cpu(0))
    parameter.grad(mx.cpu(0))
    parameter.grad_req = "null"
    with pytest.raises(RuntimeError, match="grad_req='null'"):
        parameter.grad(mx.cpu(0))


@pytest.mark.parametrize("bad", ["cpu", 0, [mx.cpu(0)], object()])
def test_what_is_no_context_is_refused(bad):
    with pytest.raises(TypeError, match="'w'"):
        on(mx.cpu(0), mx.cpu(1)).data(bad)


def test_binding_arrays_begins_an_epoch():
    parameter = on(mx.cpu(0))
    for name in ("_data", "_grad"):
        before = epochs.current()
        setattr(parameter, name, getattr(parameter, name))
        assert epochs.current() != before


def test_old_arrays_are_freed_by_a_cast():
    parameter = on(mx.cpu(0))
    parameter.data(), parameter.grad()
    old = [weakref.ref(array) for array in (*parameter._data, *parameter._grad)]
    parameter.cast("float64")
    gc.collect()
    assert [reference() for reference in old] == [None, None]


def test_sparse_gradients_are_found_by_context(device):
    parameter = Parameter("w", shape=(3, 2), stype="row_sparse", grad_stype="row_sparse")
    parameter.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    assert parameter.grad(mx.cpu(1)) is parameter._grad[1]
    for _ in range(2):
        with pytest.raises(RuntimeError, match="row_sparse_data"):
            parameter.data(mx.cpu(1))


def test_a_look_up_while_the_parameter_moves_gives_an_array_of_its_context():
    parameter = mx.gluon.Parameter("weight", shape=(4,))
    parameter.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    wrong = []
    moved = threading.Event()

    def look_up():
        while not moved.is_set():
            try:
                found = (parameter.data(mx.cpu(1)), parameter.grad(mx.cpu(1)))
            except Exception as error:
                wrong.append(error)
            else:
                wrong.extend(array for array in found if array.context != mx.cpu(1))

    readers = [threading.Thread(target=look_up) for _ in range(3)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for reader in readers:
            reader.start()
        for _ in range(100):
            parameter.reset_ctx(mx.cpu(1))
            parameter.reset_ctx([mx.cpu(0), mx.cpu(1)])
    finally:
        moved.set()
        for reader in readers:
            reader.join()
        sys.setswitchinterval(interval)
    assert not wrong


def test_of_two_threads_that_initialize_one_wins_with_data_and_gradients():
    parameter = mx.gluon.Parameter("weight", shape=(4,))

    def initialize():
        for _ in range(100):
            parameter.initialize(force_reinit=True)

    threads = [threading.Thread(target=initialize) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            data, gradients = parameter._state.data, parameter._state.gradients
            assert data is None or data[0]._grad is gradients[0]
    finally:
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert parameter.data()._grad is parameter.grad()


@pytest.mark.parametrize("init", [3, 0.5, mx.init.Xavier, ["ones"]])
def test_the_constructor_and_get_refuse_what_can_be_no_initializer(init):
    with pytest.raises(AssertionError, match="weight"):
        mx.gluon.Parameter("weight", shape=(2,), init=init)
    parameters = mx.gluon.ParameterDict()
    weight = parameters.get("weight", shape=(2,))
    with pytest.raises(AssertionError, match="weight"):
        parameters.get("weight", init=init)
    assert weight.init is None


def test_the_name_of_an_initializer_may_be_registered_later():
    mx.gluon.Parameter("weight", shape=(2,), init="not_registered_yet")


@pytest.mark.parametrize("lists", ["_data", "_grad"])
@pytest.mark.parametrize("way", ["assigned", "copied"])
def test_parameters_that_were_given_the_same_arrays_have_lists_of_their_own(lists, way):
    one, other = (mx.gluon.Parameter(name, shape=(2,)) for name in ("one", "other"))
    one.initialize("ones")
    other.initialize("zeros")
    if way == "copied":
        other = copy.copy(one)
    else:
        setattr(other, lists, getattr(one, lists))
    held = getattr(one, lists)[0]
    assert getattr(other, lists)[0] is held
    getattr(other, lists)[0] = mx.nd.array([5, 5])
    assert getattr(one, lists)[0] is held
