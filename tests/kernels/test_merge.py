"""Sums of row-sparse arrays: the union of rows, each added in a fixed order."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam import kernels
from numparam.kernels.cpu import _pool, average
from numparam.kernels.cpu import merge as cpu
from numparam.kernels.reference import merge as reference
from tests.support.awkward_inputs import KINDS, dtype_of, layouts, same_bits, values

BLOCK = 2048  # elements of a row summed at a time
BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])
INTEGERS = [kind for kind in KINDS if dtype_of(kind).kind in "iu"]
ROWS = [(), (0,), (1,), (2, 3), (65,), (BLOCK - 1,), (BLOCK,), (2 * BLOCK + 1,)]


def sparse(kind, shape, lengths, below, seed=0):
    """Row-sparse arrays of any form: ids in any order, with repeats."""
    generator = np.random.default_rng(seed)
    ids = [generator.integers(0, below, length) for length in lengths]
    data = []
    for i, length in enumerate(lengths):
        size = length * math.prod(shape)
        data.append(values(kind, size, seed + i).reshape(length, *shape))
    return ids, data


def same(left, right) -> bool:
    return np.array_equal(left[0], right[0]) and same_bits(left[1], right[1])


@pytest.mark.parametrize("shape", ROWS)
@pytest.mark.parametrize("kind", KINDS)
def test_cpu_agrees_with_the_reference_bit_for_bit(kind, shape):
    for lengths in ((0,), (9,), (6, 0, 5), (4, 7, 5, 8)):
        ids, data = sparse(kind, shape, lengths, 12)
        for divisor in (1, 2, 3) if kind != "bool" else (1,):
            result = cpu.merge(ids, data, divisor=divisor)
            assert result[0].dtype == np.int64
            assert same(result, reference.merge(ids, data, divisor=divisor)), (lengths, divisor)


@BACKENDS
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_arrays_that_hold_all_rows_merge_like_dense_ones(backend, kind, count):
    rows, shape = 5, (131,)
    _, data = sparse(kind, shape, [rows] * count, rows)
    if kind == "bool":
        data = data[:1] * count
    ids = [np.arange(rows)] * count
    assert same_bits(backend.merge(ids, data)[1], average.add_n(data))
    assert same_bits(backend.merge(ids, data, divisor=count)[1], average.mean(data))


@BACKENDS
@pytest.mark.parametrize("kind", KINDS)
def test_one_array_of_valid_form_is_copied(backend, kind):
    data = values(kind, 60).reshape(5, 12)
    ids = np.array([0, 4, 5, 9, 2**62])
    result = backend.merge([ids], [data])
    assert same(result, (ids, data))
    assert not np.shares_memory(result[1], data)
    assert not np.shares_memory(result[0], ids)


@BACKENDS
def test_repeats_in_any_order_are_summed_exactly(backend):
    # In float64 a one that meets 2**60 is lost.
    one, huge = np.float32([[1], [2**60]])
    first, second = np.float32([one, [5], huge]), np.float32([-huge, one])
    ids, sums = backend.merge([[7, 2, 7], [7, 7]], [first, second])
    assert ids.tolist() == [2, 7]
    assert sums.tolist() == [[5], [2]]
    assert backend.merge([[7, 7], [7, 2, 7]], [second, first])[1].tolist() == [[5], [2]]
    assert backend.merge([[7] * 4], [np.float32([huge, -huge, one, one])])[1].tolist() == [[2]]


@BACKENDS
def test_rows_that_cancel_stay_as_zeros(backend):
    ids, sums = backend.merge([[1, 4], [4]], [np.float32([[1], [2]]), np.float32([[-2]])])
    assert ids.tolist() == [1, 4]
    assert sums.tolist() == [[1], [0]]


@BACKENDS
def test_an_absent_row_counts_as_zero_in_a_mean(backend):
    ids, sums = backend.merge([[0, 2], [2]], [np.float32([6, 4]), np.float32([8])], divisor=2)
    assert ids.tolist() == [0, 2]
    assert sums.tolist() == [3, 6]


@BACKENDS
@pytest.mark.parametrize("kind", INTEGERS)
@given(data=st.data(), divisor=st.integers(1, 9), count=st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_integers_are_summed_exactly_truncated_and_wrapped_last(
    backend, kind, data, divisor, count
):
    bounds = np.iinfo(kind)
    low, high = int(bounds.min), int(bounds.max)
    numbers = st.integers(low, high) | st.sampled_from([low, low + 1, high])
    drawn = [data.draw(numbers) for _ in range(count)]
    total = sum(drawn)
    quotient = abs(total) // divisor * (1 if total >= 0 else -1)
    expected = (quotient - low) % (high - low + 1) + low
    arrays = [np.array([x], kind) for x in drawn]
    assert backend.merge([[3]] * count, arrays, divisor=divisor)[1].tolist() == [expected]


@BACKENDS
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_merge_sums_what_a_dictionary_of_rows_holds(backend, data):
    number = st.integers(0, 20) | st.integers(0, 2**63 - 1)
    ids = data.draw(st.lists(st.lists(number, max_size=12), min_size=1, max_size=5))
    rows = [
        np.array(
            data.draw(st.lists(st.integers(-9, 9), min_size=len(i), max_size=len(i))), np.float16
        )
        for i in ids
    ]
    expected: dict[int, int] = {}
    for those, values_ in zip(ids, rows, strict=True):
        for i, value in zip(those, values_.tolist(), strict=True):
            expected[i] = expected.get(i, 0) + int(value)
    arrays = [np.array(i, np.int64) for i in ids]
    union, sums = backend.merge(arrays, rows)
    assert dict(zip(union.tolist(), sums.tolist(), strict=True)) == expected
    assert union.tolist() == sorted(expected)


@pytest.mark.parametrize("below", [1, 50, 3000, 2**23, 2**34, 2**63 - 1])
def test_many_ids_of_any_size_are_ordered_stably(below):
    generator = np.random.default_rng(3)
    ids = [generator.integers(0, below, n, endpoint=True) for n in (3000, 5000)]
    data = [generator.standard_normal(n).astype(np.float32) for n in (3000, 5000)]
    union, sums = cpu.merge(ids, data)
    expected = np.unique(np.concatenate(ids))
    assert np.array_equal(union, expected)
    total = np.zeros(len(expected))
    for i, row in zip(np.concatenate(ids), np.concatenate(data), strict=True):
        total[np.searchsorted(expected, i)] += row
    assert same_bits(sums, total.astype(np.float32))


@pytest.mark.parametrize("count", range(1, 8))
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_ascending_arrays_are_merged_in_their_order(count, data):
    ids = [sorted(data.draw(st.lists(st.integers(0, 50), max_size=30))) for _ in range(count)]
    rows = [values("float32", len(those), i) for i, those in enumerate(ids)]
    assert same(cpu.merge(ids, rows), reference.merge(ids, rows))


@BACKENDS
def test_booleans_are_or_ed_and_have_a_mean_only_where_all_agree(backend):
    yes, no = [True, True], [False, False]
    ids, sums = backend.merge([[0, 1], [1]], [np.array([no, no]), np.array([yes])])
    assert ids.tolist() == [0, 1]
    assert sums.tolist() == [no, yes]
    copies = [np.array([yes, no])] * 2
    assert backend.merge([[0, 1]] * 2, copies, divisor=2)[1].tolist() == [yes, no]
    with pytest.raises(ValueError, match="row 5 is not the same in all 2 arrays"):
        backend.merge([[1, 5], [1]], [np.array([yes, yes]), np.array([yes])], divisor=2)


@BACKENDS
def test_large_rows_have_means_that_do_not_overflow(backend):
    for kind in ("float64", "bfloat16", "float32", "float16"):
        finite = [x for x in values(kind, 2000) if np.isfinite(x)]
        large = np.array(finite, dtype_of(kind)).max(keepdims=True)
        assert same_bits(backend.merge([[3]] * 5, [large] * 5, divisor=5)[1], large)


@BACKENDS
@pytest.mark.parametrize("kind", ["float32", "float16", "int64", "bool"])
def test_any_layout_and_byte_order_is_read_right(backend, kind):
    plain = values(kind, 60).reshape(5, 12)
    ids = np.array([8, 0, 3, 8, 5])
    expected = reference.merge([ids, ids], [plain, plain])
    for name, other in layouts(plain).items():
        assert same(backend.merge([ids, ids], [other, other]), expected), name
    for name, other in layouts(ids).items():
        assert same(backend.merge([other, ids], [plain, plain]), expected), name


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "bfloat16"])
@pytest.mark.parametrize("length", [1, 100, 40_000])
def test_threads_do_not_change_a_bit(kind, length):
    rows = 600_000 // length
    ids, data = sparse(kind, (length,), [rows, rows], 2 * rows)
    before = kernels.set_num_threads(1)
    try:
        alone = cpu.merge(ids, data, divisor=3)
        assert math.prod(alone[1].shape) > 400_000
        for threads in (2, 3):
            kernels.set_num_threads(threads)
            assert same(cpu.merge(ids, data, divisor=3), alone)
    finally:
        kernels.set_num_threads(before)


ONE = np.ones((1, 2))
BAD = [
    (([], []), {}, ValueError, "at least one row-sparse array"),
    ((np.array([0]), [ONE]), {}, TypeError, "ids must be a list of arrays.* not one ndarray"),
    (([[0]], ONE), {}, TypeError, "data must be a list of arrays"),
    (([[0]], [ONE, ONE]), {}, ValueError, "ids is a list of 1 and data one of 2"),
    (([[0], [1, 2]], [ONE, ONE]), {}, ValueError, r"ids\[1\] has 2 ids and data\[1\] 1 rows"),
    (([[0], [1]], [ONE, np.ones((1, 3))]), {}, ValueError, r"data\[1\] of float64\(3,\)"),
    (([[0], [1]], [ONE, ONE.astype("f4")]), {}, ValueError, r"data\[1\] of float32\(2,\)"),
    (([[0], [1]], [ONE, 1.0]), {}, ValueError, r"data\[1\] has no dimensions"),
    (([[0], [-2]], [ONE, ONE]), {}, IndexError, r"ids\[1\]\[0\] is -2; a row id is at least 0"),
    (([[0], [5]], [ONE, ONE]), {"rows": 5}, IndexError, r"ids\[1\]\[0\] is 5; .* 0 and 4"),
    (([[0.5]], [ONE]), {}, ValueError, r"ids\[0\]\[0\] is .*0\.5"),
    (([[0]], [ONE.astype(complex)]), {}, TypeError, "complex128"),
    (([[0]], [ONE]), {"divisor": 0}, ValueError, "divisor must be between 1 and 16777216, not 0"),
    (([[0]], [ONE]), {"divisor": 2**24 + 1}, ValueError, "not 16777217"),
    (([[0]], [ONE]), {"divisor": 1.5}, TypeError, "whole number, not float"),
    (([[0]], [ONE]), {"rows": -1}, ValueError, "rows must be from 0 to"),
]


@BACKENDS
@pytest.mark.parametrize(("arguments", "more", "error", "message"), BAD)
def test_bad_input_is_refused(backend, arguments, more, error, message):
    with pytest.raises(error, match=message):
        backend.merge(*arguments, **more)


@BACKENDS
def test_nothing_of_the_dense_size_is_allocated(backend):
    ids, data = [[2**62, 1], [2**62, 5]], [np.ones((2, 1000), np.float32)] * 2
    backend.merge(ids, data)
    tracemalloc.start()
    union, sums = backend.merge(ids, data, rows=2**62 + 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert union.tolist() == [1, 5, 2**62]
    assert sums.sum(axis=1).tolist() == [1000, 1000, 2000]
    assert peak < 200_000


def test_compiled_code_is_entered_twice_whatever_the_number_of_arrays(monkeypatch):
    entered = []
    enter = _pool.enter
    monkeypatch.setattr(_pool, "enter", lambda *call: entered.append(call[0]) or enter(*call))
    for count in (1, 2000):
        entered.clear()
        cpu.merge([[1, 0]] * count, [np.ones((2, 3))] * count)
        assert len(entered) == 2


@BACKENDS
def test_the_memory_of_the_sums_is_the_callers(backend):
    asked = []

    def allocate(shape, dtype):
        asked.append(np.full(shape, 7, dtype))
        return asked[-1]

    ids, data = backend.merge(
        [[4, 0], [4, 2]], [np.ones((2, 3)), np.ones((2, 3))], allocate=allocate
    )
    assert data is asked[0]
    assert ids.tolist() == [0, 2, 4]
    assert data.tolist() == [[1, 1, 1], [1, 1, 1], [2, 2, 2]]


@pytest.mark.parametrize("count", [1, 3, 7])
@pytest.mark.parametrize("spread", [1, 63, 64, 65, 200, 10**6])
def test_ids_are_ordered_alike_whether_they_fit_a_bit_map_or_not(count, spread):
    generator = np.random.default_rng(spread + count)
    sizes = generator.integers(0, 40, count)
    ids = [generator.integers(0, max(1, spread * size), size) for size in sizes]
    data = [generator.standard_normal((size, 2)) for size in sizes]
    for mine, expected in zip(cpu.merge(ids, data), reference.merge(ids, data), strict=True):
        np.testing.assert_array_equal(mine, expected)
