"""What the tests of random fills share: an independent Philox, and fills by name."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import strategies as st

from numparam.kernels.cpu import random as cpu
from numparam.kernels.reference import random as reference

BACKENDS = pytest.mark.parametrize("backend", [reference, cpu], ids=["reference", "cpu"])
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = [np.dtype("float32"), np.dtype("float64"), np.dtype("float16"), BFLOAT16]
DTYPES = pytest.mark.parametrize("dtype", FLOATS, ids=str)
FILLS = ("uniform", "normal")
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
