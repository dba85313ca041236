"""Rows by their ids: retention, gather, scatter and sorted unique ids."""

from __future__ import annotations

import mmap
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam import kernels
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu import retain as cpu
from numparam.kernels.reference import retain as reference
from tests.support.awkward_inputs import KINDS, dtype_of, layouts, same_bits, values

BATCH = 256  # ids looked up together
STRIDE, CHECKED = 2048, 1 << 16  # ids checked together, and by one claim
BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])
ROWS = [(), (0,), (1,), (3,), (5,), (2, 2), (15,), (4, 1, 4), (65,)]

HELD = np.array([0, 1, 3])
DATA = np.float32([[1, 2], [3, 4], [5, 6]])


def rows_of(kind: str, count: int, shape: tuple[int, ...]) -> np.ndarray:
    return values(kind, count * int(np.prod(shape))).reshape(count, *shape)


def ascending(count: int, below: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.sort(generator.choice(below, count, replace=False)).astype(np.int64)


def patterns(count: int, below: int) -> list[np.ndarray]:
    """Ids in any order with repeats, ascending, descending, all the same, and none."""
    drawn = np.random.default_rng(count).integers(0, below, count)
    return [drawn, np.sort(drawn), -np.sort(-drawn), np.full(count, drawn[0]), drawn[:0]]


@pytest.mark.parametrize("shape", ROWS)
@pytest.mark.parametrize("kind", KINDS)
def test_cpu_agrees_with_the_reference_bit_for_bit(kind, shape):
    for count in (1, 7, BATCH + 1):
        data = rows_of(kind, count, shape)
        for wanted in patterns(count + 3, 2 * count + 3):
            inside = wanted % count
            for held in (ascending(count, 2 * count), np.arange(count)):
                expected = reference.retain(held, data, wanted)
                assert same_bits(cpu.retain(held, data, wanted), expected)
            expected = reference.gather(data, inside)
            assert same_bits(cpu.gather(data, inside), expected)
            rows = rows_of(kind, len(inside), shape)
            written, copied = data.copy(), data.copy()
            cpu.scatter(written, inside, rows)
            reference.scatter(copied, inside, rows)
            assert same_bits(written, copied)


@pytest.mark.parametrize("count", [BATCH - 1, BATCH, 3 * BATCH + 5])
def test_batches_of_lookups_join_without_a_seam(count):
    data = rows_of("float32", count, (2,))
    for wanted in patterns(count, 5 * count):
        for held in (ascending(count, 5 * count), np.arange(0, 3 * count, 3)):
            assert same_bits(cpu.retain(held, data, wanted), reference.retain(held, data, wanted))


@BACKENDS
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([0, 3], [[1, 2], [5, 6]]),
        ([0, 2], [[1, 2], [0, 0]]),
        ([3, 0], [[5, 6], [1, 2]]),
        ([0, 0, 3], [[1, 2], [1, 2], [5, 6]]),
        ([[0, 3]], [[1, 2], [5, 6]]),
        ([9], [[0, 0]]),
        ([2**63 - 1], [[0, 0]]),
        ([], np.empty((0, 2))),
    ],
)
def test_retain_keeps_order_and_repeats_and_fills_missing_rows_with_zeros(
    backend, wanted, expected
):
    result = backend.retain(HELD, DATA, wanted)
    assert same_bits(result, np.array(expected, np.float32))


@BACKENDS
def test_the_row_behind_the_last_one_is_not_read(backend):
    memory = np.ones((4, 3))
    assert backend.retain([0, 1, 2], memory[:3], [3, 2]).tolist() == [[0] * 3, [1] * 3]
    assert backend.retain([0, 1, 3], memory[:3], [4, 3]).tolist() == [[0] * 3, [1] * 3]


@BACKENDS
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_retain_is_a_lookup_in_a_dictionary(backend, data):
    ids = st.integers(0, 60) | st.integers(0, 2**63 - 1)
    held = sorted(data.draw(st.sets(ids, max_size=40)))
    wanted = data.draw(st.lists(ids | st.sampled_from(held or [0]), max_size=40))
    rows = np.arange(1.0, len(held) + 1)
    table = dict(zip(held, rows.tolist(), strict=True))
    assert backend.retain(held, rows, wanted).tolist() == [table.get(i, 0.0) for i in wanted]


@BACKENDS
@given(data=st.data(), count=st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_scatter_leaves_the_last_of_repeated_rows(backend, data, count):
    ids = data.draw(st.lists(st.integers(0, count - 1), max_size=50))
    expected = list(range(count))
    for i, number in enumerate(ids):
        expected[number] = 100 + i
    table = np.arange(count)
    assert backend.scatter(table, ids, 100 + np.arange(len(ids))) is None
    assert table.tolist() == expected
    assert backend.gather(table, ids).tolist() == [expected[number] for number in ids]


@BACKENDS
@given(st.lists(st.integers(0, 40) | st.integers(0, 2**63 - 1), max_size=60))
@settings(max_examples=80, deadline=None)
def test_unique_ids_are_the_sorted_set(backend, ids):
    result = backend.unique_ids(np.array(ids, np.int64))
    assert result.dtype == np.int64
    assert result.tolist() == sorted(set(ids))


@pytest.mark.parametrize("below", [1, 2, 1000, 10**5, 2**33, 2**63 - 1])
def test_unique_ids_by_every_method(below):
    for count in (1, 63, STRIDE + 1, CHECKED + 1):
        drawn = np.random.default_rng(count).integers(0, below, count, endpoint=True)
        for ids in (drawn, np.sort(drawn), drawn[::-1], np.append(drawn, below)):
            given_ids = ids.copy()
            assert np.array_equal(cpu.unique_ids(ids), np.unique(ids))
            assert np.array_equal(ids, given_ids)


@BACKENDS
def test_unique_ids_are_new_memory_even_if_they_were_unique(backend):
    ids = np.arange(5)
    result = backend.unique_ids(ids, 5)
    result[0] = 7
    assert ids[0] == 0


@BACKENDS
@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "int8", "uint8", "uint64"])
def test_ids_of_any_number_dtype_are_taken(backend, kind):
    wanted = np.array([3, 0, 2], dtype_of(kind))
    assert backend.retain(HELD.astype(kind), DATA, wanted).tolist() == [[5, 6], [1, 2], [0, 0]]
    assert backend.unique_ids(wanted, 4).tolist() == [0, 2, 3]
    assert backend.gather(np.arange(4), wanted).tolist() == [3, 0, 2]


@BACKENDS
@pytest.mark.parametrize("kind", ["float32", "float16", "int64", "bool"])
def test_any_layout_and_byte_order_is_read_right(backend, kind):
    plain = rows_of(kind, 5, (12,))
    held, wanted = np.array([0, 2, 3, 5, 8]), np.array([8, 1, 0])
    for name, other in layouts(plain).items():
        expected = reference.retain(held, plain, wanted)
        assert same_bits(backend.retain(held, other, wanted), expected), name
        assert same_bits(backend.gather(other, [4, 0]), plain[[4, 0]]), name
        table = np.zeros_like(plain)
        backend.scatter(table, np.arange(5), other.astype(plain.dtype, copy=False))
        assert same_bits(table, plain), name
    for name, other in layouts(wanted).items():
        assert same_bits(backend.retain(held, plain, other), expected), name
        assert np.array_equal(backend.unique_ids(other), [0, 1, 8]), name


@BACKENDS
def test_a_read_only_memory_map_is_read_and_never_written(backend, tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(np.arange(12, dtype=np.float32).tobytes())
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        table = np.frombuffer(mapped, np.float32).reshape(4, 3)
        assert backend.gather(table, [1]).tolist() == [[3, 4, 5]]
        assert backend.retain(np.arange(4), table, [1]).tolist() == [[3, 4, 5]]
        with pytest.raises(ValueError, match="table is read-only"):
            backend.scatter(table, [0], np.zeros((1, 3), np.float32))
        with pytest.raises(ValueError, match="out is read-only"):
            backend.gather(np.zeros((4, 3), np.float32), [0, 1, 2, 3], out=table)
        del table
        mapped.close()


@BACKENDS
def test_out_receives_the_rows_and_is_returned(backend):
    out = np.full((2, 2), 9, np.float32)
    assert backend.retain(HELD, DATA, [3, 2], out) is out
    assert out.tolist() == [[5, 6], [0, 0]]
    assert backend.gather(DATA, [2, 0], out=out) is out
    assert out.tolist() == [[5, 6], [1, 2]]


OUT = np.full((1, 2), 9, np.float32)
BAD_RETAIN = [
    (([0, 1, 3], DATA, [-1]), {}, IndexError, r"wanted\[0\] is -1; a row id is at least 0"),
    (([0, 1, 3], DATA, [1, 7, 9]), {"rows": 7}, IndexError, r"wanted\[1\] is 7; .* 0 and 6"),
    (([0, 1, 3], DATA, [1]), {"rows": 3}, IndexError, r"ids\[2\] is 3; .* for 3 rows"),
    (([0, 1, 3], DATA, [1]), {"rows": 0}, IndexError, r"ids\[0\] is 0, but there are no rows"),
    (([-1, 1, 3], DATA, [1]), {}, IndexError, r"ids\[0\] is -1"),
    (([0, 3, 1], DATA, [1]), {}, ValueError, r"ids\[2\] is 1 after 3; .* ascend"),
    (([0, 1, 1], DATA, [1]), {}, ValueError, r"ids\[2\] is 1 after 1"),
    (([0, 1], DATA, [1]), {}, ValueError, "ids has 2 ids and data 3 rows"),
    (([0], np.float32(1), [0]), {}, ValueError, "data has no dimensions"),
    (([0, 1, 3], DATA, [0.5]), {}, ValueError, r"wanted\[0\] is .*0.5"),
    (([0, 1, 3], DATA, ["a"]), {}, TypeError, "not supported"),
    (([0, 1, 3], DATA.astype(complex), [0]), {}, TypeError, "complex128"),
    (([0, 1, 3], DATA, [1]), {"rows": 1.5}, TypeError, "rows must be a whole number, not float"),
    (([0, 1, 3], DATA, [1]), {"rows": -1}, ValueError, "rows must be from 0 to 2.*63 - 1, not -1"),
    (([0, 1, 3], DATA, [1]), {"rows": 2**63}, ValueError, "not 9223372036854775808"),
    (([0, 1, 3], DATA, [1, 0]), {"out": OUT}, ValueError, r"out must be float32\(2, 2\)"),
    (([0, 1, 3], DATA.astype("f8"), [1]), {"out": OUT}, ValueError, r"float64\(1, 2\), not float"),
    (([0, 1, 3], DATA, [1]), {"out": [[0, 0]]}, TypeError, r"numpy\.ndarray"),
    (([0, 1, 3], DATA, [-1]), {"out": OUT}, IndexError, "at least 0"),
    (([0, 3, 1], DATA, [1]), {"out": OUT}, ValueError, "ascend"),
]  # fmt: skip


@BACKENDS
@pytest.mark.parametrize(("arguments", "more", "error", "message"), BAD_RETAIN)
def test_bad_retention_is_refused_before_anything_is_written(
    backend, arguments, more, error, message
):
    with pytest.raises(error, match=message):
        backend.retain(*arguments, **more)
    assert (OUT == 9).all()


@BACKENDS
@pytest.mark.parametrize(
    ("ids", "rows", "error", "message"),
    [
        ([0, 4], np.ones((2, 2)), IndexError, r"ids\[1\] is 4; row ids must be between 0 and 3"),
        ([-1, 0], np.ones((2, 2)), IndexError, r"ids\[0\] is -1"),
        (np.uint64([0, 2**63]), np.ones((2, 2)), IndexError, "beyond any row"),
        ([0], np.ones((2, 2)), ValueError, r"rows must be float64\(1, 2\) for 1 ids"),
        ([0], np.ones((1, 2), "f4"), ValueError, r"not float32\(1, 2\)"),
        ([0], np.ones(2), ValueError, "rows must be"),
        ([0.25], np.ones((1, 2)), ValueError, "whole number"),
    ],
)
def test_bad_gather_and_scatter_are_refused_before_anything_is_written(
    backend, ids, rows, error, message
):
    table = np.zeros((4, 2))
    if error is IndexError:
        out = np.full((2, 2), 9.0)
        for wrong in (lambda: backend.gather(table, ids, out), lambda: backend.gather(table, ids)):
            with pytest.raises(error, match=message):
                wrong()
        assert (out == 9).all()
    with pytest.raises(error, match=message):
        backend.scatter(table, ids, rows)
    assert not table.any()


@BACKENDS
def test_a_table_without_rows_has_no_ids(backend):
    empty = np.empty((0, 3))
    assert backend.gather(empty, []).shape == (0, 3)
    backend.scatter(empty, [], np.empty((0, 3)))
    with pytest.raises(IndexError, match="no rows"):
        backend.gather(empty, [0])
    with pytest.raises(IndexError, match="no rows"):
        backend.unique_ids([0], 0)
    assert backend.retain([], empty, [5]).tolist() == [[0, 0, 0]]


@BACKENDS
def test_memory_shared_between_what_is_read_and_written_is_refused(backend):
    memory = np.arange(20.0).reshape(10, 2)
    ids = np.array([0, 1, 2, 3])
    for function, arguments, message in (
        (backend.retain, (ids, memory[:4], ids, memory[3:7]), "out shares .* data"),
        (backend.gather, (memory, ids, memory[6:]), "out shares memory with table"),
        (backend.scatter, (memory, ids, memory[6:]), "table shares memory with rows"),
        (backend.gather, (np.arange(9), ids, ids), "out shares memory with ids"),
        (backend.scatter, (ids, ids, ids.copy()), "table shares memory with ids"),
    ):
        with pytest.raises(ValueError, match=message):
            function(*arguments)
    assert memory.ravel().tolist() == list(range(20))
    assert ids.tolist() == [0, 1, 2, 3]
    assert backend.gather(memory[:4], ids, out=memory[4:8]).tolist() == memory[:4].tolist()


@pytest.mark.parametrize("position", [0, STRIDE - 1, STRIDE, CHECKED - 1, CHECKED, 2 * CHECKED + 7])
def test_a_single_bad_id_is_found_wherever_it_stands(position):
    ids = np.arange(2 * CHECKED + 8)
    data = np.zeros((len(ids), 0), np.int8)
    for bad, rows in ((-5, None), (len(ids), len(ids))):
        wrong = ids.copy()
        wrong[position] = bad
        with pytest.raises(IndexError, match=rf"ids\[{position}\] is {bad};"):
            cpu.unique_ids(wrong, rows)
        with pytest.raises(IndexError, match=rf"ids\[{position}\] is {bad};"):
            cpu.retain(wrong, data, [0], rows=rows)
    if position:
        wrong = ids.copy()
        wrong[position] = wrong[position - 1]
        with pytest.raises(ValueError, match=rf"ids\[{position}\] is {position - 1} after"):
            cpu.retain(wrong, data, [0])
        assert len(cpu.unique_ids(wrong)) == len(ids) - 1


@BACKENDS
def test_ids_at_the_bounds_are_good(backend):
    assert backend.unique_ids([5, 0, 5], 6).tolist() == [0, 5]
    with pytest.raises(IndexError, match=r"ids\[2\] is 6; row ids must be between 0 and 5"):
        backend.unique_ids([5, 0, 6, -1], 6)


def test_the_first_of_several_bad_ids_is_named():
    wrong = np.arange(3 * CHECKED)
    wrong[[CHECKED + 9, 2 * CHECKED]] = -1
    before = kernels.set_num_threads(3)
    try:
        for _ in range(20):
            with pytest.raises(IndexError, match=rf"ids\[{CHECKED + 9}\]"):
                cpu.unique_ids(wrong)
    finally:
        kernels.set_num_threads(before)


@pytest.mark.parametrize("length", [1, 3, 64, 5000])
def test_threads_do_not_change_a_bit(length):
    count = 3_000_000 // (4 * length) + 1
    data = rows_of("float32", count, (length,))
    held = ascending(count, 2 * count)
    wanted = np.random.default_rng(1).integers(0, 2 * count, count)
    before = kernels.set_num_threads(1)

    def results():
        table, ordered = data.copy(), data.copy()
        cpu.scatter(table, wanted % count, data[::-1])
        cpu.scatter(ordered, np.arange(count), data[::-1])
        retained = [cpu.retain(held, data, wanted), cpu.retain(held, data, np.sort(wanted))]
        return [*retained, cpu.gather(data, wanted % count), table, ordered]

    try:
        alone = results()
        assert same_bits(alone[2], data[wanted % count])
        assert same_bits(alone[4], data[::-1])
        for threads in (2, 3):
            kernels.set_num_threads(threads)
            for result, expected in zip(results(), alone, strict=True):
                assert same_bits(result, expected)
    finally:
        kernels.set_num_threads(before)


@BACKENDS
def test_nothing_of_the_dense_size_is_allocated(backend):
    far = 2**62
    data = np.ones((3, 1000), np.float32)
    backend.retain([1, 5, far], data, [far, 4])
    tracemalloc.start()
    result = backend.retain([1, 5, far], data, [far, 4], rows=far + 1)
    unique = backend.unique_ids([far, 1, far], far + 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.sum() == 1000
    assert unique.tolist() == [1, far]
    assert peak < 200_000


def test_compiled_code_is_entered_once_to_check_ids_and_once_to_move_rows(monkeypatch):
    entered = []
    enter = _pool.enter
    monkeypatch.setattr(_pool, "enter", lambda *call: entered.append(call[0]) or enter(*call))
    for count in (1, 2000):
        ids = np.arange(count)
        data = np.ones((count, 2))
        for call, expected in (
            (lambda ids=ids, data=data: cpu.retain(ids, data, ids), 2),
            (lambda ids=ids, data=data: cpu.retain(ids, data, ids, data.copy()), 3),
            (lambda ids=ids, data=data: cpu.gather(data, ids), 1),
            (lambda ids=ids, data=data: cpu.gather(data, ids, data.copy()), 2),
            (lambda ids=ids, data=data: cpu.scatter(data, ids, data.copy()), 2),
            (lambda ids=ids, data=data: cpu.add_rows(data, ids, data.copy()), 2),
        ):
            entered.clear()
            call()
            assert len(entered) == expected
