"""Philox in lanes: many blocks at once, so that the compiler multiplies them in vectors."""

from __future__ import annotations

import numpy as np

from numparam.kernels import _philox, _polynomials
from numparam.kernels.cpu._jit import inline

LANES = 512  # blocks: their words take 8 KB of the first-level cache

_block = inline(_philox.block)


@inline
def fill_lanes(words, first, blocks, state):
    """Set words[j, i] to word j of block `first` + i, for i below `blocks`.

    Parameters
    ----------
    words : uint32 array (4, LANES)
    first : int64
        Counted from the offset in `state`.
    blocks : int64
        At most `LANES`.
    state : uint64 array (3,)
        Seed, stream, offset.
    """
    start = state[2] + np.uint64(first)
    for i in range(blocks):
        word_0, word_1, word_2, word_3 = _block(start + np.uint64(i), state[1], state[0])
        words[0, i] = word_0
        words[1, i] = word_1
        words[2, i] = word_2
        words[3, i] = word_3


@inline
def joined(low, high):
    """Return the 64-bit word of two 32-bit ones."""
    return (np.uint64(high) << np.uint64(32)) | np.uint64(low)


@inline
def _multiply(a, b):
    # Rounded before an addition: Numba contracts nothing without fast-math flags.
    return a * b


@inline
def _bits_of_float32(value):
    return np.float32(value).view(np.int32)


@inline
def _float32_from_bits(bits):
    return np.int32(bits).view(np.float32)


@inline
def _bits_of_float64(value):
    return np.float64(value).view(np.int64)


@inline
def _float64_from_bits(bits):
    return np.int64(bits).view(np.float64)


normals_float32 = inline(
    _polynomials.normals_float32(_multiply, np.sqrt, _bits_of_float32, _float32_from_bits)
)
normals_float64 = inline(
    _polynomials.normals_float64(_multiply, np.sqrt, _bits_of_float64, _float64_from_bits)
)
