"""Conversions between dtypes, and copies: what they mean, and what they refuse."""

from __future__ import annotations

import math
import mmap
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from numparam import kernels
from numparam.kernels.cpu import cast as cpu
from numparam.kernels.reference import cast as reference
from tests.support.awkward_inputs import KINDS, dtype_of, layouts, same_bits, values

FLOATS, INTEGERS = KINDS[:4], KINDS[4:12]
PIECE = 1 << 17
BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])

# Bits of the significand, and exponents of the largest number's first bit and smallest's last.
FORMATS = {
    "float16": (11, 15, -24),
    "bfloat16": (8, 127, -133),
    "float32": (24, 127, -149),
    "float64": (53, 1023, -1074),
}


def nearest(value: Fraction, kind: str) -> float:
    """The number of a floating-point format that is nearest to `value`; of two, the even one."""
    precision, highest, lowest = FORMATS[kind]
    if value == 0:
        return 0.0
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    last_place = Fraction(2) ** max(exponent - precision + 1, lowest)
    rounded = round(magnitude / last_place) * last_place  # Python rounds halves to even
    result = math.inf if rounded >= Fraction(2) ** (highest + 1) else float(rounded)
    return math.copysign(result, value)


def whole_number(value: float, target: str) -> int:
    """What a float becomes as an integer, by the rule in the documentation."""
    bits = int(target.removeprefix("u").removeprefix("int"))
    carrier = 64 if bits == 64 or target == "uint32" else 32
    low, high = -(2 ** (carrier - 1)), 2 ** (carrier - 1)
    if target == "uint64":
        high = 2**64
    whole = int(value) if math.isfinite(value) else low
    if not low <= whole < high:
        whole = low
    whole %= 2**bits
    return whole - 2**bits if target.startswith("int") and whole >= 2 ** (bits - 1) else whole


def awkward(kind: str, size: int = 700) -> np.ndarray:
    """Values of a kind, and those next to what other kinds round or wrap at."""
    array = values(kind, size)
    if kind == "bool":
        return array
    edges = [2.0**power + step for power in (7, 8, 15, 16, 31, 32) for step in (-1, -0.5, 0, 0.5)]
    edges += [2.0**power * step for power in (63, 64) for step in (1 - 2**-50, 1, 1 + 2**-50)]
    edges += [65519.0, 65520.0, 65521.0, 3.3953138e38, 3.4e38, 2.0**-134, 2.0**-25 * 1.5]
    if kind in INTEGERS:
        bounds = np.iinfo(kind)
        whole = [int(edge) + step for edge in edges for step in (-1, 0, 1)]
        whole += [2**power + 2 ** (power - 8) + step for power in (40, 62) for step in (-1, 0, 1)]
        whole += [-number for number in whole]
        array[: len(whole)] = [min(max(number, bounds.min), bounds.max) for number in whole]
        return array
    with np.errstate(over="ignore"):
        edges = np.array(edges).astype(dtype_of(kind))
    return np.concatenate([array, edges, -edges])


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_cpu_agrees_with_the_reference_bit_for_bit(source, target):
    for array in (awkward(source), values(source, 0), values(source, 1), values(source, 2, 67)):
        result = cpu.cast(array, target)
        assert result.dtype == dtype_of(target)
        assert same_bits(result, reference.cast(array, target))


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
@pytest.mark.parametrize(
    ("source", "target"), [("float32", "float16"), ("int8", "float64"), ("float64", "float64")]
)
def test_several_pieces_agree_for_any_number_of_threads(source, target, size):
    array = values(source, size)
    expected = reference.cast(array, target)
    before = kernels.num_threads()
    try:
        for threads in (1, 2, 3):
            kernels.set_num_threads(threads)
            assert same_bits(cpu.cast(array, target), expected)
            assert same_bits(cpu.copy(array), array)
    finally:
        kernels.set_num_threads(before)


@BACKENDS
@pytest.mark.parametrize("target", FLOATS[:3])
@settings(max_examples=150, deadline=None)
@given(
    base=st.integers(-(2**24), 2**24),
    exponent=st.integers(-190, 150),
    nudge=st.sampled_from([0, 1, -1, 2**20, -(2**20)]),
)
@example(base=2**8 + 1, exponent=0, nudge=1)  # rounding first to float32 would lose the nudge
@example(base=2**8 + 1, exponent=-142, nudge=1)  # the same among bfloat16's subnormal numbers
@example(base=2**9 - 1, exponent=119, nudge=0)  # halfway between the largest bfloat16 and infinity
def test_float64_rounds_once_to_nearest_even(backend, target, base, exponent, nudge):
    near_tie = np.float64(math.ldexp(base, exponent))
    bits = near_tie.view(np.int64) + nudge
    value = np.float64(np.int64(bits).view(np.float64)) if near_tie else near_tie
    result = backend.cast([value], target).astype(np.float64)[0]
    assert result == nearest(Fraction(float(value)), target)
    assert math.copysign(1, result) == math.copysign(1, value)


@BACKENDS
@pytest.mark.parametrize("target", FLOATS)
@pytest.mark.parametrize("source", ["int64", "uint64"])
@settings(max_examples=100, deadline=None)
@given(lead=st.integers(4, 2**25 - 1), shift=st.integers(0, 38), nudge=st.integers(-2, 2))
@example(lead=2**8 + 1, shift=32, nudge=1)
@example(lead=2**8 + 1, shift=54, nudge=1)
@example(lead=2**24 + 1, shift=38, nudge=1)
def test_64_bit_integers_round_once_to_nearest_even(backend, source, target, lead, shift, nudge):
    number = (lead << shift) + nudge
    for value in (number, -number) if source == "int64" else (number,):
        result = backend.cast(np.array([value], source), target).astype(np.float64)[0]
        assert result == nearest(Fraction(value), target)


@BACKENDS
@pytest.mark.parametrize("target", ["bfloat16", "float16"])
def test_every_tie_of_a_16_bit_float_goes_to_the_even_neighbour(backend, target):
    bits = np.arange(0x7F7F if target == "bfloat16" else 0x7BFF, dtype=np.uint16)
    below = bits.view(dtype_of(target)).astype(np.float64)
    above = (bits + np.uint16(1)).view(dtype_of(target)).astype(np.float64)
    middle = (below + above) / 2
    even = np.where(bits % 2 == 0, below, above)
    for source in ("float64", "float32"):
        tie = middle.astype(source)
        for sign in (1, -1):
            assert np.array_equal(backend.cast(sign * tie, target).astype(float), sign * even)
            up = backend.cast(sign * np.nextafter(tie, tie.dtype.type(np.inf)), target)
            assert np.array_equal(up.astype(float), sign * above)
            down = backend.cast(sign * np.nextafter(tie, tie.dtype.type(0)), target)
            assert np.array_equal(down.astype(float), sign * below)


@BACKENDS
@pytest.mark.parametrize("source", ["float16", "float32", "float64", *INTEGERS])
def test_float16_agrees_with_the_struct_module(backend, source):
    array = awkward(source)
    array = array[np.abs(array.astype(np.float64)) < 65520]
    packed = b"".join(struct.pack("e", float(value)) for value in array)
    assert same_bits(backend.cast(array, "float16"), np.frombuffer(packed, np.float16))


@BACKENDS
@pytest.mark.parametrize("target", INTEGERS)
@pytest.mark.parametrize("source", FLOATS)
def test_floats_become_integers_by_the_documented_rule(backend, source, target):
    array = awkward(source)
    expected = [whole_number(float(value), target) for value in array]
    assert backend.cast(array, target).tolist() == expected


@BACKENDS
def test_floats_become_the_integers_that_mxnet_gives(backend):
    # Recorded: mx.nd.array(given, dtype='float64').astype(...) of MXNet 1.9.1 on x86-64.
    given = [-1.9, 127.5, 128, 255.9, 300, -129, -300, 70000, 2147483648, -5e9, 2.0**53, 1e19]
    given += [math.inf, -math.inf, math.nan]
    low = {32: -(2**31), 64: -(2**63)}
    recorded = {
        "int8": [-1, 127, -128, -1, 44, 127, -44, 112] + 7 * [0],
        "uint8": [255, 127, 128, 255, 44, 127, 212, 112] + 7 * [0],
        "int32": [-1, 127, 128, 255, 300, -129, -300, 70000] + 7 * [low[32]],
        "int64": [-1, 127, 128, 255, 300, -129, -300, 70000, 2**31, -(5 * 10**9), 2**53]
        + 4 * [low[64]],
        "bool": 15 * [True],
    }
    for target, expected in recorded.items():
        assert backend.cast(np.float64(given), target).tolist() == expected


@BACKENDS
@pytest.mark.parametrize("target", INTEGERS)
@pytest.mark.parametrize("source", INTEGERS)
def test_integers_keep_their_low_bits(backend, source, target):
    array = awkward(source)
    modulus = 2 ** (8 * np.dtype(target).itemsize)
    result = backend.cast(array, target)
    assert all((int(a) - int(b)) % modulus == 0 for a, b in zip(array, result, strict=True))


@BACKENDS
@pytest.mark.parametrize("source", KINDS)
def test_everything_but_zero_is_true(backend, source):
    array = awkward(source)
    assert backend.cast(array, bool).tolist() == [float(value) != 0 for value in array]


@BACKENDS
@pytest.mark.parametrize("target", KINDS)
def test_a_true_of_an_odd_byte_counts_as_one(backend, target):
    array = np.array([0, 1, 2, 255], np.uint8).view(bool)
    if target != "bool":
        assert backend.cast(array, target).astype(int).tolist() == [0, 1, 1, 1]


@BACKENDS
@pytest.mark.parametrize("target", FLOATS)
@pytest.mark.parametrize("source", FLOATS)
def test_nan_infinities_and_signed_zeros_survive(backend, source, target):
    # Also a NaN whose payload lies in the bits that are cut off.
    array = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0]).astype(dtype_of(source))
    if source == "float64":
        array = np.append(array, np.uint64([0x7FF0000000000001]).view(np.float64))
    result = backend.cast(array, target).astype(np.float64)
    assert np.isnan(result[[0, *range(5, len(array))]]).all()
    assert result[1:5].tolist() == [np.inf, -np.inf, 0, 0]
    assert np.signbit(result[3:5]).tolist() == [True, False]


@BACKENDS
@pytest.mark.parametrize(
    ("source", "target"), [("float32", "bfloat16"), ("int16", "int64"), ("bfloat16", "bfloat16")]
)
def test_any_layout_is_taken_and_left_as_it_is(backend, source, target):
    array = values(source, 120).reshape(4, 5, 6)
    expected = reference.cast(array, target)
    for name, given_ in layouts(array).items():
        before = given_.copy()
        result = backend.cast(given_, target)
        assert same_bits(result, expected), name
        assert result.flags.c_contiguous
        assert not np.shares_memory(result, given_)
        out = np.empty(array.shape, dtype_of(target))
        assert backend.cast(given_, out=out) is out
        assert same_bits(out, expected), name
        assert same_bits(given_.astype(source), before.astype(source)), name


@BACKENDS
@settings(max_examples=40, deadline=None)
@given(
    shape=st.lists(st.integers(0, 5), max_size=4).map(tuple),
    source=st.sampled_from(["float32", "int8", "bool", "bfloat16"]),
    target=st.sampled_from(["float32", "int8", "bool", "bfloat16"]),
    order=st.permutations(range(4)),
)
def test_shapes_stay(backend, shape, source, target, order):
    array = values(source, math.prod(shape)).reshape(shape)
    array = array.transpose([axis for axis in order if axis < len(shape)])
    result = backend.cast(array, target)
    assert isinstance(result, np.ndarray)
    assert result.shape == array.shape
    flat = reference.cast(array.reshape(-1), target)
    assert same_bits(result.reshape(-1), flat)
    assert same_bits(backend.copy(array), np.ascontiguousarray(array).reshape(array.shape))


@BACKENDS
def test_lists_and_numbers_are_taken(backend):
    assert backend.cast([[1.5], [2.5]], "int32").tolist() == [[1], [2]]
    result = backend.cast(3.7, np.int8)
    assert result.shape == ()
    assert result == 3


@BACKENDS
def test_mxnets_bfloat16_is_taken_and_the_usual_one_given(backend):
    mxnet = np.dtype([("bfloat16", "<u2")])
    array = np.uint16([0x3F80, 0xC000]).view(mxnet)
    assert backend.cast(array, "float32").tolist() == [1, -2]
    result = backend.cast([1, -2], mxnet)
    assert result.dtype == dtype_of("bfloat16")
    out = np.zeros(2, mxnet)
    assert backend.cast(result, out=out) is out
    assert np.array_equal(out, array)
    assert backend.copy(array).dtype == dtype_of("bfloat16")
    assert backend.cast(array, "bfloat16").tolist() == [1, -2]


@BACKENDS
@pytest.mark.parametrize(
    ("source", "target"), [("float32", "int32"), ("int8", "bool"), ("float16", "bfloat16")]
)
def test_out_may_be_the_sources_own_memory(backend, source, target):
    array = values(source, 5000)
    expected = reference.cast(array, target)
    out = array.view(dtype_of(target))
    assert backend.cast(array, out=out) is out
    assert same_bits(out, expected)


@BACKENDS
def test_out_decides_the_dtype_and_a_contradiction_is_refused(backend):
    out = np.zeros(2, np.float16)
    assert backend.cast([1, 2], np.float16, out) is out
    assert out.tolist() == [1, 2]
    with pytest.raises(ValueError, match="dtype is float32 but out is float16; give one"):
        backend.cast([3, 4], np.float32, out)
    with pytest.raises(TypeError, match="give dtype or out"):
        backend.cast([3, 4])
    assert out.tolist() == [1, 2]


@BACKENDS
def test_dtypes_of_no_kernel_are_refused(backend):
    with pytest.raises(
        TypeError, match="dtype complex64 is not supported; the kernels take float16"
    ):
        backend.cast([1.0], np.complex64)
    with pytest.raises(TypeError, match="dtype complex128 is not supported"):
        backend.cast([1j], np.float32)
    with pytest.raises(TypeError, match="source must be a numeric array, not list"):
        backend.cast([None], np.float32)
    with pytest.raises(TypeError, match="is not supported"):
        backend.copy(np.array(["a"]))


@BACKENDS
@pytest.mark.parametrize("function", ["cast", "copy"])
def test_an_out_that_cannot_be_written_is_refused_untouched(backend, function):
    source = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
    call = getattr(backend, function)
    memory = mmap.mmap(-1, 24, access=mmap.ACCESS_READ)
    shared = np.zeros(9, np.float32)
    refused = {
        "read-only": np.frombuffer(memory, np.float32).reshape(2, 3),
        "not C-contiguous": np.zeros((2, 3), np.float32, order="F"),
        "native byte order": np.zeros((2, 3), np.dtype(np.float32).newbyteorder("S")),
        "not aligned": np.zeros(25, np.uint8)[1:].view(np.float32).reshape(2, 3),
        r"\(2, 3\)": np.zeros((3, 2), np.float32),
    }
    for message, out in refused.items():
        with pytest.raises(ValueError, match=message):
            call(source, out=out)
        assert not out.any()
    with pytest.raises(TypeError, match=r"out must be a numpy\.ndarray"):
        call(source, out=[0.0])
    with pytest.raises(ValueError, match=r"out overlaps part of source\[0\]"):
        call(shared[:6], out=shared[3:])
    assert not shared.any()


@BACKENDS
def test_a_cast_within_one_memory_but_not_in_place_is_refused(backend):
    memory = np.arange(8, dtype=np.int32)
    with pytest.raises(ValueError, match="out overlaps part of source"):
        backend.cast(memory, out=memory.view(np.int16)[:8])
    assert memory.tolist() == list(range(8))
