import os
import pickle
import tempfile
import threading

import numpy as np
import pytest

import numparam as mx
from numparam.devices.locks import turn

SIZE = 1 << 20


def dictionary_of(parameter):
    parameters = mx.gluon.ParameterDict()
    parameters.update({"w": parameter})
    return parameters


def saved(parameter):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "w.params")
        dictionary_of(parameter).save(path)
        return mx.nd.load(path)["w"].asnumpy()


READERS = {
    "asnumpy": lambda parameter: parameter.data(mx.cpu(0)).asnumpy(),
    "a view's asnumpy": lambda parameter: parameter.data(mx.cpu(0))[1:].asnumpy(),
    "a handle's asnumpy": lambda parameter: parameter.data(mx.cpu(0)).detach().asnumpy(),
    "copy": lambda parameter: parameter.data(mx.cpu(0)).copy().asnumpy(),
    "astype": lambda parameter: parameter.data(mx.cpu(0)).astype("float64").asnumpy(),
    "copyto": lambda parameter: parameter.data(mx.cpu(0)).copyto(mx.nd.zeros((SIZE,))).asnumpy(),
    "pickle": lambda parameter: pickle.loads(pickle.dumps(parameter.data(mx.cpu(0)))).asnumpy(),
    "save": saved,
}


WRITERS = {
    "set_data of an array": lambda parameter, values: parameter.set_data(mx.nd.array(values)),
    "set_data of another dtype": lambda parameter, values: parameter.set_data(values.astype("f8")),
    "a value everywhere": lambda parameter, values: parameter.data(mx.cpu(0)).__setitem__(
        slice(None), values[0]
    ),
    "load_dict": lambda parameter, values: dictionary_of(parameter).load_dict({"w": values}),
}


def torn_reads(read, write, rounds=60):
    """How many reads saw old and new values at once, while another thread wrote."""
    parameter = mx.gluon.Parameter("w", shape=(SIZE,), grad_req="null")
    parameter.initialize("zeros", ctx=[mx.cpu(0)])
    done = threading.Event()

    def work():
        for number in range(rounds):
            write(parameter, np.full(SIZE, number % 2, np.float32))
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    torn = 0
    while not done.is_set():
        values = read(parameter)
        torn += bool((values != values[0]).any())
    thread.join()
    return torn


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("writer", WRITERS)
def test_a_copy_holds_the_values_of_one_write(reader, writer):
    assert torn_reads(READERS[reader], WRITERS[writer], rounds=20) == 0


def test_the_mean_of_copies_is_not_that_of_half_written_ones():
    def write(parameter, values):
        parameter.data(mx.cpu(1))[:] = values

    parameter = mx.gluon.Parameter("w", shape=(SIZE,), grad_req="null")
    parameter.initialize("zeros", ctx=[mx.cpu(0), mx.cpu(1)])

    def mean(_):
        return parameter._reduce().asnumpy()

    assert torn_reads(mean, lambda _, values: write(parameter, values)) == 0


def test_views_have_the_turn_of_the_array_whose_memory_they_share():
    array = mx.nd.zeros((SIZE,))
    small = mx.nd.zeros((1000, 3))
    for whole in (array, small):
        assert turn(whole._buffer) is turn(whole[1:]._buffer) is turn(whole.detach()._buffer)


def test_turns_at_several_arrays_exclude_threads_from_each():
    buffers = [np.zeros(1000) for _ in range(3)]
    free = []

    def ask():
        for buffer in buffers:
            lock = turn(buffer)
            free.append(lock.acquire(blocking=False))

    with turn(*buffers, buffers[0]):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert free == [False, False, False]


def test_threads_that_copy_back_and_forth_do_not_wait_for_each_other():
    one, other = mx.nd.zeros((SIZE // 8,)), mx.nd.ones((SIZE // 8,))

    def work(source, target):
        for _ in range(100):
            source.copyto(target)

    threads = [threading.Thread(target=work, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert (one.asnumpy() == other.asnumpy()).all()


def test_a_turn_can_be_taken_again_by_the_thread_that_has_it():
    array = mx.nd.ones((SIZE,))
    with turn(array._buffer):
        assert array.copy().asnumpy().all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_forked_during_another_threads_turn_can_copy():
    array = mx.nd.ones((SIZE,))
    taken, over = threading.Event(), threading.Event()

    def hold():
        with turn(array._buffer):
            taken.set()
            over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if array.asnumpy().all() else 1)
    over.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
