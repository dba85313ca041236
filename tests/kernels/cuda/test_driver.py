"""Memory, copies and launches through NVIDIA's driver, on a stand-in for it."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest

from numparam.kernels.cuda import _driver
from tests.support.fake_driver import FakeCore, FakeDriver, Status, compiler


class Kernel:
    """A kernel as `numparam.kernels.cuda._jit` makes it."""

    def __init__(self) -> None:
        self.machine_code: dict[int, object] = {}

    @staticmethod
    def py_func(a, b, c, d):
        raise AssertionError("the host does not run it")


@pytest.fixture
def machine():
    fake = FakeDriver()
    compiled: list[object] = []
    return fake, _driver.Driver(fake, FakeCore(fake), compiler(compiled)), compiled


def test_a_launch_hands_over_the_arguments_as_they_are(machine):
    fake, driver, _ = machine
    kernel = Kernel()
    driver.launch(kernel, 0, (7, 256), 1, -1, 2**63 - 1, -(2**63))
    driver.launch(kernel, 0, (1, 64), 5, 6, 7, 8)
    assert fake.launched == [
        ("entry_of_py_func", (7, 256), [1, -1, 2**63 - 1, -(2**63)]),
        ("entry_of_py_func", (1, 64), [5, 6, 7, 8]),
    ]


def test_a_kernel_is_compiled_once_for_each_gpu(machine):
    _, driver, compiled = machine
    kernel = Kernel()
    for device_id in (0, 0, 1, 1, 0):
        driver.launch(kernel, device_id, (1, 1), 1, 2, 3, 4)
    assert compiled == [(kernel.py_func, (9, 0))] * 2


def test_the_context_of_another_library_is_current_again_afterwards(machine):
    fake, driver, _ = machine
    fake.current = 42
    address, held = driver.allocate(1, 16)
    driver.clear(1, address, 16)
    driver.synchronize(1)
    assert fake.current == 42
    del held
    gc.collect()
    assert fake.current == 42


def test_an_error_leaves_the_other_context_current(machine):
    fake, driver, _ = machine
    fake.current = 42
    fake.failing["cuMemsetD8Async"] = Status.CUDA_ERROR_INVALID_VALUE
    address, _held = driver.allocate(0, 16)
    with pytest.raises(_driver.DriverError, match="cuMemsetD8Async: CUDA_ERROR_INVALID_VALUE"):
        driver.clear(0, address, 16)
    assert fake.current == 42


def test_memory_goes_back_to_the_pool_when_nothing_refers_to_it(machine):
    _, driver, _ = machine
    _, held = driver.allocate(0, 16)
    pool = driver._device(0).pool
    assert pool.kept == 2**64 - 1
    assert pool.freed == 0
    del held
    gc.collect()
    assert pool.freed == 1
    assert driver.allocations == 1


def test_what_the_pool_keeps_is_given_back_before_memory_runs_out(machine):
    fake, driver, _ = machine
    pool = driver._device(0).pool
    pool.full = True
    driver.allocate(0, 16)
    assert fake.trimmed == 1
    pool.empty_for_good = True
    with pytest.raises(MemoryError, match=r"gpu\(0\) has no room for 1,600 more bytes \(1,000 of"):
        driver.allocate(0, 1600)


@pytest.mark.parametrize("nbytes", [0, 1, 100, 1000, 1001, 4096])
def test_copies_arrive_whole_in_pieces_of_any_number(machine, monkeypatch, nbytes):
    fake, driver, _ = machine
    monkeypatch.setattr(_driver, "SMALL", 50)
    monkeypatch.setattr(_driver, "STAGED", 100)
    host = np.random.default_rng(nbytes).integers(0, 255, nbytes, np.uint8)
    address, _held = driver.allocate(0, max(1, nbytes))
    driver.copy_in(0, address, host)
    back = np.zeros_like(host)
    driver.copy_out(0, address, back)
    assert (back == host).all()
    assert driver.downloads == 1
    assert len(fake.pinned) == (3 if nbytes > 50 else 0)


def test_a_host_array_may_change_once_its_copy_has_begun(machine, monkeypatch):
    fake, driver, _ = machine
    monkeypatch.setattr(_driver, "SMALL", 0)
    host = np.arange(100, dtype=np.uint8)
    address, _held = driver.allocate(0, 100)
    sent: list[int] = []
    real = fake.cuMemcpyHtoDAsync

    def record(target, source, nbytes, stream):
        sent.append(source)
        return real(target, source, nbytes, stream)

    fake.cuMemcpyHtoDAsync = record
    driver.copy_in(0, address, host)
    # From pinned memory alone: the caller's is not looked at any more.
    assert set(sent) <= set(fake.pinned)


def test_another_librarys_stream_is_waited_for_on_the_gpu(machine):
    fake, driver, _ = machine
    driver.wait_for(77, 0)
    assert fake.calls[-3:] == ["cuEventRecord", "cuStreamWaitEvent", "cuEventDestroy"]
    assert "cuStreamSynchronize" not in fake.calls


def test_a_forked_process_is_told_to_spawn(machine, monkeypatch):
    _, driver, _ = machine
    monkeypatch.setattr(_driver.os, "getpid", lambda: -1)
    with pytest.raises(_driver.DriverError, match="spawn"):
        driver.allocate(0, 16)


def test_work_in_a_stream_block_is_in_order_with_what_was_before_and_comes_after(machine):
    fake, driver, _ = machine
    driver.synchronize(0)
    assert driver.stream_of(0) == 1
    with driver.stream(0, 77):
        assert fake.orders == [(1, 77)]
        assert (driver.stream_of(0), driver.stream_of(1)) == (77, 1)
        driver.wait_for(88, 0)
        driver.let_wait(99, 0)
        assert fake.orders[1:] == [(88, 77), (77, 99)]
        with driver.stream(0, 78):
            assert driver.stream_of(0) == 78
        assert driver.stream_of(0) == 77
    assert fake.orders[3:] == [(77, 78), (78, 77), (77, 1)]
    assert driver.stream_of(0) == 1
    assert fake.events == 0


def test_an_error_in_a_stream_block_ends_it(machine):
    fake, driver, _ = machine
    with pytest.raises(KeyError), driver.stream(0, 77):
        raise KeyError
    assert driver.stream_of(0) == 1
    assert fake.orders == [(1, 77), (77, 1)]


def test_a_stream_block_holds_for_its_thread(machine):
    _, driver, _ = machine
    seen = []
    with driver.stream(0, 77):
        thread = threading.Thread(target=lambda: seen.append(driver.stream_of(0)))
        thread.start()
        thread.join()
    assert seen == [1]


def test_copies_and_kernels_go_to_the_stream_of_the_block(machine, monkeypatch):
    fake, driver, _ = machine
    host = np.arange(4, dtype=np.uint8)
    address, _held = driver.allocate(0, 16)
    streams = []
    for name in ("cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync", "cuMemsetD8Async", "cuLaunchKernel"):
        function = getattr(fake, name)
        place = 8 if name == "cuLaunchKernel" else 3

        def noted(*arguments, function=function, place=place):
            streams.append(arguments[place])
            return function(*arguments)

        monkeypatch.setattr(fake, name, noted)
    with driver.stream(0, 77):
        driver.copy_in(0, address, host)
        driver.copy_out(0, address, host)
        driver.clear(0, address, 4)
        driver.launch(Kernel(), 0, (1, 1), 1, 2, 3, 4)
    assert streams == [77] * 4
    assert "cuMemcpyHtoD" not in fake.calls  # which goes to the default stream


def test_memory_that_a_block_may_use_is_released_after_its_work(machine):
    fake, driver, _ = machine
    _, held = driver.allocate(0, 16)
    pool = driver._device(0).pool
    with driver.stream(0, 77):
        _, inside = driver.allocate(0, 16)
        del held
        gc.collect()
        assert fake.orders == [(1, 77), (77, 1)]  # the release waits for the block's stream
    del inside
    gc.collect()
    assert fake.orders == [(1, 77), (77, 1), (77, 1)]
    assert pool.used == ["legacy", "stream 77", "legacy", "legacy"]
