"""The CUDA kernels give the bits of the reference, on Numba's simulator.

The simulator is chosen when Numba is imported, so it needs a process of its own::

    NUMBA_ENABLE_CUDASIM=1 python -m pytest -m cudasim
"""

from __future__ import annotations

import importlib
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam.kernels import KERNELS
from numparam.kernels.cuda import _ids, _launch, _memory, average, retain
from numparam.kernels.reference import average as reference
from numparam.kernels.reference import retain as reference_retain
from tests.support.awkward_inputs import KINDS, dtype_of, same_bits, values
from tests.support.on_gpu import compare, download, upload
from tests.support.parity import INPUTS

pytestmark = [pytest.mark.cudasim, pytest.mark.usefixtures("few_threads")]

SIZES = (0, 1, 7, 33)
FUNCTIONS = [
    (row.name, name) for row in KERNELS if "cuda" in row.backends for name in row.functions
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("operation", "name"), FUNCTIONS)
def test_cuda_gives_the_bits_of_the_reference(operation, name, kind):
    function, plain = (
        getattr(importlib.import_module(f"numparam.kernels.{backend}.{operation}"), name)
        for backend in ("cuda", "reference")
    )
    for size in SIZES:
        for arguments in INPUTS[operation, name](kind, size):
            compare(function, plain, arguments)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_sums_and_means_of_awkward_values(kind, count):
    seeds = [5] * count if kind == "bool" else range(count)
    arrays = [values(kind, 150, seed) for seed in seeds]
    for name in ("mean", "add_n"):
        compare(getattr(average, name), getattr(reference, name), ((arrays,), {}))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "bool"])
@pytest.mark.parametrize("count", range(1, 17))
def test_mean_of_identical_copies_is_that_copy(kind, count):
    array = values(kind, 20, count)
    assert same_bits(download(average.mean([upload(array)] * count)), array)


@pytest.mark.parametrize("kind", ["bfloat16", "float64", "float32", "float16"])
def test_large_means_do_not_overflow(kind):
    dtype = dtype_of(kind)
    largest = max(x for x in values(kind, 2000).tolist() if np.isfinite(x))
    large = np.array([largest, -largest], dtype)
    assert same_bits(download(average.mean([upload(large)] * 5)), large)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("count", [6, 10, 12, 14])
def test_means_half_way_between_two_numbers_go_to_the_even_one(kind, count):
    # A product with the rounded reciprocal instead of a division misses some of them.
    bits = np.dtype("u4" if kind == "float32" else "u2")
    one = np.ones(1, dtype_of(kind)).view(bits)[0]
    lower = np.arange(one, one + 60, dtype=bits)
    arrays = [(lower + (i % 2)).astype(bits).view(dtype_of(kind)) for i in range(count)]
    even = (lower + lower % 2).astype(bits).view(dtype_of(kind))
    assert same_bits(download(average.mean(upload(arrays))), even)


@given(
    st.lists(st.floats(allow_nan=False), min_size=1, max_size=5),
    st.sampled_from(["float64", "float32", "bfloat16", "float16"]),
)
@settings(max_examples=60, deadline=None)
def test_means_of_any_numbers(drawn, kind):
    with np.errstate(over="ignore"):
        arrays = [np.array([x]).astype(dtype_of(kind)) for x in drawn]
    compare(average.mean, reference.mean, ((arrays,), {}))


@pytest.mark.parametrize("kind", ["int64", "uint64", "int8", "uint32"])
@given(data=st.data(), count=st.integers(1, 6))
@settings(max_examples=20, deadline=None)
def test_integer_means_truncate_and_never_wrap(kind, data, count):
    bounds = np.iinfo(kind)
    numbers = st.integers(int(bounds.min), int(bounds.max)) | st.just(int(bounds.max))
    drawn = [data.draw(numbers) for _ in range(count)]
    total = sum(drawn)
    expected = abs(total) // count * (1 if total >= 0 else -1)
    result = download(average.mean([upload(np.array([x], kind)) for x in drawn]))
    assert result.tolist() == [expected]


def test_out_may_be_any_one_of_the_sources():
    for j in range(3):
        arrays = [values("float64", 19, seed) for seed in range(3)]
        expected = reference.mean(arrays)
        there = upload(arrays)
        result = average.mean(there, there[j])
        assert result is there[j]
        assert same_bits(download(result), expected)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64", "uint8", "int32"])
def test_whole_ids_of_any_dtype_name_rows(kind):
    ids = np.array([7, 0, 3, 3], dtype_of(kind))
    compare(retain.unique_ids, reference_retain.unique_ids, ((ids,), {"rows": 8}))
    table = values("float32", 16).reshape(8, 2)
    compare(retain.gather, reference_retain.gather, ((table, ids), {}))


@pytest.mark.parametrize("width", [1, 2, 3, 4, 6, 8, 16, 17])
@pytest.mark.parametrize("kind", ["uint8", "float16", "float32", "float64"])
def test_rows_of_any_width_and_alignment(kind, width):
    table = values(kind, 6 * width, width).reshape(6, width)
    ids = np.array([5, 0, 5, 2])
    compare(retain.gather, reference_retain.gather, ((table, ids), {}))
    rows = values(kind, 4 * width, 1).reshape(4, width)
    compare(retain.scatter, reference_retain.scatter, ((table, ids, rows), {}))


@pytest.mark.parametrize("high", [1, 200, 70_000])
@pytest.mark.parametrize(("threads", "blocks"), [(4, 2), (64, 1)])
def test_ids_are_sorted_by_their_digits_in_a_stable_way(monkeypatch, threads, blocks, high):
    monkeypatch.setattr(_launch, "THREADS", threads)  # 64: two warps, which sort segments each
    monkeypatch.setattr(_launch, "MOST_BLOCKS", blocks)
    monkeypatch.setattr(_ids, "_SEGMENT_BITS", 6 if threads == 64 else 3)
    ids = np.random.default_rng(high % 1000).integers(0, high, 150 if threads == 64 else 30)
    there = _memory.upload(ids)
    keys, order = map(_memory.download, _ids.sorted_with_positions(there))
    assert np.array_equal(order, np.argsort(ids, kind="stable"))
    assert np.array_equal(keys, ids[order])
    assert np.array_equal(_memory.download(there), ids)


@pytest.mark.parametrize(
    ("ids", "passes"),
    [
        pytest.param([7, 7, 7], 1, id="all equal"),
        pytest.param([3, 200, 1], 1, id="one digit"),
        pytest.param([5 << 40, 2 << 40, 0], 1, id="one digit, far up"),
        pytest.param([(9 << 32) + 300, (9 << 32) + 5], 2, id="the same digit in all"),
        pytest.param([2**62, 1, 2**33], 3, id="digits here and there"),
    ],
)
def test_only_digits_that_ids_differ_in_are_sorted_by(ids, passes):
    there = _memory.upload(np.array(ids))
    assert len(_ids._digits(there)) == passes
    assert _memory.download(retain.unique_ids(there)).tolist() == sorted(set(ids))


def test_sums_of_many_counts_are_made_in_levels(monkeypatch):
    monkeypatch.setattr(_ids, "_FEW", 4)
    counts = np.random.default_rng(3).integers(0, 9, 60)
    there = _memory.upload(np.append(counts, -1))
    _ids._add_up(there, 60)
    assert np.array_equal(_memory.download(there), np.append(0, np.cumsum(counts)))


@given(
    st.lists(st.integers(0, 12), max_size=20),
    st.lists(st.integers(0, 15), max_size=10),
    st.integers(1, 3),
)
@settings(max_examples=15, deadline=None)
def test_rows_by_any_ids(held, wanted, width):
    ids = np.unique(np.array(held, np.int64))
    data = values("int32", len(ids) * width, 1).reshape(-1, width)
    asked = np.array(wanted, np.int64)
    compare(retain.retain, reference_retain.retain, ((ids, data, asked), {"rows": 16}))
    repeated = np.array(held, np.int64)
    compare(retain.unique_ids, reference_retain.unique_ids, ((repeated,), {}))
    table = np.zeros((13, width), np.int32)
    rows = values("int32", len(held) * width, 2).reshape(-1, width)
    compare(retain.scatter, reference_retain.scatter, ((table, repeated, rows), {}))


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    arrays = [values("float64", 33, seed) for seed in range(3)]
    ids = np.random.default_rng(0).integers(0, 9, 40)
    rows = values("float32", 80).reshape(40, 2)
    for threads, blocks in ((1, 1), (1, 3), (2, 4), (8, 1)):
        monkeypatch.setattr(_launch, "THREADS", threads)
        monkeypatch.setattr(_launch, "MOST_BLOCKS", blocks)
        compare(average.mean, reference.mean, ((arrays,), {}))
        compare(retain.unique_ids, reference_retain.unique_ids, ((ids,), {}))
        table = np.zeros((9, 2), np.float32)
        compare(retain.scatter, reference_retain.scatter, ((table, ids, rows), {}))


def test_threads_of_the_host_do_not_mix_their_tables():
    failures = []

    def work(seed: int) -> None:
        try:
            arrays = [values("float32", 9, seed + i) for i in range(seed % 3 + 1)]
            for _ in range(5):
                compare(average.mean, reference.mean, ((arrays,), {}))
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
