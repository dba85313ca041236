import gc
import multiprocessing
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam.devices import memory as memory_module
from numparam.devices.host import HostBackend
from numparam.devices.memory import LARGE, KeptMemory, SmallMemory, owns_memory

FLOAT = np.dtype(np.float32)
SIZE = LARGE // 4


def address(array):
    return array.__array_interface__["data"][0]


def same_page(array, place):
    """Whether an array starts where one at `place` did, but for a line of its own in the page."""
    return abs(address(array) - place) < 4096


@pytest.fixture
def memory():
    return KeptMemory(limit=8 * LARGE)


def test_the_memory_of_an_array_that_is_gone_serves_the_next_of_its_size(memory):
    array = memory.empty((SIZE,), FLOAT)
    place = address(array)
    del array
    assert memory.nbytes == LARGE
    assert same_page(memory.empty((SIZE // 2, 4), np.dtype(np.float16)), place)
    assert memory.nbytes == LARGE


def one_element(array):
    return array[5:6]


def bytes_of(array):
    return array.view(np.uint8)


def memory_of(array):
    return memoryview(array)


def strided_view(array):
    return array.reshape(-1, 2).T


@pytest.mark.parametrize(
    "holder",
    [
        one_element,
        bytes_of,
        memory_of,
        np.from_dlpack,
        strided_view,
    ],
    ids=["slice", "view", "memoryview", "dlpack", "transposed"],
)
def test_memory_that_something_still_refers_to_is_not_given_again(memory, holder):
    array = memory.empty((SIZE,), FLOAT)
    array[...] = 7
    held = holder(array)
    del array
    others = [memory.empty((SIZE,), FLOAT) for _ in range(4)]
    for other in others:
        other[...] = 0
    values = np.asarray(held).reshape(-1).view(np.uint8).view(np.float32)
    assert (values == 7).all()
    del held, values
    gc.collect()
    assert memory.nbytes == LARGE


def test_arrays_that_live_together_have_memory_of_their_own(memory):
    arrays = [memory.empty((SIZE,), FLOAT) for _ in range(6)]
    for value, array in enumerate(arrays):
        array[...] = value
    assert [set(array.tolist()) for array in arrays] == [{float(value)} for value in range(6)]


def test_arrays_start_at_cache_lines_that_differ_in_the_page(memory):
    arrays = [memory.empty((SIZE,), FLOAT) for _ in range(8)]
    lines = {address(array) % 4096 // 64 for array in arrays}
    assert not any(address(array) % 64 for array in arrays)
    assert len(lines) == 8


def test_no_more_than_the_limit_is_kept_and_what_was_left_last_stays(memory):
    arrays = [memory.empty((size * SIZE,), FLOAT) for size in (4, 3, 2)]
    places = [address(array) for array in arrays]
    while arrays:
        del arrays[0]
    assert memory.nbytes == 5 * LARGE
    assert same_page(memory.empty((2 * SIZE,), FLOAT), places[2])
    assert memory.nbytes == 5 * LARGE


def test_an_array_beyond_the_limit_is_not_kept(memory):
    array = memory.empty((9 * SIZE,), FLOAT)
    del array
    assert memory.nbytes == 0


def test_a_limit_of_zero_keeps_nothing():
    memory = KeptMemory(limit=0)
    del [memory.empty((SIZE,), FLOAT)][0]
    assert memory.nbytes == 0


def test_released_memory_is_not_kept(memory):
    array = memory.empty((SIZE,), FLOAT)
    del array
    memory.release()
    assert memory.nbytes == 0


def test_the_environment_sets_the_limit(monkeypatch):
    monkeypatch.setenv("NUMPARAM_KEPT_BYTES", str(2 * LARGE))
    assert KeptMemory().limit == 2 * LARGE
    monkeypatch.setenv("NUMPARAM_KEPT_BYTES", "")
    assert KeptMemory().limit == 256 << 20
    monkeypatch.setenv("NUMPARAM_KEPT_BYTES", "1 GB")
    with pytest.raises(ValueError, match="NUMPARAM_KEPT_BYTES is '1 GB'; set it to a number"):
        KeptMemory().empty((SIZE,), FLOAT)


def test_where_memory_is_short_what_is_kept_goes_first(memory, monkeypatch):
    array = memory.empty((SIZE,), FLOAT)
    del array
    asked = []

    def scarce(shape, dtype, allocate=memory_module.Memory):
        asked.append(memory.nbytes)
        if memory.nbytes:
            raise MemoryError
        return allocate(shape, dtype)

    monkeypatch.setattr(memory_module, "Memory", scarce)
    assert memory.empty((2 * SIZE,), FLOAT).shape == (2 * SIZE,)
    assert asked == [LARGE, 0]


def test_memory_that_comes_back_in_the_middle_of_anything_is_kept_once(memory):
    """As the garbage collector and signals bring it back: at any line."""
    returning = [memory.empty((SIZE,), FLOAT) for _ in range(40)]
    living = []

    def trace(frame, event, argument):
        if frame.f_code.co_filename != memory_module.__file__:
            return None
        if event == "line" and returning:
            sys.settrace(None)
            returning.pop()
            sys.settrace(trace)
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        while returning:
            living.append(memory.empty((SIZE,), FLOAT))
    finally:
        sys.settrace(previous)
    assert len(set(map(address, living))) == len(living)
    assert not set(map(address, living)) & {address(block) for block in memory._blocks.values()}
    assert memory.nbytes <= memory.limit


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_exception_in_the_middle_of_anything_stops_no_reuse(memory):
    """As that of Ctrl-C: at each line of one use in turn."""

    class Interruption(Exception):
        pass

    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename != memory_module.__file__:
            return None
        left -= event == "line"
        if left == 0:
            sys.settrace(None)
            raise Interruption
        return trace

    previous, interrupted = sys.gettrace(), 0
    memory.empty((SIZE,), FLOAT)
    for line in range(1, 30):
        left = line
        sys.settrace(trace)
        try:
            memory.empty((SIZE,), FLOAT)
        except Interruption:
            interrupted += 1
        finally:
            sys.settrace(previous)
        array = memory.empty((SIZE,), FLOAT)
        del array
        assert LARGE <= memory.nbytes <= memory.limit
    assert interrupted > 5
    memory.release()
    assert memory.nbytes == 0


@given(
    st.lists(st.integers(1, 3), max_size=3),
    st.sampled_from(["bool", "float16", "float32", "complex128", "int64"]),
)
def test_arrays_have_the_form_that_was_asked_for(lengths, dtype):
    shape = (*lengths, LARGE // 16)
    array = KeptMemory(limit=1 << 30).empty(shape, np.dtype(dtype))
    assert array.shape == shape
    assert array.dtype == dtype
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert array.flags.aligned
    array[...] = 1


@pytest.mark.parametrize("size", [LARGE, LARGE + 1, LARGE * 9 // 8, 3 * LARGE + 12345])
def test_at_most_an_eighth_more_is_taken(size):
    memory = KeptMemory(limit=1 << 30)
    array = memory.empty((size,), np.dtype(np.uint8))
    del array
    assert size <= memory.nbytes <= size * 9 / 8


def test_threads_never_share_memory(memory):
    failures = []

    def work(value):
        for _ in range(200):
            array = memory.empty((SIZE,), FLOAT)
            array[::1024] = value
            if not (array[::1024] == value).all():
                failures.append(value)

    threads = [threading.Thread(target=work, args=(value,)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert memory.nbytes <= memory.limit


def _fill_and_report(memory, results):
    array = memory.empty((SIZE,), FLOAT)
    array[...] = 2
    del array
    results.put(memory.nbytes)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_keeps_memory_of_its_own(memory):
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    array = memory.empty((SIZE,), FLOAT)
    array[...] = 1
    child = context.Process(target=_fill_and_report, args=(memory, results))
    child.start()
    assert results.get() == LARGE
    child.join()
    assert child.exitcode == 0
    assert (array == 1).all()


def test_arrays_may_outlive_the_interpreters_modules():
    code = "import numpy as np, numparam as mx; x = mx.nd.ones((1 << 20,)); y = np.asarray(x)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("make", ["empty", "zeros", "upload"])
@given(
    sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=40),
    dtype=st.sampled_from(["bool", "float32", "float64"]),
)
def test_all_arrays_start_at_a_cache_line_and_share_nothing(make, sizes, dtype):
    host, dtype = HostBackend(), np.dtype(dtype)
    if make == "upload":
        arrays = [host.upload(np.ones(size, dtype)) for size in sizes]
    else:
        arrays = [getattr(host, make)((size,), dtype) for size in sizes]
    assert all(address(array) % 64 == 0 for array in arrays)
    if make == "zeros":
        assert not any(array.any() for array in arrays)
    for number, array in enumerate(arrays):
        array.fill(number % 2)
    for number, array in enumerate(arrays):
        assert (array == number % 2).all()
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert owns_memory(array)


@pytest.mark.parametrize("size", [LARGE // 4 - 1, LARGE // 4, LARGE, 4 * LARGE])
@pytest.mark.parametrize("limit", ["0", "100000000"])
def test_large_arrays_start_at_a_cache_line_whatever_is_kept(size, limit, monkeypatch):
    monkeypatch.setenv("NUMPARAM_KEPT_BYTES", limit)
    assert address(KeptMemory().empty((size,), FLOAT)) % 64 == 0
    assert address(HostBackend().empty((size,), FLOAT)) % 64 == 0


def test_views_do_not_own_memory():
    array = SmallMemory().empty((10,), FLOAT, 40)
    assert owns_memory(array)
    assert not owns_memory(array[1:])
    assert not owns_memory(array.reshape(2, 5))
    assert not owns_memory(np.frombuffer(bytes(8)))


def test_small_arrays_of_many_threads_share_nothing():
    memory, arrays = SmallMemory(), []

    def work():
        arrays.extend(memory.empty((4,), FLOAT, 16) for _ in range(2000))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({address(array) for array in arrays}) == 8000


def test_a_small_array_keeps_little_memory_alive():
    memory = SmallMemory()
    array = [memory.empty((4,), FLOAT, 16) for _ in range(1000)][500]
    assert array.base.nbytes < 5000
