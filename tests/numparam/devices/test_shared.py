import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam.base import MXNetError
from numparam.devices import shared
from numparam.devices.shared import SharedHostBackend

SHARED = mx.cpu_shared()
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
forking = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def in_a_child(work):
    """Run a function in a forked process and wait for it."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def from_zeros(shape):
    return mx.nd.zeros(shape, ctx=SHARED)


def from_values(shape):
    return mx.nd.array(np.zeros(shape, np.float32), ctx=SHARED)


def from_a_copy(shape):
    return mx.nd.zeros(shape).as_in_context(SHARED)


def from_a_sum(shape):
    return mx.nd.zeros(shape, ctx=SHARED) + 0


def from_a_cast(shape):
    return mx.nd.zeros(shape, ctx=SHARED, dtype="float64").astype("float32")


def from_a_parameter(shape):
    parameter = mx.gluon.Parameter("w", shape=shape)
    parameter.initialize("zeros", ctx=SHARED)
    return parameter.data()


def from_numpy_mode(shape):
    with mx.np_shape(), mx.np_array():
        return mx.np.zeros(shape, ctx=SHARED)


@needs_fork
@forking
@pytest.mark.parametrize("shape", [(4,), (300, 300)])
@pytest.mark.parametrize(
    "make",
    [
        from_zeros,
        from_values,
        from_a_copy,
        from_a_sum,
        from_a_cast,
        from_a_parameter,
        from_numpy_mode,
    ],
)
def test_what_a_forked_process_writes_is_seen_by_its_parent(make, shape):
    array = make(shape)

    def write():
        array[:] = 5

    in_a_child(write)
    assert (array.asnumpy() == 5).all()


@needs_fork
@forking
def test_gradients_are_shared_too():
    parameter = mx.gluon.Parameter("w", shape=(4,))
    parameter.initialize("zeros", ctx=SHARED)
    in_a_child(lambda: mx.autograd.accumulate_grad(parameter.data(), [1, 2, 3, 4]))
    assert parameter.grad().asnumpy().tolist() == [1, 2, 3, 4]


@needs_fork
@forking
def test_parent_and_child_never_use_the_same_memory_for_new_arrays():
    first = mx.nd.zeros((4,), ctx=SHARED)

    def fill_new_ones():
        for _ in range(50):
            mx.nd.ones((4,), ctx=SHARED)[:] = 7

    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            try:
                fill_new_ones()
            finally:
                os._exit(0)
        children.append(child)
    later = [mx.nd.zeros((4,), ctx=SHARED) for _ in range(50)]
    for child in children:
        os.waitpid(child, 0)
    assert not any(array.asnumpy().any() for array in [first, *later])


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_arrays_are_sent_by_reference_to_a_process_that_is_started(method, tmp_path):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot start processes by {method}")
    script = tmp_path / "send.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import multiprocessing
            import numparam as mx

            def work(given, members, queue):
                given[:] = 5
                for member in members.values():
                    member.data()[:] = 7
                    member.grad()[:] = 8
                queue.get()[1:] = 6
                queue.put(None)

            if __name__ == "__main__":
                context = multiprocessing.get_context({method!r})
                one = mx.nd.zeros((4,), ctx=mx.cpu_shared(1))
                other = mx.nd.zeros((100, 1000), ctx=mx.cpu_shared())
                members = mx.gluon.ParameterDict()
                for number in range(300):
                    members.get(f"w{{number}}", shape=(3,))
                members.initialize(ctx=mx.cpu_shared())
                queue = context.Queue()
                process = context.Process(target=work, args=(one, members, queue))
                process.start()
                queue.put(other)
                process.join(60)
                queue.get(timeout=60)
                print(process.exitcode, one.asnumpy().tolist(), one.context, other.asnumpy().sum())
                print(*set(float(m.data().asnumpy().min()) for m in members.values()))
                print(*set(float(m.grad().asnumpy().min()) for m in members.values()))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert done.stderr == ""
    assert done.stdout.split() == [
        "0",
        "[5.0,",
        "5.0,",
        "5.0,",
        "5.0]",
        "cpu_shared(1)",
        "594000.0",
        "7.0",
        "8.0",
    ]


@settings(max_examples=20)
@given(
    shape=st.lists(st.integers(1, 5), max_size=4).map(tuple),
    dtype=st.sampled_from(["bool", "int8", "float32", "float64"]),
    begin=st.integers(0, 4),
)
def test_a_reference_leads_to_the_same_memory(shape, dtype, begin):
    whole = SharedHostBackend().empty((5, *shape), np.dtype(dtype))
    part = whole[begin:]
    segment, *where = shared.reference_to(part)
    descriptor = os.dup(segment.descriptor)

    class File:
        def detach(self):
            return descriptor

    other = shared.referred(shared._mapped(File(), len(segment)), *where)
    part.fill(0)
    assert not other.any()
    other.fill(1)
    assert (part == 1).all()
    assert other.shape == part.shape
    assert not np.shares_memory(part, other)


def test_pickles_hold_values():
    array = mx.nd.ones((4,), ctx=SHARED)
    restored = pickle.loads(pickle.dumps(array))
    array[:] = 2
    assert restored.asnumpy().tolist() == [1, 1, 1, 1]


def test_files_and_memory_are_given_back_with_the_last_array():
    def count():
        return len(os.listdir("/proc/self/fd"))

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("this system does not list open files")
    mx.nd.zeros((100_000,), ctx=SHARED)
    before = count()
    arrays = [mx.nd.zeros((100_000,), ctx=SHARED) for _ in range(10)]
    assert count() > before
    view = arrays[0][5:]
    del arrays
    view[:] = 3
    del view
    assert count() == before


def test_thousands_of_small_arrays_need_few_files():
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("this system does not list open files")
    before = len(os.listdir("/proc/self/fd"))
    arrays = [mx.nd.zeros((1 + size % 50,), ctx=SHARED) for size in range(2000)]
    assert len(os.listdir("/proc/self/fd")) - before < 20
    assert len(arrays) == 2000


@pytest.mark.parametrize("shape", [(0,), (3, 0), (1,), (16384,), (16385,)])
def test_arrays_are_aligned_and_zero(shape):
    buffer = SharedHostBackend().zeros(shape, np.dtype("float32"))
    assert buffer.__array_interface__["data"][0] % 64 == 0
    assert buffer.shape == shape
    assert not buffer.any()


@pytest.mark.parametrize("shape", [(2**60,), (2**70,)])
def test_more_than_the_system_has_is_an_error_that_says_how_much(shape):
    with pytest.raises(MXNetError, match="bytes of shared memory") as caught:
        SharedHostBackend().empty(shape, np.dtype("float32"))
    assert isinstance(caught.value, MemoryError)


def test_shared_arrays_work_with_those_of_other_host_contexts():
    array = mx.nd.ones((3,), ctx=SHARED)
    parameter = mx.gluon.Parameter("w", shape=(3,))
    parameter.initialize("ones", ctx=[mx.cpu(), SHARED])
    parameter.set_data(array * 3)
    assert parameter._reduce().asnumpy().tolist() == [3, 3, 3]
    array.copyto(parameter.data(mx.cpu()))
    assert parameter.data(mx.cpu()).asnumpy().tolist() == [1, 1, 1]
