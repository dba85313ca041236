"""Launch sizes. Runs everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam.kernels.cuda import _launch, _provider


@given(st.integers(1, 2**62))
def test_a_launch_is_large_enough_for_small_work_and_bounded_for_large(threads):
    blocks, width = _launch.form(threads)
    assert width == _launch.THREADS
    assert _launch.LEAST_BLOCKS <= blocks <= _launch.MOST_BLOCKS
    assert blocks * width >= min(threads, _launch.MOST_BLOCKS * _launch.THREADS)


@given(st.integers(1, 2**40), st.sampled_from([1, 2, 4, 32, 256]))
def test_the_threads_of_a_row_divide_those_of_a_block(units, threads):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_launch, "THREADS", threads)
        lanes = 1 << _launch.lanes(units)
    assert threads % lanes == 0
    assert lanes <= 32
    assert lanes < 2 * units


def test_nothing_is_launched_for_no_work(monkeypatch):
    started = []

    class Memory:
        launch = staticmethod(lambda *arguments: started.append(arguments))

    monkeypatch.setattr(_provider, "device_memory", Memory)
    _launch.run("kernel", 0, 0, 1)
    assert started == []
    _launch.run("kernel", 3, 1, 1, 2)
    assert started == [("kernel", 3, (_launch.LEAST_BLOCKS, _launch.THREADS), 1, 2)]
