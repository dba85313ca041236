"""Standard normals from words: accuracy against extended precision."""

from __future__ import annotations

import numpy as np
import pytest

from numparam.kernels.reference import random as reference
from tests.support.random_fills import BACKENDS, filled, words_of


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
