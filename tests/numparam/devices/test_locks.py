import contextlib
import faulthandler
import os
import pickle
import signal
import tempfile
import threading
import time

import numpy as np
import pytest

import numparam as mx
from numparam.devices import locks
from numparam.devices.locks import exclusively
from tests.support.threads import in_new_thread

SIZE = 1 << 20


@pytest.fixture(autouse=True)
def forget_locks_of_interrupted_calls():
    """Start without locks that nobody holds, which the interrupts of other tests leave."""
    locks._locks.clear()


def dictionary_of(parameter):
    parameters = mx.gluon.ParameterDict()
    parameters.update({"w": parameter})
    return parameters


def saved(parameter):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "w.params")
        dictionary_of(parameter).save(path)
        return mx.nd.load(path)["w"].asnumpy()


def first_copy(parameter):
    return parameter.data(mx.cpu(0))


def read_whole(parameter):
    return first_copy(parameter).asnumpy()


def read_a_view(parameter):
    return first_copy(parameter)[1:].asnumpy()


def read_a_detached_handle(parameter):
    return first_copy(parameter).detach().asnumpy()


def read_a_copy(parameter):
    return first_copy(parameter).copy().asnumpy()


def read_a_cast(parameter):
    return first_copy(parameter).astype("float64").asnumpy()


def read_a_copy_elsewhere(parameter):
    return first_copy(parameter).copyto(mx.nd.zeros((SIZE,))).asnumpy()


def read_a_pickle(parameter):
    return pickle.loads(pickle.dumps(first_copy(parameter))).asnumpy()


READERS = [
    pytest.param(read_whole, id="asnumpy"),
    pytest.param(read_a_view, id="a view's asnumpy"),
    pytest.param(read_a_detached_handle, id="a handle's asnumpy"),
    pytest.param(read_a_copy, id="copy"),
    pytest.param(read_a_cast, id="astype"),
    pytest.param(read_a_copy_elsewhere, id="copyto"),
    pytest.param(read_a_pickle, id="pickle"),
    pytest.param(saved, id="save"),
]


def set_an_array(parameter, values):
    parameter.set_data(mx.nd.array(values))


def set_another_dtype(parameter, values):
    parameter.set_data(values.astype("f8"))


def set_one_value(parameter, values):
    first_copy(parameter)[:] = values[0]


def load_a_dictionary(parameter, values):
    dictionary_of(parameter).load_dict({"w": values})


WRITERS = [
    pytest.param(set_an_array, id="set_data of an array"),
    pytest.param(set_another_dtype, id="set_data of another dtype"),
    pytest.param(set_one_value, id="a value everywhere"),
    pytest.param(load_a_dictionary, id="load_dict"),
]


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
    assert torn_reads(reader, writer, rounds=20) == 0


def test_the_mean_of_copies_is_not_that_of_half_written_ones():
    def write(parameter, values):
        parameter.data(mx.cpu(1))[:] = values

    parameter = mx.gluon.Parameter("w", shape=(SIZE,), grad_req="null")
    parameter.initialize("zeros", ctx=[mx.cpu(0), mx.cpu(1)])

    def mean(_):
        return parameter._reduce().asnumpy()

    assert torn_reads(mean, lambda _, values: write(parameter, values)) == 0


def is_free(buffer):
    """Whether another thread can lock a buffer's memory within half a second."""
    locked = threading.Event()
    thread = threading.Thread(target=exclusively, args=(locked.set, buffer), daemon=True)
    thread.start()
    return locked.wait(0.5)


def locked(function, *buffers):
    """The result of a function that another thread calls while it holds the locks.

    The main thread's locks would not count, since tests are foreign code; see the module.
    """
    return in_new_thread(lambda: exclusively(function, *buffers))


def test_views_share_the_lock_of_the_array_whose_memory_they_share():
    array = mx.nd.zeros((SIZE,))
    small = mx.nd.zeros((1000, 3))
    for whole in (array, small):
        for view in (whole[1:], whole.detach(), whole):
            assert not locked(lambda view=view: is_free(view._buffer), whole._buffer)


def test_memory_that_belongs_to_no_array_has_one_lock_for_all_its_views():
    whole = np.frombuffer(bytes(8000))
    assert not locked(lambda: is_free(whole), whole[10:])


@pytest.mark.parametrize("count", [1, 2, 3, 8, 40])
def test_each_of_several_arrays_is_locked(count):
    buffers = [np.zeros(1000) for _ in range(count)]
    free = locked(lambda: [is_free(one) for one in buffers[:3]], *buffers, buffers[0])
    assert not any(free)
    assert all(map(is_free, buffers[:3]))


def test_arrays_do_not_wait_for_unrelated_ones():
    busy = np.zeros(1000)
    others = [np.zeros(1000) for _ in range(300)]
    assert all(locked(lambda: [is_free(one) for one in others], busy))


def test_no_lock_is_kept_for_memory_that_nobody_uses():
    exclusively(lambda: None, np.zeros(1000), np.zeros(1000))
    assert not locks._locks


def test_a_function_that_fails_leaves_nothing_locked():
    buffers = [np.zeros(1000) for _ in range(3)]
    with pytest.raises(ZeroDivisionError):
        exclusively(lambda: 1 / 0, *buffers)
    assert all(map(is_free, buffers))


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


def test_a_thread_that_copies_without_a_pause_lets_others_in():
    one, other = mx.nd.zeros((SIZE // 16,)), mx.nd.ones((SIZE // 16,))
    over = threading.Event()

    def work():
        while not over.is_set():
            one.copyto(other)

    thread = threading.Thread(target=work, daemon=True)
    with deadline(60):
        thread.start()
        for _ in range(200):
            other.copyto(one)
        over.set()
    thread.join()


def test_marks_of_threads_that_waited_do_not_pile_up(monkeypatch):
    monkeypatch.setattr(locks, "_waited_for", set(range(1000)))
    exclusively(lambda: None, np.zeros(1000))
    assert not locks._waited_for


def test_a_thread_can_lock_what_it_has_locked():
    array = mx.nd.ones((SIZE,))
    assert exclusively(lambda: array.copy().asnumpy().all(), array._buffer)


class Interrupted(Exception):
    pass


@contextlib.contextmanager
def signals(handler):
    """Let SIGALRM call a handler; yields the function that asks for signals."""
    previous = signal.signal(signal.SIGALRM, handler)
    try:
        yield lambda *delays: signal.setitimer(signal.ITIMER_REAL, *delays)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def copy_to_another(one, other):
    one.copyto(other)


def cast(one, other):
    one.astype("float64")


def take_the_mean(one, other):
    parameter = mx.gluon.Parameter("w", shape=one.shape)
    parameter.initialize("zeros", ctx=[mx.cpu(0), mx.cpu(1)])
    parameter.list_data()[0]._memory = one._buffer
    parameter._reduce()


def save_into_memory(one, other):
    pickle.dumps(one)


needs_signals = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this system has no timers that send signals"
)


@needs_signals
@pytest.mark.parametrize("work", [copy_to_another, cast, take_the_mean, save_into_memory])
def test_an_interrupt_leaves_nothing_locked(work):
    def interrupt(*_):
        raise Interrupted

    one, other = mx.nd.zeros((3000,)), mx.nd.zeros((3000,))
    work(one, other)
    start = time.perf_counter()
    for _ in range(10):
        work(one, other)
    length = (time.perf_counter() - start) / 10
    interrupted = 0
    with signals(interrupt) as signal_after:
        for step in range(400):
            # Each round stops it a little later than the one before.
            try:
                signal_after(max(1e-6, length * (step % 100) / 80))
                work(one, other)
                signal_after(0)
            except Interrupted:
                signal_after(0)
                interrupted += 1
                # The error keeps the frames alive, and with them any lock that was left locked.
                assert not locks._owned(locks._locks)
    assert interrupted
    assert is_free(one._buffer)
    assert is_free(other._buffer)


@needs_signals
def test_a_handler_that_copies_does_not_stop_a_thread_that_copies_the_same_arrays():
    one, other = mx.nd.zeros((SIZE // 16,)), mx.nd.ones((SIZE // 16,))
    handled, copied, over = 0, 0, threading.Event()

    def handle(*_):
        nonlocal handled
        other.copyto(one)
        handled += 1
        if not over.is_set():
            signal_after(0.0005)  # only now: on a busy machine handlers would pile up

    def work():
        nonlocal copied
        while not over.is_set():
            one.copyto(other)
            copied += 1

    thread = threading.Thread(target=work, daemon=True)
    with signals(handle) as signal_after, deadline(60):
        thread.start()
        signal_after(0.0005)
        while handled < 100 or copied < 10:
            one.copyto(other)
        over.set()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert (one.asnumpy() == other.asnumpy()).all()


def test_a_call_inside_another_waits_without_keeping_its_locks_from_anyone():
    # What a signal handler does: it runs inside the thread that has locked `mine`.
    mine, theirs = np.zeros(1000), np.zeros(1000)
    they_have_theirs, they_have_both = threading.Event(), threading.Event()

    def they():
        def then_both():
            they_have_theirs.set()
            exclusively(they_have_both.set, mine)

        exclusively(then_both, theirs)

    thread = threading.Thread(target=they, daemon=True)

    def handler():
        thread.start()
        assert they_have_theirs.wait(10)
        exclusively(lambda: None, theirs)
        return is_free(mine)

    with deadline(30):
        mine_was_free_after_the_handler = locked(handler, mine)
    assert not mine_was_free_after_the_handler
    thread.join(timeout=10)
    assert they_have_both.is_set()
    assert is_free(mine)
    assert is_free(theirs)


def test_a_handler_may_wait_for_a_thread_that_uses_what_it_interrupted():
    # What a handler does that stops a worker and joins it: it runs in the main thread, in foreign
    # code, inside the call that has locked `one` and `other`.
    one, other, third = np.zeros(1000), np.ones(1000), np.ones(1000)

    def handler():
        return in_new_thread(
            lambda: (
                exclusively(lambda: 1, one)
                + exclusively(lambda: 1, one, other)
                + exclusively(lambda: 1, third, one, other)
            )
        )

    with deadline(60):
        assert exclusively(handler, one, other) == 3
        assert exclusively(handler, one) == 3
        assert exclusively(handler, one, other, third) == 3
    assert not locks._locks


def test_locks_of_threads_that_do_not_handle_signals_count_however_long_they_are_held():
    array = np.zeros(1000)
    taken, over, order = threading.Event(), threading.Event(), []

    def hold():
        taken.set()
        over.wait(10)
        order.append("first")

    thread = threading.Thread(target=exclusively, args=(hold, array))
    thread.start()
    taken.wait()
    threading.Timer(10 * locks._POLL, over.set).start()
    exclusively(lambda: order.append("second"), array)
    thread.join()
    assert order == ["first", "second"]


def test_an_interrupt_of_a_call_inside_another_is_what_is_raised(monkeypatch):
    def interrupt(*_):
        raise Interrupted

    one, other, third = (np.zeros(1000) for _ in range(3))
    monkeypatch.setattr(locks, "_enter_again", interrupt)
    with pytest.raises(Interrupted):
        exclusively(lambda: exclusively(lambda: None, third), one, other)
    monkeypatch.undo()
    assert all(map(is_free, (one, other, third)))
    assert not locks._locks


def test_saving_into_a_pipe_waits_for_a_reader_that_uses_the_parameter(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    array = mx.nd.ones((SIZE // 4,))
    sizes = []

    def read():
        with open(path, "rb") as pipe:
            pipe.read(100)
            sizes.append(array.asnumpy().size)
            array[:] = 2
            while pipe.read(1 << 20):
                pass

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    with deadline(60):
        mx.nd.save(str(path), {"w": array})
    thread.join(timeout=30)
    assert sizes == [SIZE // 4]


@contextlib.contextmanager
def deadline(seconds):
    """End the whole process, with the stacks of its threads, if the block takes longer."""
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_forked_while_another_thread_copies_can_copy():
    array = mx.nd.ones((SIZE,))
    taken, over = threading.Event(), threading.Event()

    def hold():
        taken.set()
        over.wait()

    thread = threading.Thread(target=exclusively, args=(hold, array._buffer))
    thread.start()
    taken.wait()
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(30, exit=True)
        os._exit(0 if array.asnumpy().all() else 1)
    over.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
