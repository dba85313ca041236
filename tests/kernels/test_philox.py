"""Philox: known answers, and the words of consecutive blocks, on every backend."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam.kernels.cpu import random as cpu
from numparam.kernels.reference import random as reference
from tests.support.random_fills import BACKENDS, WORD, WORDS_64, filled, philox, words_of


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


@BACKENDS
def test_seed_stream_and_offset_each_change_every_word(backend):
    base = filled(backend, "bits", 400, "uint32")
    for changed in ({"seed": 12}, {"seed": 11 + 2**32}, {"stream": 1}, {"stream": 2**32},
                    {"offset": 1000}, {"offset": 2**32}):  # fmt: skip
        other = filled(backend, "bits", 400, "uint32", **changed)
        assert np.count_nonzero(other == base) <= 1
        assert not np.intersect1d(other, base).size > 3
