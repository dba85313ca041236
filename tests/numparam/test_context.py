import copy
import pickle
import threading

import numpy as np
import pytest

from numparam.base import MXNetError
from numparam.context import (
    Context,
    NegativeDeviceIdError,
    cpu,
    cpu_pinned,
    cpu_shared,
    current_context,
    gpu,
    gpu_memory_info,
    num_gpus,
)
from numparam.devices import cuda, host
from numparam.devices.registry import backend_of
from numparam.ndarray import ones
from numparam.types.device_types import UnknownDeviceTypeError
from tests.support.threads import in_new_thread

MAKERS = {
    "cpu": (cpu, 1),
    "gpu": (gpu, 2),
    "cpu_pinned": (cpu_pinned, 3),
    "cpu_shared": (cpu_shared, 5),
}


@pytest.fixture(autouse=True)
def restored_context():
    yield
    assert current_context() == cpu(0)


@pytest.mark.parametrize("name", MAKERS)
def test_each_device_type_has_its_name_and_number(name):
    make, typeid = MAKERS[name]
    context = make(3)
    assert (context.device_type, context.device_typeid, context.device_id) == (name, typeid, 3)
    assert str(context) == repr(context) == f"{name}(3)"
    assert context == Context(name, 3)
    assert make() == Context(name) == Context(name, 0)
    assert Context.devtype2str[typeid] == name
    assert Context.devstr2type[name] == typeid


def test_equality_and_hash_go_by_type_and_number():
    contexts = [make(i) for make, _ in MAKERS.values() for i in range(3)]
    assert len(set(contexts)) == len(contexts)
    for i, one in enumerate(contexts):
        for j, other in enumerate(contexts):
            assert (one == other) is (i == j)
            assert (one != other) is (i != j)
    assert hash(cpu(2)) == hash(Context("cpu", np.int64(2)))
    assert cpu() != "cpu(0)"


def test_contexts_have_no_order():
    with pytest.raises(TypeError):
        cpu() < gpu()  # noqa: B015


def test_a_context_made_from_a_context_takes_its_number():
    assert Context(gpu(2), 9) == gpu(2)


@pytest.mark.parametrize("make", [make for make, _ in MAKERS.values()])
def test_copies_are_equal(make):
    context = make(4)
    for again in (
        pickle.loads(pickle.dumps(context)),
        copy.copy(context),
        copy.deepcopy(context),
    ):
        assert again == context
        assert type(again) is Context


@pytest.mark.parametrize("wrong", ["tpu", "CPU", "gpu(0)", "", None, 1])
def test_an_unknown_device_type_is_a_key_error_that_lists_the_known_ones(wrong):
    with pytest.raises(KeyError) as caught:
        Context(wrong)
    assert isinstance(caught.value, UnknownDeviceTypeError)
    assert str(caught.value).startswith(
        f"Unknown device type {wrong!r}. The device types are: cpu, gpu"
    )


@pytest.mark.parametrize("wrong", ["0", 1.5, None, [0]])
def test_a_device_id_that_is_no_integer_is_a_type_error(wrong):
    with pytest.raises(TypeError, match="device_id of a 'gpu' context must be an integer"):
        gpu(wrong)


@pytest.mark.parametrize("caught_as", [IndexError, ValueError, NegativeDeviceIdError])
def test_a_negative_device_id_is_refused(caught_as):
    with pytest.raises(caught_as, match=r"no cpu\(-1\)"):
        cpu(-1)


def test_with_changes_the_current_context_and_restores_it():
    assert current_context() == cpu(0)
    with cpu(1) as outer:
        assert current_context() is outer
        with gpu(2):
            assert current_context() == gpu(2)
        assert current_context() is outer


def test_with_restores_after_an_exception():
    with pytest.raises(ZeroDivisionError), cpu(1):
        raise ZeroDivisionError
    assert current_context() == cpu(0)


def test_one_object_can_be_entered_inside_itself():
    context = cpu(1)
    with context:
        with cpu(2), context:
            assert current_context() == cpu(1)
        assert current_context() == cpu(1)
        with context:
            pass
        assert current_context() == cpu(1)
    assert current_context() == cpu(0)


def test_other_threads_start_at_cpu_0():
    with cpu(1):
        assert in_new_thread(current_context) == cpu(0)


def test_one_object_entered_in_two_threads_does_not_leak_between_them():
    context = cpu(1)
    inside, leave = threading.Event(), threading.Event()
    seen = []

    def work():
        with context:
            inside.set()
            assert leave.wait(10)
        seen.append(current_context())

    with cpu(4):
        thread = threading.Thread(target=work)
        thread.start()
        assert inside.wait(10)
        with context:
            leave.set()
            thread.join()
        assert current_context() == cpu(4)
    assert seen == [cpu(0)]


def test_many_threads_nesting_at_once():
    shared = [cpu(i) for i in range(4)]

    def work(seed):
        for step in range(200):
            one, other = shared[(seed + step) % 4], shared[step % 4]
            with one, other, one:
                if current_context() is not one:
                    return False
            if current_context() != cpu(0):
                return False
        return True

    results = []
    threads = [threading.Thread(target=lambda seed=i: results.append(work(seed))) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8


def test_a_suspended_generator_does_not_hold_its_context_over_the_block_around_it():
    def batches():
        with cpu(2):
            yield current_context()
            yield None

    with cpu(1):
        generator = batches()
        assert next(generator) == cpu(2)
        assert current_context() == cpu(2)
    assert current_context() == cpu(0)
    generator.close()
    assert current_context() == cpu(0)


def test_a_generator_finished_in_another_thread_changes_nothing_there():
    def batches():
        with cpu(2):
            yield

    generator = batches()

    def finish():
        with cpu(3):
            generator.close()
            return current_context()

    with cpu(1):
        next(generator)
        assert in_new_thread(finish) == cpu(3)


def test_default_ctx_is_deprecated_and_still_works():
    with pytest.warns(DeprecationWarning, match="current_context"):
        assert Context.default_ctx == cpu(0)
    with pytest.warns(DeprecationWarning, match="current_context"):
        assert cpu(5).default_ctx == cpu(0)
    with cpu(1):
        with pytest.warns(DeprecationWarning, match="with"):
            Context.default_ctx = cpu(3)
        assert current_context() == cpu(3)
    assert current_context() == cpu(0)
    with (
        pytest.warns(DeprecationWarning, match="with"),
        pytest.raises(TypeError, match="must be a Context"),
    ):
        Context.default_ctx = "cpu"


def test_num_gpus_asks_the_backend(monkeypatch):
    monkeypatch.setattr(cuda, "gpu_count", lambda: 3)
    assert num_gpus() == 3


def test_gpu_memory_info_without_that_gpu_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(cuda, "gpu_count", lambda: 0)
    with pytest.raises(MXNetError, match=r"gpu\(0\) does not exist: no CUDA GPU was found.*cuda12"):
        gpu_memory_info(0)
    monkeypatch.setattr(cuda, "gpu_count", lambda: 2)
    with pytest.raises(MXNetError, match=r"gpu\(2\) does not exist: CUDA shows 2"):
        gpu_memory_info(2)


def test_gpu_memory_info_is_free_and_total_bytes(monkeypatch):
    monkeypatch.setattr(cuda, "gpu_count", lambda: 1)
    monkeypatch.setattr(cuda, "gpu_memory_info", lambda i: (100 + i, 200))
    assert gpu_memory_info(0) == (100, 200)


def test_empty_cache_gives_back_the_memory_of_arrays_that_are_gone():
    array = ones((1 << 20,))
    del array
    assert host._kept.nbytes > 0
    assert cpu(1).empty_cache() is None
    assert host._kept.nbytes == 0


def test_empty_cache_of_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(MXNetError, match=r"gpu\(99\)"):
        gpu(99).empty_cache()


@pytest.mark.parametrize("number", [2**31, 2**32, 2**70])
@pytest.mark.parametrize("caught_as", [MXNetError, ValueError, IndexError, OverflowError])
def test_a_number_that_files_cannot_hold_is_refused_at_once(number, caught_as):
    with pytest.raises(caught_as, match="numbered up to 2147483647"):
        Context("cpu", number)


def test_the_largest_number_is_accepted():
    assert Context("cpu", 2**31 - 1).device_id == 2**31 - 1


class _TorchStream:
    cuda_stream = 77


class _CoreStream:
    def __cuda_stream__(self):
        return (0, 78)


@pytest.mark.parametrize(
    ("stream", "handle"),
    [(79, 79), (0, 1), (_TorchStream(), 77), (_CoreStream(), 78)],
    ids=["handle", "null stream", "torch", "cuda.core"],
)
def test_a_stream_of_another_library_is_given_by_its_handle(stream, handle, monkeypatch):
    seen = []
    backend = backend_of("cpu", 0)
    monkeypatch.setattr(type(backend), "in_stream", lambda self, number: seen.append(number))
    cpu(0).stream(stream)
    assert seen == [handle]


@pytest.mark.parametrize("stream", [None, "1", -1, 1.5])
def test_what_is_no_stream_is_refused(stream):
    with pytest.raises(TypeError, match="expected a CUDA stream"):
        cpu(0).stream(stream)


def test_the_host_has_no_streams():
    with pytest.raises(MXNetError, match="cpu has no streams"):
        cpu(0).stream(77)
