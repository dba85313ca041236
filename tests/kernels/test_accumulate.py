"""Writing and adding many arrays to many others."""

from __future__ import annotations

import numpy as np
import pytest

from numparam import kernels
from numparam.kernels.cpu import _pool, table
from numparam.kernels.cpu import accumulate as cpu
from numparam.kernels.reference import accumulate as reference
from numparam.kernels.reference import average
from tests.support.awkward_inputs import KINDS, layouts, same_bits, values

BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])
BOTH = pytest.mark.parametrize("name", ["assign", "add"])


@BACKENDS
@pytest.mark.parametrize("kind", KINDS)
def test_adding_gives_the_bits_of_a_sum_of_two(backend, kind):
    target, source = values(kind, 5000), values(kind, 5000, 1)
    expected = average.add_n([target, source])
    backend.add([target], [source])
    assert same_bits(target, expected)


@BACKENDS
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "int64", "bool"])
def test_sources_of_any_layout_are_read_right(backend, kind):
    plain = values(kind, 60).reshape(5, 12)
    for layout, source in layouts(plain).items():
        target = np.zeros_like(plain)
        backend.assign([target], [source])
        assert same_bits(target, plain), layout


@BACKENDS
@BOTH
def test_only_the_targets_change(backend, name):
    memory = np.arange(10.0)
    sources = [np.full(3, 7.0), np.full(2, 8.0)]
    getattr(backend, name)([memory[1:4], memory[6:8]], sources)
    assert memory[[0, 4, 5, 8, 9]].tolist() == [0, 4, 5, 8, 9]
    assert [source.tolist() for source in sources] == [[7, 7, 7], [8, 8]]


@BACKENDS
def test_a_target_may_be_its_own_source(backend):
    target = np.arange(3.0)
    backend.add([target], [target])
    assert target.tolist() == [0, 2, 4]
    backend.assign([target], [target])
    assert target.tolist() == [0, 2, 4]


@pytest.mark.parametrize("count", [1, 2000])
@BOTH
def test_compiled_code_is_entered_once_for_each_dtype(name, count, monkeypatch):
    entries = []

    def counted(call, *arguments):
        entries.append(call)
        return call(*arguments)

    monkeypatch.setattr(_pool, "enter", counted)
    dtypes = ("f4", "i1")
    targets = [np.ones(3, dtype) for _ in range(count) for dtype in dtypes]
    getattr(cpu, name)(targets, [np.ones_like(target) for target in targets])
    assert len(entries) == len(dtypes)


@pytest.mark.parametrize("threads", [1, 3])
def test_large_arrays_whatever_the_threads(threads):
    before = kernels.set_num_threads(threads)
    try:
        targets = [np.arange(700_001, dtype=np.float32), np.ones(3, np.float32)]
        ready = table.build(targets)
        cpu.add(ready, [target.copy() for target in targets])
        assert same_bits(targets[0], 2 * np.arange(700_001, dtype=np.float32))
        cpu.assign(ready, [np.zeros_like(target) for target in targets])
        assert not targets[0].any()
    finally:
        kernels.set_num_threads(before)


@BACKENDS
@BOTH
def test_bad_pairs_leave_every_target_untouched(backend, name):
    memory = np.arange(8.0)
    good = np.ones(3)
    for targets, sources, message in [
        ([good], [], "1 targets and 0 sources"),
        ([good, memory], [good, np.ones(7)], r"sources\[1\] must be float64\(8,\)"),
        ([good, memory], [good, np.ones(8, "f4")], r"not float32\(8,\)"),
        ([memory[:4], memory[3:]], [np.ones(4), np.ones(5)], "share memory"),
        ([memory[:4], memory[:4]], [np.ones(4), np.ones(4)], "share memory"),
        ([memory[:4]], [memory[1:5]], r"sources\[0\] shares memory with targets\[0\]"),
        ([memory[4:]], [memory[1:5]], r"sources\[0\] shares memory with targets\[0\]"),
        ([memory[:2], memory[2:4]], [memory[2:4], memory[:2]], "shares memory"),
    ]:
        with pytest.raises(ValueError, match=message):
            getattr(backend, name)(targets, sources)
    assert memory.tolist() == list(range(8))
    assert good.tolist() == [1, 1, 1]


def test_values_that_go_past_the_caches_reach_every_byte_and_no_other(monkeypatch):
    monkeypatch.setattr(cpu, "STREAMED", 0)
    for start in (0, 1, 63, 64, 65):
        for size in (0, 1, 63, 64, 65, 129, (1 << 20) + 71):
            memory = np.zeros(size + 200, np.uint8)
            source = np.arange(size, dtype=np.uint8) | 1
            cpu.assign([memory[start : start + size]], [source])
            np.testing.assert_array_equal(memory[start : start + size], source)
            assert not memory[:start].any()
            assert not memory[start + size :].any()
            cpu.assign([memory], [memory])
            np.testing.assert_array_equal(memory[start : start + size], source)
