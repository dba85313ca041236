"""Sum and mean of arrays: what they mean, and what they refuse."""

from __future__ import annotations

import math
import mmap
import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam import kernels
from numparam.kernels.cpu import average as cpu
from numparam.kernels.cpu._streaming import STREAMED
from numparam.kernels.reference import average as reference
from tests.support.awkward_inputs import KINDS, dtype_of, layouts, same_bits, values

BLOCK, PIECE = 256, 1 << 15
SIZES = (0, 1, 7, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5)
BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])


def sources_of(kind: str, count: int, size: int) -> list[np.ndarray]:
    if kind == "bool":
        return [values(kind, size)] * count
    return [values(kind, size, seed) for seed in range(count)]


@pytest.mark.parametrize("function", ["mean", "add_n"])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_cpu_agrees_with_the_reference_bit_for_bit(kind, count, function):
    for size in SIZES:
        arrays = sources_of(kind, count, size)
        expected = getattr(reference, function)(arrays)
        assert same_bits(getattr(cpu, function)(arrays), expected), size


@pytest.mark.parametrize("function", ["mean", "add_n"])
@pytest.mark.parametrize("count", [4, 6, 7, 8, 9, 12, 130])
@pytest.mark.parametrize("kind", KINDS)
def test_any_number_of_sources_agrees_with_the_reference(kind, count, function):
    arrays = sources_of(kind, count, BLOCK + 33)
    expected = getattr(reference, function)(arrays)
    assert same_bits(getattr(cpu, function)(arrays), expected)
    result = getattr(cpu, function)(arrays, arrays[-1])
    assert same_bits(result, expected)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("kind", ["bfloat16", "float64"])
def test_sums_near_the_end_of_the_dtype_agree_with_the_reference(kind, count):
    generator = np.random.default_rng(count)
    largest = 3.3e38 if kind == "bfloat16" else 1.79e308
    arrays = [
        (generator.uniform(-1, 1, 2 * BLOCK) * largest).astype(dtype_of(kind)) for _ in range(count)
    ]
    arrays[0][: BLOCK // 2] = 5e-324 if kind == "float64" else 1e-40
    for function in ("mean", "add_n"):
        expected = getattr(reference, function)(arrays)
        assert same_bits(getattr(cpu, function)(arrays), expected)


@pytest.mark.parametrize("kind", ["int8", "uint16", "int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("count", [2, 3, 4, 7, 127, 128, 129])
def test_integer_means_at_both_ends_of_the_dtype(kind, count):
    bounds = np.iinfo(kind)
    for drawn in ([bounds.max] * count, [bounds.min] * count, [bounds.max] + [0] * (count - 1)):
        total = sum(drawn)
        expected = abs(total) // count * (1 if total >= 0 else -1)
        assert cpu.mean([np.full(9, x, kind) for x in drawn]).tolist() == [expected] * 9


@pytest.mark.parametrize("function", ["mean", "add_n"])
@pytest.mark.parametrize("kind", KINDS)
def test_out_may_be_any_one_of_the_sources(kind, function):
    for j in range(3):
        arrays = [array.copy() for array in sources_of(kind, 3, 2 * BLOCK + 1)]
        expected = getattr(reference, function)(arrays)
        result = getattr(cpu, function)(arrays, arrays[j])
        assert result is arrays[j]
        assert same_bits(result, expected)


@BACKENDS
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "bool"])
@pytest.mark.parametrize("count", range(1, 17))
def test_mean_of_identical_copies_is_that_copy(backend, kind, count):
    array = values(kind, 500)
    assert same_bits(backend.mean([array.copy() for _ in range(count)]), array)


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "bfloat16"])
def test_threads_do_not_change_a_bit(kind):
    arrays = sources_of(kind, 3, 20 * PIECE + 3)
    before = kernels.set_num_threads(1)
    try:
        alone = cpu.mean(arrays)
        for threads in (2, 3, 7):
            kernels.set_num_threads(threads)
            assert same_bits(cpu.mean(arrays), alone)
    finally:
        kernels.set_num_threads(before)


def rounded(exact: Fraction) -> float:
    """Nearest float64, ties to even: what Python's division of integers gives."""
    return exact.numerator / exact.denominator


@pytest.mark.parametrize("count", [2, 4, 5])
@pytest.mark.parametrize("kind", ["float32", "float64", "bfloat16"])
def test_results_that_go_past_the_caches_have_every_element_and_no_other(kind, count):
    itemsize = dtype_of(kind).itemsize
    size = STREAMED // itemsize + 77
    arrays = [np.resize(values(kind, 5003, seed), size) for seed in range(count)]
    expected = np.resize(reference.mean([array[:5003] for array in arrays]), size)
    for start in (0, 1, 31):
        memory = np.full(size + 64, 7, dtype_of(kind))
        cpu.mean(arrays, memory[start : start + size])
        assert same_bits(memory[start : start + size], expected)
        assert (memory[:start] == 7).all()
        assert (memory[start + size :] == 7).all()
    cpu.mean(arrays, arrays[-1])
    assert same_bits(arrays[-1], expected)


@BACKENDS
@given(data=st.data(), count=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_float64_mean_is_the_exact_mean_rounded(backend, data, count):
    numbers = st.integers(-(2**53), 2**53).map(float)
    drawn = [data.draw(numbers) * 2.0 ** data.draw(st.integers(-20, 20)) for _ in range(count)]
    exact = sum(map(Fraction, drawn)) / count
    result = float(backend.mean([np.array([x]) for x in drawn])[0])
    # The pair holds 106 bits of the sum: its rounding can differ only on a tie beyond them.
    assert abs(Fraction(result) - exact) <= Fraction(math.ulp(rounded(exact))) * Fraction(501, 1000)


def nearest(kind: str, exact: Fraction) -> float:
    """Round an exact number to a dtype: to nearest, ties to even."""
    digits, lowest, limit = {
        "float16": (11, -24, 2**16), "bfloat16": (8, -133, 2**128), "float32": (24, -149, 2**128),
    }[kind]  # fmt: skip
    if exact == 0:
        return 0.0
    exponent = math.frexp(rounded(abs(exact)))[1]
    if Fraction(2) ** exponent <= abs(exact):  # float64 has rounded it down
        exponent += 1
    elif Fraction(2) ** (exponent - 1) > abs(exact):
        exponent -= 1
    unit = Fraction(2) ** max(exponent - digits, lowest)
    value = round(exact / unit) * unit
    return math.copysign(math.inf if abs(value) >= limit else float(value), exact)


@BACKENDS
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32"])
@given(data=st.data(), count=st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_sums_and_means_are_the_exact_ones_rounded_once(backend, kind, data, count):
    # Any bits, and pairs that cancel, so that small numbers decide.
    bits = st.integers(0, 2 ** (8 * dtype_of(kind).itemsize) - 1)
    raw = np.array([data.draw(bits) for _ in range(count)], f"u{dtype_of(kind).itemsize}")
    with np.errstate(invalid="ignore"):
        drawn = [float(x) for x in raw.view(dtype_of(kind)) if math.isfinite(x)] or [1.0]
    drawn += [-x for x in drawn[: data.draw(st.integers(0, 3))]]
    exact = sum(map(Fraction, drawn))
    sources = [np.array([x], dtype_of(kind)) for x in drawn]
    assert float(backend.mean(sources)[0]) == nearest(kind, exact / len(drawn))
    assert float(backend.add_n(sources)[0]) == nearest(kind, exact)


@BACKENDS
@pytest.mark.parametrize(
    ("kind", "drawn", "mean"),
    [
        pytest.param("float16", [10376, -0.000385, 1], 3458, id="below-a-tie-after-division"),
        pytest.param("float16", [10376, 0.000385, 1], 3460, id="above-a-tie-after-division"),
        pytest.param("bfloat16", [256, 2.0**-130, 256], 171, id="thirds"),
        pytest.param(
            "bfloat16", [2.0**100, 256, 1, 2.0**-120, -(2.0**100), 0, 0, 0], 32.25, id="cancelling"
        ),
        pytest.param("float32", [2.0**25 + 4, 2.0**-140, 2.0, 0], 2.0**23 + 2, id="a-tie-broken"),
        pytest.param("float32", [2.0**25 + 4, -(2.0**-140), 2.0, 0], 2.0**23 + 1, id="and-below"),
        pytest.param("float32", [2.0**-149] * 3 + [0], 2.0**-149, id="subnormal"),
    ],
)
def test_means_that_rounding_twice_gets_wrong(backend, kind, drawn, mean):
    expected = np.full(700, mean, dtype_of(kind))
    sources = [np.full(700, x, dtype_of(kind)) for x in drawn]
    assert same_bits(backend.mean(sources), expected)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32"])
def test_large_sums_with_inexact_blocks_agree_with_the_reference(kind):
    arrays = [np.resize(values(kind, 5003, seed), 70_001) for seed in range(5)]
    for array in arrays[1:]:
        array[::5] = -arrays[0][::5].astype(np.float32) if array is arrays[3] else array[::5]
    expected = reference.mean(arrays)
    assert same_bits(cpu.mean(arrays), expected)
    assert same_bits(cpu.mean(arrays, arrays[2]), expected)


@BACKENDS
def test_thousands_of_sources_are_summed_exactly(backend):
    drawn = [2.0**60, *[2.0**-30] * 4094, -(2.0**60)]
    sources = [np.array([x], np.float32) for x in drawn]
    assert backend.add_n(sources).tolist() == [4094 * 2.0**-30]


@BACKENDS
@pytest.mark.parametrize("kind", [kind for kind in KINDS if dtype_of(kind).kind in "iu"])
@given(data=st.data(), count=st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_integer_mean_truncates_and_never_wraps(backend, kind, data, count):
    bounds = np.iinfo(kind)
    drawn = [
        data.draw(st.integers(int(bounds.min), int(bounds.max)) | st.just(int(bounds.max)))
        for _ in range(count)
    ]
    total = sum(drawn)
    expected = abs(total) // count * (1 if total >= 0 else -1)
    assert backend.mean([np.array([x], kind) for x in drawn]).tolist() == [expected]


@BACKENDS
def test_integer_sum_wraps_as_its_dtype_does(backend):
    assert backend.add_n([np.int8([127]), np.int8([1])]).tolist() == [-128]


@BACKENDS
def test_large_means_do_not_overflow(backend):
    for kind in ("float64", "bfloat16", "float32", "float16"):
        large = np.array([np.finfo(np.float64).max], np.float64)
        if kind != "float64":
            large = values(kind, 2000)
            large = np.array([x for x in large if np.isfinite(x)], large.dtype).max(keepdims=True)
        assert same_bits(backend.mean([large] * 5), large)


@BACKENDS
def test_booleans_that_agree_are_kept_and_others_refused(backend):
    yes = np.array([True, False])
    assert backend.mean([yes, yes.copy()]).tolist() == [True, False]
    out = np.array([True, True])
    with pytest.raises(ValueError, match=r"sources\[1\] differs"):
        backend.mean([yes, ~yes], out)
    assert out.tolist() == [True, True]
    assert backend.add_n([yes, ~yes]).tolist() == [True, True]


@BACKENDS
@pytest.mark.parametrize("kind", ["float32", "float16", "int64", "bool"])
def test_any_layout_and_byte_order_is_read_right(backend, kind):
    plain = values(kind, 60).reshape(5, 12)
    for name, other in layouts(plain).items():
        assert same_bits(backend.add_n([other]), reference.add_n([plain])), name


@BACKENDS
@pytest.mark.parametrize(
    ("sources", "out", "error", "message"),
    [
        ([], None, ValueError, "empty"),
        (np.ones((2, 2)), None, TypeError, "list of arrays"),
        ([np.ones(2), np.ones(3)], None, ValueError, r"sources\[1\] is float64\(3,\)"),
        ([np.ones(2), np.ones(2, "f4")], None, ValueError, "agree in shape and dtype"),
        ([np.array(["a"])], None, TypeError, "not supported"),
        ([np.ones(2, complex)], None, TypeError, "complex128"),
        ([object()], None, TypeError, "numeric array"),
        ([np.ones(2)], np.ones(3), ValueError, r"out must be float64\(2,\)"),
        ([np.ones(2)], [0, 0], TypeError, r"numpy\.ndarray"),
        ([np.ones(2)], np.ones(4)[::2], ValueError, "C-contiguous"),
        ([np.ones(2)], np.ones(2).astype(">f8"), ValueError, "byte order"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(backend, sources, out, error, message):
    before = np.array(out, copy=True) if isinstance(out, np.ndarray) else None
    for function in (backend.mean, backend.add_n):
        with pytest.raises(error, match=message):
            function(sources, out)
    if before is not None:
        assert np.array_equal(out, before)


@BACKENDS
def test_partly_overlapping_output_is_refused(backend):
    memory = np.arange(10.0)
    for start in (1, 6):
        with pytest.raises(ValueError, match=r"overlaps part of sources\[0\]"):
            backend.mean([memory[4 : 4 + 4], np.ones(4)], memory[start : start + 4])
    assert memory.tolist() == list(range(10))
    assert backend.mean([memory[4:8], np.ones(4)], memory[:4]).tolist() == [2.5, 3, 3.5, 4]


@BACKENDS
def test_read_only_memory_map_as_output_is_an_error_and_no_crash(backend, tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(bytes(4096))
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        out = np.frombuffer(mapped, np.float32)
        with pytest.raises(ValueError, match="read-only"):
            backend.mean([np.ones(out.shape, np.float32)], out)
        assert same_bits(backend.mean([out, out]), np.zeros(1024, np.float32))
        del out
        mapped.close()


def test_sources_on_a_gpu_are_not_fetched_silently():
    class OnGPU:
        __cuda_array_interface__ = operator.attrgetter("nothing")

    with pytest.raises(TypeError, match=r"numparam\.kernels\.cuda"):
        cpu.mean([OnGPU()])
