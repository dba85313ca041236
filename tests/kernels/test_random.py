"""Random fills: the same bits everywhere, and the distributions they promise."""

from __future__ import annotations

import hashlib
import math
import platform
import re

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import types

from numparam import kernels
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu import random as cpu
from numparam.kernels.reference import random as reference
from tests.support.awkward_inputs import dtype_of
from tests.support.random_fills import (
    BACKENDS,
    BFLOAT16,
    DTYPES,
    FILLS,
    FLOATS,
    WORDS_64,
    filled,
    words_of,
)

# Around one block of words, one set of lanes and one piece, in values of float32 and of float64.
SIZES = (0, 1, 2, 3, 4, 5, 7, 1023, 1024, 1025, 2047, 2048, 2049, 16385, 32767, 32768, 32771)
finite = st.floats(-60000, 60000, allow_subnormal=True)


@pytest.fixture
def threads():
    before = kernels.num_threads()
    yield kernels.set_num_threads
    kernels.set_num_threads(before)


# The same bits


@pytest.mark.parametrize("name", [("bits", "uint32"), *((f, d) for f in FILLS for d in FLOATS)])
def test_cpu_gives_the_bits_of_the_reference(name):
    fill, dtype = name
    parameters = {"bits": (), "uniform": (-0.3, 1.7), "normal": (0.3, 1.7)}[fill]
    for size in SIZES:
        options = {"seed": 2**64 - 1 - size, "offset": 2**32 - 5, "stream": 2**63 + size}
        expected = filled(reference, fill, size, dtype, *parameters, **options)
        got = filled(cpu, fill, size, dtype, *parameters, **options)
        assert got.tobytes() == expected.tobytes(), size


@pytest.mark.parametrize("fill", FILLS)
@DTYPES
@BACKENDS
def test_a_longer_array_starts_like_a_shorter_one(backend, fill, dtype):
    longest = filled(backend, fill, 5000, dtype)
    for size in (1, 2, 3, 4, 5, 6, 1023, 2049, 4097, 4999):
        assert filled(backend, fill, size, dtype).tobytes() == longest[:size].tobytes(), size


@pytest.mark.parametrize("fill", FILLS)
@DTYPES
@BACKENDS
def test_the_returned_offset_goes_on_where_the_fill_ended(backend, fill, dtype):
    per_block = 2 if dtype == np.float64 else 4
    whole = filled(backend, fill, 4096, dtype, offset=9)
    first, second = np.empty(4 * 37, dtype), np.empty(4096 - 4 * 37, dtype)
    following = getattr(backend, fill)(first, seed=11, offset=9)
    assert following == 9 + 4 * 37 // per_block
    assert type(following) is int
    getattr(backend, fill)(second, seed=11, offset=following)
    assert np.concatenate([first, second]).tobytes() == whole.tobytes()
    assert getattr(backend, fill)(np.empty(0, dtype), seed=11, offset=9) == 9
    assert getattr(backend, fill)(np.empty(1, dtype), seed=11, offset=9) == 10


@pytest.mark.parametrize("name", [("bits", "uint32"), *((f, d) for f in FILLS for d in FLOATS)])
def test_any_number_of_threads_gives_the_same_bits(name, threads):
    fill, dtype = name
    size = 700_001
    assert size * np.dtype(dtype).itemsize > _pool.PARALLEL_BYTES
    results = set()
    for count in (1, 2, 3):
        threads(count)
        results.add(filled(cpu, fill, size, dtype).tobytes())
    assert len(results) == 1
    assert results == {filled(reference, fill, size, dtype).tobytes()}


GOLDEN = {
    ("uniform", "float32"): "f7ad5e090fc1a560",
    ("uniform", "float64"): "9a4183da1646c51f",
    ("uniform", "float16"): "c1ca5e40d491a090",
    ("uniform", "bfloat16"): "d38c631b2a2ab614",
    ("normal", "float32"): "a48ae0601aedc159",
    ("normal", "float64"): "e6fe0542a29b102b",
    ("normal", "float16"): "24a7ead6d6a7e242",
    ("normal", "bfloat16"): "3c786d24cfc872a5",
}


@pytest.mark.parametrize(("fill", "dtype"), GOLDEN)
@BACKENDS
def test_the_bits_stay_what_they_have_been(backend, fill, dtype):
    # A change of one bit here changes what every seed gives its users: it needs a reason and a
    # line in the change log.
    out = filled(backend, fill, 20_001, dtype_of(dtype), -1.25, 2.5, seed=2024, stream=5)
    little = out.view(f"u{out.itemsize}").astype(f"<u{out.itemsize}")
    assert hashlib.sha256(little.tobytes()).hexdigest()[:16] == GOLDEN[fill, dtype]


# Uniform


@BACKENDS
def test_float32_uniform_takes_24_bits_of_each_word(backend):
    words = words_of(101, 11)
    got = filled(backend, "uniform", 101, np.float32)
    assert [float(value) for value in got] == [(word >> 8) / 2**24 for word in words]


@BACKENDS
def test_float64_uniform_takes_53_bits_of_each_pair_of_words(backend):
    words = words_of(202, 11)
    got = filled(backend, "uniform", 101, np.float64)
    expected = [(words[2 * i] + (words[2 * i + 1] << 32) >> 11) / 2**53 for i in range(101)]
    assert got.tolist() == expected


def bounds_of(low, high, dtype):
    """Round as the documentation says: bounds to the dtype, and the largest number below high."""
    low, high = np.float64(low).astype(dtype), np.float64(high).astype(dtype)
    return low, high, np.nextafter(high, dtype.type(-np.inf)) if low < high else low


@settings(max_examples=80, deadline=None)
@given(
    ends=st.one_of(
        st.tuples(finite, finite),
        st.tuples(finite, st.integers(0, 3)).map(lambda p: (p[0], p[0] + p[1] * abs(p[0]) / 2**9)),
    ),
    dtype=st.sampled_from(FLOATS),
    seed=WORDS_64,
)
def test_uniform_is_low_plus_u_times_the_distance_and_stays_below_high(ends, dtype, seed):
    low, high = sorted(ends)
    lower, upper, top = bounds_of(low, high, dtype)
    working = np.float64 if dtype == np.float64 else np.float32
    u = filled(reference, "uniform", 97, working, seed=seed)
    # Two roundings in float64 and then to float32 are as one: 53 is more than 2 * 24 + 1.
    span = working(np.float64(upper) - np.float64(lower))
    product = (u.astype(np.float64) * np.float64(span)).astype(working)
    total = (np.float64(lower) + product.astype(np.float64)).astype(working)
    expected = total.astype(dtype)
    expected = np.where(expected < top, expected, top)
    for backend in (reference, cpu):
        got = filled(backend, "uniform", 97, dtype, low, high, seed=seed)
        assert np.array_equal(got, expected)
        assert (got >= lower).all()
        assert (got < upper).all() or lower == upper


@DTYPES
@BACKENDS
def test_uniform_never_returns_high_where_rounding_would(backend, dtype):
    one = dtype.type(1)
    above = np.nextafter(one, dtype.type(2))
    got = filled(backend, "uniform", 2000, dtype, 1.0, float(above))
    assert (got == one).all()  # the only number in [1, above)
    got = filled(backend, "uniform", 2000, dtype, 0.0, 1.0)
    assert float(got.max()) < 1
    got = filled(backend, "uniform", 2000, dtype, -1.0, 0.0)
    assert float(got.max()) < 0


def test_the_rounding_that_uniform_guards_against_happens():
    # Without the guard one bfloat16 in 512 would be 1.0: the test above does not pass by luck.
    wide = filled(reference, "uniform", 2000, np.float32)
    assert (wide.astype(BFLOAT16) == 1).any()


@DTYPES
@BACKENDS
def test_equal_bounds_and_zero_sigma_give_one_value(backend, dtype):
    assert (filled(backend, "uniform", 99, dtype, -2.5, -2.5) == dtype.type(-2.5)).all()
    assert (filled(backend, "normal", 99, dtype, -2.5, 0.0) == dtype.type(-2.5)).all()


# Normal


@settings(max_examples=40, deadline=None)
@given(mean=finite, sigma=st.floats(0, 60000), dtype=st.sampled_from(FLOATS), seed=WORDS_64)
def test_normal_is_mean_plus_z_times_sigma(mean, sigma, dtype, seed):
    working = np.float64 if dtype == np.float64 else np.float32
    z = filled(reference, "normal", 97, working, seed=seed).astype(np.float64)
    product = (z * np.float64(working(sigma))).astype(working).astype(np.float64)
    with np.errstate(over="ignore"):
        expected = (np.float64(working(mean)) + product).astype(working).astype(dtype)
    for backend in (reference, cpu):
        assert np.array_equal(
            filled(backend, "normal", 97, dtype, mean, sigma, seed=seed), expected
        )


@BACKENDS
def test_float16_normals_overflow_to_infinity_as_a_cast_would(backend):
    got = filled(backend, "normal", 1000, np.float16, 65504.0, 1000.0)
    assert np.isinf(got).any()
    assert not np.isnan(got).any()


@pytest.mark.parametrize("dtype", [np.float16, BFLOAT16], ids=str)
def test_16_bit_fills_are_the_rounded_float32_ones(dtype):
    wide = filled(cpu, "normal", 10_001, np.float32, 0.25, 2.0)
    assert filled(cpu, "normal", 10_001, dtype, 0.25, 2.0).tobytes() == wide.astype(dtype).tobytes()
    wide = filled(cpu, "uniform", 10_001, np.float32, -2.0, 0.5).astype(dtype)
    top = np.nextafter(dtype(0.5) if dtype is np.float16 else dtype.type(0.5), wide.dtype.type(-9))
    expected = np.where(wide < top, wide, top)
    assert filled(cpu, "uniform", 10_001, dtype, -2.0, 0.5).tobytes() == expected.tobytes()


# Distributions


def kolmogorov_smirnov(values, cumulative):
    ordered = np.sort(values.astype(np.float64))
    expected = np.array([cumulative(value) for value in ordered])
    steps = np.arange(ordered.size + 1) / ordered.size
    distance = max((expected - steps[:-1]).max(), (steps[1:] - expected).max())
    return distance * math.sqrt(ordered.size)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", [0, 1, 2**63])
def test_uniform_passes_kolmogorov_smirnov_and_moments(dtype, seed):
    values = filled(cpu, "uniform", 200_000, dtype, -1.0, 3.0, seed=seed).astype(np.float64)
    assert kolmogorov_smirnov(values, lambda x: (x + 1) / 4) < 1.95  # one in a thousand
    u = (values + 1) / 4
    for power in (1, 2, 3, 4):
        deviation = math.sqrt((1 / (2 * power + 1) - 1 / (power + 1) ** 2) / u.size)
        assert abs((u**power).mean() - 1 / (power + 1)) < 4 * deviation
    # Neighbours, next but one, … are uncorrelated.
    centred = (u - 0.5) * math.sqrt(12)
    for lag in (1, 2, 3, 4):
        assert abs((centred[lag:] * centred[:-lag]).mean()) < 4 / math.sqrt(u.size)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", [0, 1, 2**63])
def test_normal_passes_kolmogorov_smirnov_and_moments(dtype, seed):
    values = filled(cpu, "normal", 200_000, dtype, 2.0, 0.5, seed=seed).astype(np.float64)
    z = (values - 2) / 0.5
    assert kolmogorov_smirnov(z, lambda x: 0.5 * math.erfc(-x / math.sqrt(2))) < 1.95
    for power, moment, square in ((1, 0, 1), (2, 1, 3), (3, 0, 15), (4, 3, 105)):
        deviation = math.sqrt((square - moment**2) / z.size)
        assert abs((z**power).mean() - moment) < 4 * deviation
    for lag in (1, 2, 3, 4):
        assert abs((z[lag:] * z[:-lag]).mean()) < 4 / math.sqrt(z.size)
    # The two of a pair are independent in size as well.
    pairs = (z[0::2] ** 2 - 1) * (z[1::2] ** 2 - 1)
    assert abs(pairs.mean()) < 4 * 2 / math.sqrt(pairs.size)


# Machine code


def test_one_fill_enters_compiled_code_once(monkeypatch):
    entries = []
    real = _pool.enter
    monkeypatch.setattr(_pool, "enter", lambda *call: entries.append(1) or real(*call))
    for size in (1, 40_000):
        entries.clear()
        cpu.normal(np.empty(size, np.float32), seed=1)
        assert len(entries) == 1


def assembly(kernel, *parameters):
    """Compile anew, since code from the cache has no listing."""
    fresh = numba.njit(nogil=True, error_model="numpy")(kernel.py_func)
    integers = types.Array(types.int64, 1, "C")
    state = types.Array(types.uint64, 1, "C")
    fresh.compile((types.int64, types.int64, state, *parameters, integers))
    (listing,) = fresh.inspect_asm().values()
    return listing


@pytest.mark.parametrize(
    ("kernel", "parameters"),
    [
        (cpu._fill_bits, 0),
        (cpu._fill_uniform("float32"), 3),
        (cpu._fill_normal("float32"), 2),
        (cpu._fill_normal_float64, 2),
    ],
    ids=["bits", "uniform", "normal", "normal_float64"],
)
def test_philox_is_vectorised_and_nothing_is_contracted(kernel, parameters):
    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("looks for x86 instructions by name")
    listing = assembly(kernel, *[types.float64] * parameters)
    assert re.search(r"\bv?pmuludq\b", listing)
    assert not re.search(r"\bvfn?m(add|sub)", listing)
    if kernel is cpu._fill_normal("float32"):
        # The polynomials too: packed, and the square root with them.
        assert re.search(r"\bv?mulps\b", listing)
        assert re.search(r"\bv?sqrtps\b", listing)
    assert not re.search(r"call.*\b(log|sin|cos|sincos|log1p|exp)f?\b", listing)
