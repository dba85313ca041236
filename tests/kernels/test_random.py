"""Random fills: known answers, the same bits everywhere, and the distributions they promise."""

from __future__ import annotations

import hashlib
import math
import platform
import re

import ml_dtypes
import numba
import numpy as np
import pytest
from awkward import dtype_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import types

from numparam import kernels
from numparam.kernels import _distributions
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu import random as cpu
from numparam.kernels.reference import random as reference

BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = [np.dtype("float32"), np.dtype("float64"), np.dtype("float16"), BFLOAT16]
DTYPES = pytest.mark.parametrize("dtype", FLOATS, ids=str)
FILLS = ("uniform", "normal")
# Around one block of words, one set of lanes and one piece, in values of float32 and of float64.
SIZES = (0, 1, 2, 3, 4, 5, 7, 1023, 1024, 1025, 2047, 2048, 2049, 16385, 32767, 32768, 32771)
WORD = 0xFFFFFFFF
WORDS_64 = st.integers(0, 2**64 - 1)


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4x32-10 as the paper writes it, on Python's integers."""
    x, k = list(counter), list(key)
    for _ in range(10):
        high_0, low_0 = divmod(0xD2511F53 * x[0], 2**32)
        high_1, low_1 = divmod(0xCD9E8D57 * x[2], 2**32)
        x = [high_1 ^ x[1] ^ k[0], low_1, high_0 ^ x[3] ^ k[1], low_0]
        k = [(k[0] + 0x9E3779B9) & WORD, (k[1] + 0xBB67AE85) & WORD]
    return x


def words_of(count: int, seed: int, offset: int = 0, stream: int = 0) -> list[int]:
    blocks = range(offset, offset + -(-count // 4))
    key = [seed & WORD, seed >> 32]
    high = [stream & WORD, stream >> 32]
    words = [word for b in blocks for word in philox([b & WORD, b >> 32, *high], key)]
    return words[:count]


def filled(backend, name, size, dtype, *arguments, **options):
    out = np.full(size, 3).astype(dtype)
    getattr(backend, name)(out, *arguments, **{"seed": 11, **options})
    return out


@pytest.fixture
def threads():
    before = kernels.num_threads()
    yield kernels.set_num_threads
    kernels.set_num_threads(before)


# Philox


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        # Random123's kat_vectors, philox4x32 with 10 rounds.
        ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([WORD] * 4, [WORD] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
@BACKENDS
def test_known_answers_of_philox(backend, counter, key, expected):
    assert " ".join(f"{word:08x}" for word in philox(counter, key)) == expected
    offset = counter[0] | counter[1] << 32
    if offset == 2**64 - 1:
        # The last block of all: no call ends there, as what it returned could not be an offset.
        state = np.array([key[0] | key[1] << 32, counter[2] | counter[3] << 32, offset], np.uint64)
        out = np.empty(4, np.uint32)
        if backend is cpu:
            cpu._run(cpu._fill_bits, out, "uint32", state)
        else:
            out[:] = reference._words(state, 2**64)
    else:
        out = np.empty(4, np.uint32)
        backend.bits(
            out,
            seed=key[0] | key[1] << 32,
            offset=offset,
            stream=counter[2] | counter[3] << 32,
        )
    assert " ".join(f"{word:08x}" for word in out) == expected


@settings(max_examples=60, deadline=None)
@given(
    seed=WORDS_64,
    stream=WORDS_64,
    offset=st.one_of(WORDS_64, st.integers(2**32 - 9, 2**32)).filter(lambda n: n < 2**64 - 9),
    size=st.integers(0, 33),
)
def test_bits_are_the_words_of_consecutive_blocks(seed, stream, offset, size):
    expected = words_of(size, seed, offset, stream)
    for backend in (reference, cpu):
        out = np.empty(size, np.uint32)
        following = backend.bits(out, seed=seed, offset=offset, stream=stream)
        assert out.tolist() == expected
        assert following == offset + -(-size // 4)


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


@BACKENDS
def test_seed_stream_and_offset_each_change_every_word(backend):
    base = filled(backend, "bits", 400, "uint32")
    for changed in ({"seed": 12}, {"seed": 11 + 2**32}, {"stream": 1}, {"stream": 2**32},
                    {"offset": 1000}, {"offset": 2**32}):  # fmt: skip
        other = filled(backend, "bits", 400, "uint32", **changed)
        assert np.count_nonzero(other == base) <= 1
        assert not np.intersect1d(other, base).size > 3


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


finite = st.floats(-60000, 60000, allow_subnormal=True)


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


def exact_normals(word_0, word_1, bits, working):
    """Box-Muller in extended precision on integers, with the angle reduced exactly."""
    wide = np.longdouble
    turn = wide(2) * wide("3.14159265358979323846264338327950288")
    if working == np.float32:
        # u is rounded once as an integer and once as a sum: that is its definition.
        u = (word_0.astype(np.float32) * np.float32(2**-32) + np.float32(2**-33)).astype(wide)
    else:
        u = ((word_0 >> np.uint64(12)).astype(wide) + wide(0.5)) * wide(2) ** -52
    radius = np.sqrt(-2 * np.log(u))
    quarter = ((word_1 >> np.uint64(bits - 3)) + np.uint64(1)) >> np.uint64(1)
    # Modulo 2**64, read as signed: the distance to the nearest quarter turn.
    rest = (word_1 - (quarter << np.uint64(bits - 2))).astype(np.int64)
    angle = rest.astype(wide) * (turn * wide(2) ** -bits)
    cosine, sine = np.cos(angle), np.sin(angle)
    quarter = (quarter & np.uint64(3)).astype(int)
    return (
        radius * np.choose(quarter, [cosine, -sine, -cosine, sine]),
        radius * np.choose(quarter, [sine, cosine, -sine, -cosine]),
    )


def errors_in_ulp(got, exact, working):
    wanted = np.where(exact == 0, 1, exact)
    ulp = np.spacing(np.abs(wanted).astype(working)).astype(np.longdouble)
    return np.max(np.abs(got.astype(np.longdouble) - exact) / ulp)


@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 63, reason="long double is no wider than float64 here"
)
@pytest.mark.parametrize(("bits", "working"), [(32, np.float32), (64, np.float64)])
def test_normals_are_within_4_ulp_of_the_exact_transform(bits, working):
    code = {32: reference._normals_float32, 64: reference._normals_float64}[bits]
    limit = (1 << bits) - 1
    generator = np.random.default_rng(5)
    word_0 = generator.bit_generator.random_raw(200_000) >> np.uint64(64 - bits)
    word_1 = generator.bit_generator.random_raw(200_000) >> np.uint64(64 - bits)
    few = generator.integers(0, bits, word_0.size, dtype=np.uint64)
    near_zero = word_0 >> few  # tails
    near_one = np.uint64(limit) - near_zero  # small radii
    near_axes = (word_1 >> few) + (word_0 >> np.uint64(bits - 3) << np.uint64(bits - 3))
    near_axes &= np.uint64(limit)
    edges = [0, 1, 2, limit, limit - 1, limit - 128, limit // 2, limit // 2 + 1]
    edges += [(k << (bits - 3)) + d & limit for k in range(8) for d in (-1, 0, 1)]
    edges = np.array(edges, np.uint64)
    with np.errstate(all="raise", under="ignore"):
        for a, b in (
            (word_0, word_1),
            (near_zero, near_axes),
            (near_one, near_axes),
            (np.repeat(edges, edges.size), np.tile(edges, edges.size)),
        ):
            for got, exact in zip(code(a, b), exact_normals(a, b, bits, working), strict=True):
                assert got.dtype == working
                assert errors_in_ulp(got, exact, working) < 4


@BACKENDS
def test_neighbouring_normals_are_cosine_and_sine_of_their_words(backend):
    words = np.array(words_of(400, 11), np.uint64)
    got = filled(backend, "normal", 400, np.float32)
    cosine, sine = exact_normals(words[0::2], words[1::2], 32, np.float32)
    np.testing.assert_allclose(got[0::2], cosine.astype(float), rtol=1e-6)
    np.testing.assert_allclose(got[1::2], sine.astype(float), rtol=1e-6)
    wide = words[0::2] | words[1::2] << np.uint64(32)
    got = filled(backend, "normal", 200, np.float64)
    cosine, sine = exact_normals(wide[0::2], wide[1::2], 64, np.float64)
    np.testing.assert_allclose(got[0::2], cosine.astype(float), rtol=1e-14)
    np.testing.assert_allclose(got[1::2], sine.astype(float), rtol=1e-14)


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


@pytest.mark.parametrize("dtype", [np.float16, BFLOAT16], ids=str)
def test_16_bit_fills_are_the_rounded_float32_ones(dtype):
    wide = filled(cpu, "normal", 10_001, np.float32, 0.25, 2.0)
    assert filled(cpu, "normal", 10_001, dtype, 0.25, 2.0).tobytes() == wide.astype(dtype).tobytes()
    wide = filled(cpu, "uniform", 10_001, np.float32, -2.0, 0.5).astype(dtype)
    top = np.nextafter(dtype(0.5) if dtype is np.float16 else dtype.type(0.5), wide.dtype.type(-9))
    expected = np.where(wide < top, wide, top)
    assert filled(cpu, "uniform", 10_001, dtype, -2.0, 0.5).tobytes() == expected.tobytes()


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


# Outputs


@BACKENDS
def test_any_shape_and_the_struct_bfloat16_are_filled_in_place(backend):
    flat = filled(backend, "normal", 24, np.float32)
    cube = np.empty((2, 3, 4), np.float32)
    backend.normal(cube, seed=11)
    assert cube.tobytes() == flat.tobytes()
    scalar = np.empty((), np.float32)
    assert backend.normal(scalar, seed=11) == 1
    assert scalar == flat[0]
    struct = np.zeros(24, np.dtype([("bfloat16", "<u2")]))
    for fill in FILLS:
        getattr(backend, fill)(struct, seed=11)
        assert struct.tobytes() == filled(backend, fill, 24, BFLOAT16).tobytes()


@BACKENDS
def test_outputs_that_cannot_be_filled_in_place_are_refused(backend):
    read_only = np.zeros(8, np.float32)
    read_only.flags.writeable = False
    unaligned = np.zeros(33, np.uint8)[1:].view(np.float32)
    for out, message in (
        (read_only, "read-only"),
        (np.zeros((4, 6), np.float32)[:, ::2], "not C-contiguous"),
        (np.zeros((4, 6), np.float32, order="F"), "not C-contiguous"),
        (unaligned, "not aligned"),
        (np.zeros(8, ">f4"), "native byte order"),
    ):
        for fill in FILLS:
            with pytest.raises(ValueError, match=message):
                getattr(backend, fill)(out, seed=1)
        assert not out.any()
    with pytest.raises(TypeError, match=r"numpy\.ndarray"):
        backend.uniform([0.0, 1.0], seed=1)


@BACKENDS
def test_other_dtypes_are_refused_by_name(backend):
    for dtype in ("int32", "uint32", "bool", "int64"):
        out = np.ones(4, dtype)
        for fill in FILLS:
            with pytest.raises(TypeError, match=f"float16 or bfloat16 .* not of {dtype}"):
                getattr(backend, fill)(out, seed=1)
        assert (out == 1).all()
    with pytest.raises(TypeError, match="uint32 to be filled, not of int32"):
        backend.bits(np.ones(4, np.int32), seed=1)
    with pytest.raises(TypeError, match="complex64"):
        backend.uniform(np.ones(4, np.complex64), seed=1)


BAD = [
    ("uniform", {"low": 2.0, "high": 1.0}, ValueError, "low must not be above high: 2.0 and 1.0"),
    ("uniform", {"low": math.nan}, ValueError, "low must be finite in float32, but is nan"),
    ("uniform", {"high": math.inf}, ValueError, "high must be finite in float32, but is inf"),
    ("uniform", {"high": 1e39}, ValueError, r"high must be finite in float32, but is 1e\+39"),
    ("uniform", {"low": -3e38, "high": 3e38}, ValueError, "high - low must be finite in float32"),
    ("uniform", {"low": "0"}, TypeError, "low must be a real number, not str"),
    ("uniform", {"low": 1j}, TypeError, "low must be a real number, not complex"),
    ("uniform", {"high": None}, TypeError, "high must be a real number, not NoneType"),
    ("uniform", {"high": np.ones(1)}, TypeError, "high must be a real number, not ndarray"),
    ("uniform", {"high": 10**400}, ValueError, "high must be finite, but is beyond float64"),
    ("normal", {"sigma": -1.0}, ValueError, "sigma must not be negative, but is -1.0"),
    ("normal", {"sigma": -1e-60}, ValueError, "sigma must not be negative, but is -1e-60"),
    ("normal", {"sigma": math.nan}, ValueError, "sigma must be finite in float32, but is nan"),
    ("normal", {"mean": -math.inf}, ValueError, "mean must be finite in float32, but is -inf"),
    *(
        (fill, bad, kind, message)
        for fill in FILLS
        for bad, kind, message in (
            ({"seed": -1}, ValueError, r"seed must be from 0 to 2\*\*64 - 1, not -1"),
            ({"seed": 2**64}, ValueError, r"seed must be from 0 to 2\*\*64 - 1"),
            ({"seed": 1.0}, TypeError, "seed must be a whole number, not float"),
            ({"seed": None}, TypeError, "seed must be a whole number, not NoneType"),
            ({"stream": 2**64}, ValueError, r"stream must be from 0 to 2\*\*64 - 1"),
            ({"offset": -1}, ValueError, r"offset must be from 0 to 2\*\*64 - 1, not -1"),
            ({"offset": 2**64 - 2}, ValueError, "leaves fewer than the 2 blocks that 5 float32"),
        )
    ),
]


@pytest.mark.parametrize(("fill", "bad", "kind", "message"), BAD)
@BACKENDS
def test_bad_arguments_are_refused_before_anything_is_written(backend, fill, bad, kind, message):
    out = np.full(5, 7, np.float32)
    with pytest.raises(kind, match=message):
        getattr(backend, fill)(out, **{"seed": 1, **bad})
    assert (out == 7).all()


@BACKENDS
def test_bounds_are_checked_in_the_dtype_of_the_output(backend):
    out = np.full(5, 7, np.float16)
    with pytest.raises(ValueError, match="high must be finite in float16, but is 70000"):
        backend.uniform(out, 0, 70000, seed=1)
    assert (out == 7).all()
    wide = np.empty(5)
    backend.uniform(wide, -3e38, 3e38, seed=1)
    assert np.isfinite(wide).all()
    with pytest.raises(ValueError, match="high - low must be finite in float64"):
        backend.uniform(wide, -1.7e308, 1.7e308, seed=1)


@BACKENDS
def test_minus_zero_is_zero_as_an_argument(backend):
    for low, high in ((-0.0, -0.0), (-0.0, 0.0), (0.0, 0.0), (-1e-60, 1e-60)):
        assert not np.signbit(filled(backend, "uniform", 9, np.float32, low, high)).any()


@BACKENDS
def test_numpy_scalars_are_taken_as_arguments(backend):
    expected = filled(backend, "uniform", 5, np.float32, 0.5, 1.0, offset=3)
    out = np.empty(5, np.float32)
    backend.uniform(
        out, np.float16(0.5), ml_dtypes.bfloat16(1), seed=np.uint64(11), offset=np.int32(3)
    )
    assert out.tobytes() == expected.tobytes()


@BACKENDS
def test_the_last_offset_can_be_reached_and_not_passed(backend):
    out = np.full(4, 7, np.float32)
    assert backend.uniform(out, seed=1, offset=2**64 - 2) == 2**64 - 1
    assert backend.uniform(out[:0], seed=1, offset=2**64 - 1) == 2**64 - 1
    out[...] = 7
    with pytest.raises(ValueError, match="another stream"):
        backend.uniform(out, seed=1, offset=2**64 - 1)
    assert (out == 7).all()


def test_one_fill_enters_compiled_code_once(monkeypatch):
    entries = []
    real = _pool.enter
    monkeypatch.setattr(_pool, "enter", lambda *call: entries.append(1) or real(*call))
    for size in (1, 40_000):
        entries.clear()
        cpu.normal(np.empty(size, np.float32), seed=1)
        assert len(entries) == 1


# Machine code


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


def test_every_kind_knows_how_many_values_a_block_gives():
    assert set(_distributions.VALUES_PER_BLOCK) == {"uint32", *(str(dtype) for dtype in FLOATS)}
