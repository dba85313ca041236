"""Arguments of random fills: what is taken, and what is refused before anything is written."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest

from numparam.kernels import _distributions
from tests.support.random_fills import BACKENDS, BFLOAT16, FILLS, FLOATS, filled


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


def test_every_kind_knows_how_many_values_a_block_gives():
    assert set(_distributions.VALUES_PER_BLOCK) == {"uint32", *(str(dtype) for dtype in FLOATS)}
