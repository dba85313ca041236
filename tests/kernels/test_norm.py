"""Sums of squares and scaling of many arrays: what they mean, and what they refuse."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam import kernels
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu import norm as cpu
from numparam.kernels.cpu import table as cpu_table
from numparam.kernels.reference import norm as reference
from numparam.kernels.reference import table as reference_table
from tests.support.awkward_inputs import KINDS, dtype_of, same_bits, values

FLOATS = KINDS[:4]
CHUNK = 4096
SIZES = (0, 1, 7, 8, 9, 31, 33, 65, 129, 255, 256, 257, 1023, 1025)
SIZES += (CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5)
BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])
FACTORS = (0.3, -1.0, 0.0, 1 / 7, 1e-6, 3e5, math.inf, math.nan, 1e-300)


def finite(kind: str, size: int, seed: int = 0) -> np.ndarray:
    """Numbers of moderate size, whose squares add up with rounding."""
    drawn = np.random.default_rng(seed).standard_normal(size) * 50
    return (np.abs(drawn) if kind.startswith("u") else drawn).astype(dtype_of(kind))


@pytest.fixture
def threads():
    before = kernels.num_threads()
    yield kernels.set_num_threads
    kernels.set_num_threads(before)


@pytest.mark.parametrize("make", [values, finite], ids=["awkward", "finite"])
@pytest.mark.parametrize("kind", KINDS)
def test_sums_agree_with_the_reference_bit_for_bit(kind, make):
    arrays = [make(kind, size, size) for size in SIZES]
    assert same_bits(cpu.sum_of_squares(arrays), reference.sum_of_squares(arrays))
    alone = [cpu.sum_of_squares([array])[0] for array in arrays]
    assert same_bits(np.array(alone), cpu.sum_of_squares(arrays))


@BACKENDS
@pytest.mark.parametrize("kind", KINDS)
def test_sums_are_right(backend, kind):
    arrays = [finite(kind, size, size) for size in SIZES]
    for array, total in zip(arrays, backend.sum_of_squares(arrays), strict=True):
        exact = sum(Fraction(float(value)) ** 2 for value in array)
        assert abs(Fraction(float(total)) - exact) <= exact * 24 * Fraction(2) ** -53


@BACKENDS
def test_every_element_counts_once_and_in_its_own_array(backend):
    arrays = [np.zeros(size, kind) for kind in ("float32", "int16", "bool") for size in SIZES]
    for j, array in enumerate(arrays):
        for position in {0, array.size // 2, array.size - 1} if array.size else ():
            array[position] = 1
            expected = np.zeros(len(arrays))
            expected[j] = 1
            assert np.array_equal(backend.sum_of_squares(arrays), expected)
            array[position] = 0


@BACKENDS
def test_the_order_of_additions_is_the_documented_one(backend):
    array = finite("float64", 2 * CHUNK + 700)
    squares = [float(value) ** 2 for value in array]
    total = 0.0
    for start in range(0, len(squares), CHUNK):
        lanes = [0.0] * 256
        for i, square in enumerate(squares[start : start + CHUNK]):
            lanes[i % 256] += square
        while len(lanes) > 1:
            half = len(lanes) // 2
            lanes = [lanes[i] + lanes[i + half] for i in range(half)]
        total += lanes[0]
    assert backend.sum_of_squares([array])[0] == total


@BACKENDS
def test_whole_numbers_and_booleans_are_exact(backend):
    sums = backend.sum_of_squares(
        [np.full(5000, -128, np.int8), np.full(9, 2**20, np.uint32), np.ones(10_001, bool)]
    )
    assert sums.tolist() == [5000 * 128**2, 9 * 2**40, 10_001]


@BACKENDS
def test_squares_beyond_float64_are_infinite_and_nan_shows(backend):
    sums = backend.sum_of_squares(
        [np.array([1e200]), np.array([np.nan, 1]), np.array([1e-200]), np.float32([3e38])]
    )
    assert sums[0] == np.inf
    assert np.isnan(sums[1])
    assert sums[2] == 0
    assert sums[3] == float(np.float32(3e38)) ** 2


@BACKENDS
def test_no_arrays_and_empty_arrays(backend):
    assert same_bits(backend.sum_of_squares([]), np.empty(0))
    assert backend.sum_of_squares([np.empty((0, 3)), np.empty(0, np.int8)]).tolist() == [0, 0]
    assert backend.scale([], 2.0) is None
    assert backend.scale([np.empty((0, 3)), np.empty(0)], 2.0) is None


@BACKENDS
@settings(max_examples=40, deadline=None)
@given(
    forms=st.lists(
        st.tuples(st.sampled_from(KINDS), st.lists(st.integers(0, 40), max_size=3)), max_size=8
    )
)
def test_arrays_of_any_forms_mix(backend, forms):
    arrays = [finite(kind, math.prod(shape), 1).reshape(shape) for kind, shape in forms]
    sums = backend.sum_of_squares(iter(arrays))
    expected = [reference.sum_of_squares([array.copy()])[0] for array in arrays]
    assert same_bits(sums, np.array(expected, np.float64))


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "int8"])
def test_threads_do_not_change_a_bit(threads, kind):
    sizes = (3_000_001, 5, 700_000, CHUNK, 0, 100)
    arrays = [finite(kind, size, size) for size in sizes]
    expected = reference.sum_of_squares(arrays)
    scaled = None
    for count in (1, 2, 3):
        threads(count)
        for _ in range(3):
            assert same_bits(cpu.sum_of_squares(arrays), expected)
        if kind in FLOATS:
            copies = [array.copy() for array in arrays]
            cpu.scale(copies, 1 / 3)
            scaled = scaled or copies
            assert all(same_bits(a, b) for a, b in zip(copies, scaled, strict=True))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("kind", FLOATS)
def test_scaling_agrees_with_the_reference_bit_for_bit(kind, factor):
    mine = [values(kind, size, size) for size in SIZES]
    theirs = [array.copy() for array in mine]
    cpu.scale(mine, factor)
    reference.scale(theirs, factor)
    assert all(same_bits(a, b) for a, b in zip(mine, theirs, strict=True))


@BACKENDS
@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(FLOATS),
    value=st.floats(-1e4, 1e4, width=16),
    factor=st.floats(-10, 10) | st.floats(0, 1e-6),
)
def test_the_float64_product_is_rounded_once(backend, kind, value, factor):
    array = np.array([value]).astype(dtype_of(kind))
    given_ = float(array[0])
    backend.scale([array], factor)
    precision, lowest = {"float16": (11, -24), "bfloat16": (8, -133)}.get(kind, (24, -149))
    product = given_ * factor
    if kind == "float64" or not product:
        assert array[0] == product
        return
    last_place = Fraction(2) ** max(math.frexp(product)[1] - precision, lowest)
    rounded = float(round(Fraction(product) / last_place) * last_place)
    if kind == "float16" and abs(rounded) >= 65536:
        rounded = math.copysign(math.inf, rounded)
    assert float(array[0]) == rounded


@BACKENDS
def test_scaling_takes_real_numbers_of_any_type(backend):
    for factor in (2, 2.0, np.float32(2), np.int64(2), Fraction(2)):
        array = np.array([1.5])
        backend.scale([array], factor)
        assert array[0] == 3
    array = np.ones(1)
    for factor in ("2", None, 2j, True, np.ones(1)):
        with pytest.raises(TypeError, match="factor must be a real number, not"):
            backend.scale([array], factor)
    with pytest.raises(ValueError, match="beyond float64"):
        backend.scale([array], 10**400)
    assert array[0] == 1


@BACKENDS
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FLOATS])
def test_integers_are_not_scaled_and_nothing_is_touched(backend, kind):
    arrays = [np.ones(3, np.float32), np.ones(3, kind)]
    with pytest.raises(TypeError, match=rf"arrays\[1\] is {kind}; only floating-point"):
        backend.scale(arrays, 2.0)
    assert all((array == 1).all() for array in arrays)


@BACKENDS
def test_arrays_that_share_memory_are_refused_and_nothing_is_touched(backend):
    memory = np.ones(100, np.float32)
    apart = np.ones(5, np.float64)
    shared = {
        (1, 2): [apart, memory, memory],
        (0, 2): [memory[:50], apart, memory[49:]],
        (0, 1): [memory, memory[10:12]],
        (1, 3): [apart, memory[:10].view(np.float16), memory[10:], memory[9:10]],
        (0, 3): [memory[:20], np.ones(1), np.ones(1), memory.view(np.float64)[9:]],
    }
    for (first, second), arrays in shared.items():
        with pytest.raises(
            ValueError, match=rf"arrays\[{first}\] and arrays\[{second}\] share memory"
        ):
            backend.scale(arrays, 2.0)
    assert (memory == 1).all()
    assert (apart == 1).all()


@BACKENDS
def test_neighbours_and_empty_views_share_nothing(backend):
    memory = np.ones(100, np.float32)
    backend.scale([memory[50:], memory[7:7], memory[:50], memory[:0]], 2.0)
    assert (memory == 2).all()
    backend.scale([memory[:2], memory[1:1], memory[2:]], 2.0)
    assert (memory == 4).all()


@BACKENDS
def test_read_only_arrays_are_summed_but_not_scaled(backend):
    array = np.full(3, 2.0)
    frozen = array.copy()
    frozen.flags.writeable = False
    assert backend.sum_of_squares([frozen]).tolist() == [12]
    with pytest.raises(ValueError, match=r"arrays\[1\] is read-only"):
        backend.scale([array, frozen], 2.0)
    assert array.tolist() == [2, 2, 2]


@BACKENDS
def test_arrays_that_are_not_plain_are_refused(backend):
    for function, more in ((backend.sum_of_squares, ()), (backend.scale, (2.0,))):
        with pytest.raises(ValueError, match=r"arrays\[0\] is not C-contiguous"):
            function([np.ones(6)[::2]], *more)
        with pytest.raises(TypeError, match=r"arrays\[0\] must be a numpy\.ndarray"):
            function([[1.0]], *more)
        with pytest.raises(TypeError, match="arrays must be a list of arrays, not one ndarray"):
            function(np.ones((2, 2)), *more)


@pytest.mark.parametrize(
    ("backend", "table"),
    [(reference, reference_table), (cpu, cpu_table)],
    ids=["reference", "cpu"],
)
def test_ready_tables_are_taken(backend, table):
    arrays = [np.full(4, 2.0), np.full(3, 1.0, np.float16)]
    ready = table.build(arrays)
    assert backend.sum_of_squares(ready).tolist() == [16, 3]
    backend.scale(ready, 2.0)
    assert backend.sum_of_squares(table.build(arrays, writeable=False)).tolist() == [64, 12]
    with pytest.raises(ValueError, match="built with writeable=False"):
        backend.scale(table.build(arrays, writeable=False), 2.0)


def test_mxnets_bfloat16_is_taken():
    mxnet = np.uint16([0x4000, 0x4040]).view(np.dtype([("bfloat16", "<u2")]))
    for backend in (reference, cpu):
        array = mxnet.copy()
        assert backend.sum_of_squares([array]).tolist() == [13]
        backend.scale([array], 0.5)
        assert array["bfloat16"].tolist() == [0x3F80, 0x3FC0]


@pytest.mark.parametrize("count", [1, 2000])
def test_compiled_code_is_entered_once_for_each_dtype(monkeypatch, count):
    entries = []
    enter = _pool.enter
    monkeypatch.setattr(
        _pool, "enter", lambda call, *args: (entries.append(call), enter(call, *args))
    )
    arrays = [np.ones(3, kind) for kind in ("float32", "float16") for _ in range(count)]
    assert (cpu.sum_of_squares(arrays) == 3).all()
    assert len(entries) == 2
    cpu.scale(arrays, 2.0)
    assert len(entries) == 4
