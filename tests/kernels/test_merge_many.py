"""The means of the copies of many row-sparse arrays."""

from __future__ import annotations

import numpy as np
import pytest

from numparam import kernels
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu import merge_many as cpu
from numparam.kernels.reference import merge
from numparam.kernels.reference import merge_many as reference
from tests.support.awkward_inputs import KINDS, SAMPLED, same_bits, values

BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])


SAMPLED_KINDS = [
    pytest.param(kind, marks=() if kind in SAMPLED else pytest.mark.exhaustive) for kind in KINDS
]


def sets_of(kind, shapes, count):
    """For each row shape `count` copies, with ids in any order and repeats."""
    generator = np.random.default_rng(3)
    sets = []
    for i, (length, shape) in enumerate(shapes):
        ids = [generator.integers(0, 40, length) for _ in range(count)]
        size = length * int(np.prod(shape))
        data = [values(kind, size, 10 * i + k).reshape(length, *shape) for k in range(count)]
        if kind == "bool":
            ids, data = [np.arange(length)] * count, data[:1] * count
        sets.append((ids, data, 40))
    return sets


def mean(backend, sets):
    return backend.mean(*map(list, zip(*sets, strict=True))) if sets else backend.mean([], [], [])


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("kind", SAMPLED_KINDS)
def test_each_is_what_merge_makes_of_it(kind, count):
    sets = sets_of(kind, [(6, (3,)), (0, (3,)), (30, ()), (20, (0,)), (9, (2049,))], count)
    for backend in (reference, cpu):
        results = mean(backend, sets)
        for (ids, data, rows), (numbers, rows_of) in zip(sets, results, strict=True):
            expected = merge.merge(ids, data, rows, divisor=count)
            assert numbers.tolist() == expected[0].tolist()
            assert same_bits(rows_of, expected[1])


@pytest.mark.parametrize("number", [1, 300])
def test_compiled_code_is_entered_once_for_each_dtype(number, monkeypatch):
    entries = []
    enter = _pool.enter
    monkeypatch.setattr(_pool, "enter", lambda *given: entries.append(given[0]) or enter(*given))
    dtypes = ("float32", "int8")
    sets = [made for dtype in dtypes for made in sets_of(dtype, [(5, (2,))] * number, 2)]
    mean(cpu, sets)
    assert len(entries) == len(dtypes)


@pytest.mark.parametrize("threads", [1, 4])
def test_large_arrays_whatever_the_threads(threads):
    before = kernels.set_num_threads(threads)
    try:
        data = np.arange(600_000, dtype=np.float32).reshape(-1, 3)
        ids = np.arange(len(data))
        sets = [([ids, ids], [data, 3 * data], None), ([ids[:2], ids[1:3]], [data[:2]] * 2, 9)]
        for _ in range(20):
            (numbers, rows), (few, short) = mean(cpu, sets)
            assert (numbers == ids).all()
            assert same_bits(rows, 2 * data)
            assert (few.tolist(), short[0].tolist()) == ([0, 1, 2], [0, 0.5, 1])
    finally:
        kernels.set_num_threads(before)


@BACKENDS
def test_results_are_in_memory_of_their_own_from_the_callers_allocator(backend):
    made = []

    def allocate(shape, dtype):
        made.append(np.empty(shape, dtype))
        return made[-1]

    ids, data = [[0], [0, 3]], [np.ones((1, 2)), np.ones((2, 2))]
    results = backend.mean([ids, ids], [data, data], [4, None], allocate)
    assert [rows is array for (_, rows), array in zip(results, made, strict=True)] == [True, True]
    assert not np.shares_memory(results[0][0], results[1][0])


@BACKENDS
def test_wrong_sets_are_named(backend):
    ids, data = [[0], [5]], [np.ones(1), np.ones(1)]
    for given, error, message in (
        (([ids], [data], []), ValueError, "each array needs all three"),
        (([ids], [data], [5]), IndexError, "is 5; row ids must be between 0 and 4"),
        (([ids], [data[:1]], [9]), ValueError, "list of 2 and data one of 1"),
        (([[]], [[]], [9]), ValueError, "at least one"),
        (([ids], [[np.ones(1), np.ones(1, "f4")]], [9]), ValueError, "agree in dtype"),
        (([[[0], [0]]], [[np.array([True]), np.array([False])]], [1]), ValueError, "booleans"),
    ):
        with pytest.raises(error, match=message):
            backend.mean(*given)


def test_ids_that_cannot_be_ordered_for_lack_of_memory_are_an_error(monkeypatch):
    def without_memory(*arguments):
        arguments[7][:, 0] = cpu._NO_MEMORY

    without_memory.signatures = ()
    monkeypatch.setattr(cpu, "_average", lambda kind: without_memory)
    with pytest.raises(MemoryError, match="not enough memory"):
        cpu.mean([[[0], [1]]], [[np.ones(1), np.ones(1)]], [2])
