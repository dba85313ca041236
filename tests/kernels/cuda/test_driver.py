"""Memory, copies and launches through NVIDIA's driver, on a stand-in for it."""

from __future__ import annotations

import gc
import os
import threading

import numpy as np
import pytest

from numparam.kernels.cuda import _driver, _provider
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_process_that_is_forked_after_cudas_first_use_is_told_to_spawn(machine):
    _, driver, _ = machine
    address, _held = driver.allocate(0, 16)
    host = np.zeros(16, np.uint8)
    child = os.fork()
    if child == 0:
        told = 0
        for use in (
            lambda: driver.copy_out(0, address, host),
            lambda: driver.launch(Kernel(), 0, (1, 1), 1, 2, 3, 4),
            lambda: driver.synchronize(0),
        ):
            try:
                use()
            except _driver.DriverError as error:
                told += "spawn" in str(error)
        os._exit(told)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    driver.copy_out(0, address, host)  # the parent goes on


def test_a_kernel_that_a_gpu_does_not_load_is_named(machine, monkeypatch):
    _, driver, _ = machine

    def refuse(code):
        raise RuntimeError("CUDA_ERROR_NO_BINARY_FOR_GPU")

    monkeypatch.setattr(driver._core.ObjectCode, "from_cubin", refuse)
    message = r"gpu\(0\) does not load the kernel entry_of_py_func .*NO_BINARY.*update the driver"
    with pytest.raises(_provider.KernelCompilationError, match=message):
        driver.launch(Kernel(), 0, (1, 1), 1, 2, 3, 4)


def test_a_kept_limit_is_the_release_threshold_of_the_pool():
    fake = FakeDriver()
    driver = _driver.Driver(fake, FakeCore(fake), compiler([]), kept_bytes=1 << 20)
    driver.allocate(0, 16)
    assert driver._device(0).pool.kept == 1 << 20
    driver.empty_cache(0)
    assert fake.trimmed == 1
    assert driver.memory_info(0) == (1000, 2000)


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


def across(driver, nbytes=1000):
    """Copy from gpu(0) to gpu(1), and look at what arrives."""
    host = np.random.default_rng(nbytes).integers(0, 255, nbytes, np.uint8)
    (source, _held), (target, _also) = (driver.allocate(i, nbytes) for i in (0, 1))
    driver.copy_in(0, source, host)
    driver.copy_across(1, target, 0, source, nbytes)
    back = np.zeros_like(host)
    driver.copy_out(1, target, back)
    assert (back == host).all()


def test_a_copy_between_peers_is_one_and_waits_for_both_gpus(machine):
    fake, driver, _ = machine
    fake.peers = {(0, 1), (1, 0)}
    across(driver)
    [first, waited, copy, second, released] = fake.work[-6:-1]
    assert (first[0], waited[0], copy[0], second[0], released[0]) == (
        "record", "wait", "peer", "record", "wait",
    )  # fmt: skip
    assert copy == ("peer", (101, 100), 101)
    # What gpu(0) had to do is waited for before the copy, and the copy by gpu(0) afterwards.
    assert (first[1].context, waited[1], waited[2]) == (100, first[1], 101)
    assert (second[1].context, released[1], released[2]) == (101, second[1], 100)
    assert "cuStreamSynchronize" not in fake.calls[: fake.calls.index("cuMemcpyPeerAsync") + 5]
    assert fake.events == 0


def test_peers_are_connected_once_for_each_pair_in_both_directions(machine):
    fake, driver, _ = machine
    fake.peers = {(0, 1), (1, 0)}
    across(driver)
    across(driver)
    (source, _held), (target, _also) = (driver.allocate(i, 8) for i in (1, 0))
    driver.copy_across(0, target, 1, source, 8)
    assert sorted(fake.enabled) == [(100, 101), (101, 100)]
    assert [driver._device(i).pool.peer_accessible_by for i in (0, 1)] == [{1}, {0}]
    assert fake.calls.count("cuMemcpyPeerAsync") == 3


def test_peers_that_another_library_has_connected_are_peers(machine):
    fake, driver, _ = machine
    fake.peers = {(0, 1), (1, 0)}
    fake.failing["cuCtxEnablePeerAccess"] = Status.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED
    across(driver)
    assert "cuMemcpyPeerAsync" in fake.calls


@pytest.mark.parametrize("peers", [set(), {(0, 1)}, {(0, 1), (1, 0)}])
def test_gpus_that_are_no_peers_copy_through_pinned_memory(machine, monkeypatch, peers):
    fake, driver, _ = machine
    fake.peers = peers
    fake.failing["cuCtxEnablePeerAccess"] = Status.CUDA_ERROR_TOO_MANY_PEERS
    monkeypatch.setattr(_driver, "SMALL", 10_000)
    monkeypatch.setattr(_driver, "STAGED", 100)
    across(driver, 1050)
    assert "cuMemcpyPeerAsync" not in fake.calls
    assert len(fake.pinned) == 3
    down = [entry for entry in fake.work if entry[0] == "DtoH" and entry[1] in fake.pinned]
    up = [entry for entry in fake.work if entry[0] == "HtoD" and entry[1] in fake.pinned]
    assert [entry[1] for entry in down] == [entry[1] for entry in up]
    assert len(down) == 11
    assert {entry[2] for entry in down} == {100}
    assert {entry[2] for entry in up} == {101}


def test_a_pinned_buffer_is_filled_and_emptied_in_turn_without_the_host(machine, monkeypatch):
    fake, driver, _ = machine
    monkeypatch.setattr(_driver, "SMALL", 0)
    monkeypatch.setattr(_driver, "STAGED", 100)
    (source, _held), (target, _also) = (driver.allocate(i, 500) for i in (0, 1))
    driver.copy_across(1, target, 0, source, 500)
    assert not {"cuStreamSynchronize", "cuEventSynchronize", "cuCtxSynchronize"} & set(fake.calls)
    started = fake.work
    for place, (what, buffer, _) in enumerate(started):
        if what == "HtoD":  # waits for the record that follows the last filling of its buffer
            filled = max(i for i in range(place) if started[i][:2] == ("DtoH", buffer))
            assert [entry[0] for entry in started[filled : place + 1]] == [
                "DtoH", "record", "wait", "HtoD",
            ]  # fmt: skip
            assert started[filled + 1][1] is started[filled + 2][1]
        if what == "DtoH":  # waits for the event that is recorded after each emptying
            emptied = [i for i in range(place) if started[i][:2] == ("HtoD", buffer)]
            assert started[place - 1][0] == "wait"
            if emptied:
                assert started[place - 1][1] is started[emptied[-1] + 1][1]


def test_copies_across_go_to_the_streams_of_blocks(machine):
    fake, driver, _ = machine
    fake.peers = {(0, 1), (1, 0)}
    (source, _held), (target, _also) = (driver.allocate(i, 8) for i in (0, 1))
    with driver.stream(0, 70), driver.stream(1, 71):
        fake.orders.clear()
        driver.copy_across(1, target, 0, source, 8)
        assert fake.orders == [(70, 71), (71, 70)]


def test_a_copy_within_a_gpu_needs_no_peer(machine):
    fake, driver, _ = machine
    (source, _held), (target, _also) = (driver.allocate(0, 8) for _ in range(2))
    driver.copy_across(0, target, 0, source, 8)
    assert fake.calls[-1] == "cuMemcpyDtoDAsync"
    assert not fake.orders
