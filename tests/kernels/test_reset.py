"""Zeroing many arrays in one call."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam import kernels
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu import reset as cpu
from numparam.kernels.cpu import table as cpu_table
from numparam.kernels.reference import reset as reference
from numparam.kernels.reference import table as reference_table
from tests.support.awkward_inputs import KINDS, values

CHUNK = 4096
BACKENDS = pytest.mark.parametrize(
    ("backend", "table"),
    [(reference, reference_table), (cpu, cpu_table)],
    ids=["reference", "cpu"],
)


@BACKENDS
@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.sampled_from((0, 1, 3, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7)),
        ),
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None)
def test_every_element_of_every_array_becomes_zero_and_no_other(backend, table, forms):
    memory = [values(kind, size + 2, i) for i, (kind, size) in enumerate(forms)]
    for array in memory:
        array[[0, -1]] = 1
    inner = [array[1:-1] for array in memory]
    backend.zero(inner)
    for array in memory:
        assert not array[1:-1].view(np.uint8).any()
        assert array[0] == array[-1] == 1


@BACKENDS
def test_a_ready_table_is_zeroed_again_and_again(backend, table):
    arrays = [np.ones((3, 2), np.float32), np.ones(5, np.int8), np.ones(())]
    ready = table.build(arrays)
    for _ in range(2):
        for array in arrays:
            array[...] = 7
        backend.zero(ready)
        assert all((array == 0).all() for array in arrays)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_large_arrays_are_zeroed_whatever_the_threads(threads):
    arrays = [np.ones(300_001 + i, np.float32) for i in range(5)] + [np.ones(3_000_001, np.uint8)]
    before = kernels.set_num_threads(threads)
    try:
        cpu.zero(arrays)
    finally:
        kernels.set_num_threads(before)
    assert not any(array.any() for array in arrays)


def test_zeros_that_go_past_the_caches_reach_every_byte_and_no_other(monkeypatch):
    monkeypatch.setattr(cpu, "STREAMED", 0)
    for start in (0, 1, 63, 64, 65):
        for size in (0, 1, 62, 63, 64, 65, 127, 128, 129, 1 << 20, (3 << 20) + 71):
            memory = np.ones(size + 200, np.uint8)
            cpu.zero([memory[start : start + size]])
            assert not memory[start : start + size].any()
            assert memory[:start].all()
            assert memory[start + size :].all()


@pytest.mark.parametrize("count", [1, 2000])
def test_compiled_code_is_entered_once_for_each_dtype(count, monkeypatch):
    entries = []

    def counted(call, *arguments):
        entries.append(call)
        return call(*arguments)

    monkeypatch.setattr(_pool, "enter", counted)
    cpu.zero([np.ones(3, np.float32) for _ in range(count)])
    assert len(entries) == 1
    cpu.zero([np.ones(3, dtype) for _ in range(count) for dtype in (np.float32, np.int8)])
    assert len(entries) == 3


@BACKENDS
@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (np.broadcast_to(np.float32(1), (3,)), ValueError, r"arrays\[1\] is read-only"),
        (np.ones((4, 4))[:, ::2], ValueError, r"arrays\[1\] is not C-contiguous"),
        (np.ones(3, ">i4"), ValueError, "byte order"),
        (np.zeros(9, np.uint8)[1:].view(np.float64), ValueError, "aligned"),
        ([1.0], TypeError, "not list"),
        (np.array([None]), TypeError, "not supported"),
    ],
)
def test_one_bad_array_leaves_all_untouched(backend, table, bad, error, message):
    good = np.ones(3)
    with pytest.raises(error, match=message):
        backend.zero([good, bad])
    assert good.tolist() == [1, 1, 1]


@BACKENDS
def test_one_array_instead_of_a_list_is_refused(backend, table):
    with pytest.raises(TypeError, match="list of arrays"):
        backend.zero(np.ones(3))
