"""Sums and means of many arrays' copies."""

from __future__ import annotations

import numpy as np
import pytest

from numparam import kernels
from numparam.kernels.cpu import _pool, table
from numparam.kernels.cpu import average_many as cpu
from numparam.kernels.reference import average
from numparam.kernels.reference import average_many as reference
from tests.support.awkward_inputs import KINDS, SAMPLED, same_bits, values

BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])


SAMPLED_KINDS = [
    pytest.param(kind, marks=() if kind in SAMPLED else pytest.mark.exhaustive) for kind in KINDS
]


def copies_of(kind, sizes, count):
    """For each of `count` contexts an array of each size; copies of booleans agree."""
    return [
        [values(kind, size, 10 * i + (0 if kind == "bool" else k)) for i, size in enumerate(sizes)]
        for k in range(count)
    ]


@BACKENDS
@pytest.mark.parametrize("count", [1, 2, 3, 5, 130])
@pytest.mark.parametrize("kind", SAMPLED_KINDS)
def test_every_copy_gets_the_bits_of_the_mean(backend, kind, count):
    copies = copies_of(kind, (5, 0, 40 if count > 5 else 20_000), count)
    expected = [average.mean(arrays) for arrays in zip(*copies, strict=True)]
    backend.mean_in_place(copies)
    for arrays in copies:
        for array, mean in zip(arrays, expected, strict=True):
            assert same_bits(array, mean)


@BACKENDS
def test_what_lies_beside_the_arrays_stays(backend):
    memory = [np.arange(10.0), np.arange(10.0, 20.0)]
    backend.mean_in_place([[one[1:4], one[6:8]] for one in memory])
    assert memory[0].tolist() == [0, 6, 7, 8, 4, 5, 11, 12, 8, 9]
    assert memory[1].tolist() == [10, 6, 7, 8, 14, 15, 11, 12, 18, 19]


@pytest.mark.parametrize("number", [1, 2000])
def test_compiled_code_is_entered_once_for_each_dtype(number, monkeypatch):
    entries = []

    def counted(call, *arguments):
        entries.append(call)
        return call(*arguments)

    monkeypatch.setattr(_pool, "enter", counted)
    dtypes = ("f4", "i1", "?")
    copies = [[np.ones(3, dtype) for _ in range(number) for dtype in dtypes] for _ in range(3)]
    cpu.mean_in_place([table.build(arrays) for arrays in copies])
    assert len(entries) == len(dtypes)


@pytest.mark.parametrize("threads", [1, 3])
def test_large_arrays_whatever_the_threads(threads):
    before = kernels.set_num_threads(threads)
    try:
        copies = [[np.arange(700_001, dtype=np.float32) * k, np.ones(3)] for k in (1, 2)]
        cpu.mean_in_place(copies)
        for large, small in copies:
            assert same_bits(large, np.arange(700_001, dtype=np.float32) * np.float32(1.5))
            assert small.tolist() == [1, 1, 1]
    finally:
        kernels.set_num_threads(before)


@BACKENDS
def test_booleans_that_differ_leave_everything_untouched(backend):
    copies = [[np.zeros(2), np.array([True, False])], [np.ones(2), np.array([True, True])]]
    with pytest.raises(ValueError, match=r"copies\[1\] differs"):
        backend.mean_in_place(copies)
    assert [arrays[0].tolist() for arrays in copies] == [[0, 0], [1, 1]]


@BACKENDS
def test_copies_that_do_not_match_leave_everything_untouched(backend):
    one, two, memory = np.ones(3), np.zeros(3), np.arange(4.0)
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    for copies, error, message in (
        ([], ValueError, "empty"),
        (one, TypeError, "list"),
        ([[one], [two, memory]], ValueError, r"copies\[1\] has 2 arrays"),
        ([[one], [memory]], ValueError, r"copies\[1\]\[0\] must be"),
        ([[one], [two.astype("f4")]], ValueError, r"copies\[1\]\[0\] must be"),
        ([[one], [one]], ValueError, "share memory"),
        ([[one, memory[:3]], [two, memory[1:]]], ValueError, "share memory"),
        ([[one], [frozen]], ValueError, "read-only"),
    ):
        with pytest.raises(error, match=message):
            backend.mean_in_place(copies)
    assert (one == 1).all()
    assert not two.any()
    assert memory.tolist() == [0, 1, 2, 3]


@BACKENDS
@pytest.mark.parametrize("count", [1, 2, 3, 5, 130])
@pytest.mark.parametrize("kind", SAMPLED_KINDS)
def test_every_output_gets_the_bits_of_the_sum(backend, kind, count):
    sizes = (5, 0, 40 if count > 5 else 20_000)
    sources = [
        [values(kind, size, 10 * i + k) for i, size in enumerate(sizes)] for k in range(count)
    ]
    expected = [average.add_n(arrays) for arrays in zip(*sources, strict=True)]
    outs = [values(kind, size, 99) for size in sizes]
    backend.add_n(sources, outs)
    for out, total in zip(outs, expected, strict=True):
        assert same_bits(out, total)
    backend.add_n(sources, sources[-1])  # in the place of one of them
    for out, total in zip(sources[-1], expected, strict=True):
        assert same_bits(out, total)


@pytest.mark.parametrize("number", [1, 2000])
def test_sums_enter_compiled_code_once_for_each_dtype(number, monkeypatch):
    entries = []

    def counted(call, *arguments):
        entries.append(call)
        return call(*arguments)

    monkeypatch.setattr(_pool, "enter", counted)
    dtypes = ("f4", "i1", "?")
    sources = [[np.ones(3, dtype) for _ in range(number) for dtype in dtypes] for _ in range(3)]
    cpu.add_n([table.build(arrays, writeable=False) for arrays in sources], sources[0])
    assert len(entries) == len(dtypes)
    assert sources[0][0].tolist() == [3, 3, 3]


@pytest.mark.parametrize("threads", [1, 3])
def test_sums_of_large_arrays_whatever_the_threads(threads):
    before = kernels.set_num_threads(threads)
    try:
        sources = [[np.arange(700_001, dtype=np.float32) * k, np.ones(3)] for k in (1, 2)]
        outs = [np.empty(700_001, np.float32), np.empty(3)]
        cpu.add_n(sources, outs)
        assert same_bits(outs[0], np.arange(700_001, dtype=np.float32) * np.float32(3))
        assert outs[1].tolist() == [2, 2, 2]
    finally:
        kernels.set_num_threads(before)


@BACKENDS
def test_sums_that_cannot_be_made_leave_everything_untouched(backend):
    one, two, memory = np.ones(3), np.zeros(3), np.arange(4.0)
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    for sources, outs, error, message in (
        ([], [two], ValueError, "empty"),
        ([[one], [one, memory]], [two], ValueError, r"1 outs and 2 sources\[1\]"),
        ([[one], [memory]], [two], ValueError, r"sources\[1\]\[0\] must be"),
        ([[one], [one.astype("f4")]], [two], ValueError, r"sources\[1\]\[0\] must be"),
        ([[one, one]], [two, two], ValueError, "share memory"),
        ([[memory[1:], one]], [memory[:3], two], ValueError, "shares memory"),
        ([[one, two]], [two, one], ValueError, "shares memory"),
        ([[one]], [frozen], ValueError, "read-only"),
    ):
        with pytest.raises(error, match=message):
            backend.add_n(sources, outs)
    assert (one == 1).all()
    assert not two.any()
    assert memory.tolist() == [0, 1, 2, 3]
