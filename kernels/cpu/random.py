"""Random bits, uniform and normal numbers from a counter-based generator, filled in place.

A value is a function of (seed, stream, offset, position) alone: not of threads, lanes, backends or
of how long the array is. No call keeps any state; for a sequence, pass each call's return
value to the next as `offset`.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels import _distributions, _gate
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu._elements import claim, store
from numparam.kernels.cpu._jit import kernel, kernel_per_kind
from numparam.kernels.cpu._philox import (
    LANES,
    fill_lanes,
    joined,
    normals_float32,
    normals_float64,
)

_PIECE = 16 * LANES  # blocks: 128 KB, large against the cost of a claim


def bits(out: np.ndarray, *, seed: int, offset: int = 0, stream: int = 0) -> int:
    """Fill `out` with random 32-bit words: Philox 4×32-10.

    Parameters
    ----------
    out : numpy.ndarray
        uint32, of any shape; C-contiguous and writeable.
    seed : int
        The generator's key, from 0 to 2**64 - 1.
    offset : int, optional
        Number of the first block, the low half of the counter; from 0 to 2**64 - 1. A block is
        four words.
    stream : int, optional
        The high half of the counter, from 0 to 2**64 - 1: each is a sequence of its own.

    Returns
    -------
    int
        The first block not used: pass it as the next call's `offset`.

    Raises
    ------
    TypeError
        If `out` is not a uint32 array, or seed, offset or stream is not a whole number.
    ValueError
        If `out` cannot be written in place, a number is out of its range, or the counter would pass
        its end. `out` has not been touched.

    Notes
    -----
    Word j of block offset + b is element 4 b + j of the flat array, so a longer array starts like a
    shorter one. Salmon, Moraes, Dror and Shaw, doi:10.1145/2063384.2063405: key and counter are
    little-endian there, as here. Moves out.nbytes; O(size).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import random
    >>> words = np.empty(4, np.uint32)
    >>> random.bits(words, seed=0)
    1
    >>> [f"{word:08x}" for word in words]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    target, kind = _distributions.destination(out, ("uint32",))
    state, following = _distributions.counters(target.size, kind, seed, offset, stream)
    _run(_fill_bits, target, kind, state)
    return following


def uniform(
    out: np.ndarray,
    low: float = 0.0,
    high: float = 1.0,
    *,
    seed: int,
    offset: int = 0,
    stream: int = 0,
) -> int:
    """Fill `out` with numbers uniform in [low, high).

    Parameters
    ----------
    out : numpy.ndarray
        float16, bfloat16, float32 or float64, of any shape; C-contiguous and writeable.
    low, high : float, optional
        The bounds, rounded to out's dtype; then low ≤ high, and the distance is finite in float32
        (in float64 for float64). If the bounds are equal, every number is that value.
    seed : int
        The generator's key, from 0 to 2**64 - 1.
    offset : int, optional
        Number of the first block, from 0 to 2**64 - 1. A block makes two float64 or four others.
    stream : int, optional
        The high half of the counter, from 0 to 2**64 - 1: each is a sequence of its own.

    Returns
    -------
    int
        The first block not used: pass it as the next call's `offset`.

    Raises
    ------
    TypeError
        If `out` is not such an array, a bound is not a real number, or seed, offset or stream is
        not a whole number.
    ValueError
        If `out` cannot be written in place, a bound is not finite, low is above high, a number is
        out of its range, or the counter would pass its end. `out` has not been touched.

    Notes
    -----
    From the words w of `bits`, in their order:

    - float32: u = (w >> 8) × 2**-24, then low + u × (high - low), each operation rounded.
    - float64: u = ((w[2i+1] × 2**32 + w[2i]) >> 11) × 2**-53, then the same in float64.
    - float16 and bfloat16: the float32 value of the rounded bounds, rounded to nearest even.

    A result that rounding carried up to `high` becomes the largest number below `high`; none is
    below `low`. The same bits in every backend. Moves out.nbytes; O(size). MXNet and PyTorch
    include or exclude `high` by accident of rounding, and their results depend on the device.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import random
    >>> weight = np.empty((2, 3), np.float32)
    >>> following = random.uniform(weight, -0.1, 0.1, seed=7)
    >>> following
    2
    >>> bool((abs(weight) <= np.float32(0.1)).all())
    True
    >>> bias = np.empty(3, np.float32)
    >>> random.uniform(bias, seed=7, offset=following)  # goes on where weight ended
    3
    """
    target, kind = _distributions.destination(out)
    lower, span, top = _distributions.uniform_bounds(low, high, kind)
    state, following = _distributions.counters(target.size, kind, seed, offset, stream)
    call = _fill_uniform_float64 if kind == "float64" else _fill_uniform(kind)
    _run(call, target, kind, state, lower, span, top)
    return following


def normal(
    out: np.ndarray,
    mean: float = 0.0,
    sigma: float = 1.0,
    *,
    seed: int,
    offset: int = 0,
    stream: int = 0,
) -> int:
    """Fill `out` with normally distributed numbers.

    Parameters
    ----------
    out : numpy.ndarray
        float16, bfloat16, float32 or float64, of any shape; C-contiguous and writeable.
    mean, sigma : float, optional
        Mean and standard deviation, rounded to float32 (for a float64 `out` taken as they are);
        finite, and sigma ≥ 0.
    seed : int
        The generator's key, from 0 to 2**64 - 1.
    offset : int, optional
        Number of the first block, from 0 to 2**64 - 1. A block makes two float64 or four others.
    stream : int, optional
        The high half of the counter, from 0 to 2**64 - 1: each is a sequence of its own.

    Returns
    -------
    int
        The first block not used: pass it as the next call's `offset`.

    Raises
    ------
    TypeError
        If `out` is not such an array, mean or sigma is not a real number, or seed, offset or stream
        is not a whole number.
    ValueError
        If `out` cannot be written in place, mean or sigma is not finite, sigma is negative, a
        number is out of its range, or the counter would pass its end. `out` has not been touched.

    Notes
    -----
    The Box-Muller transform (doi:10.1214/aoms/1177706645) of two words, or of two pairs of words
    for float64, yields two neighbouring values z: radius × cosine and radius × sine, by polynomials
    of our own, within 4 units in the last place of the true value: see
    `numparam.kernels._polynomials` for how words become u. Then mean + z × sigma, each
    operation rounded; 16-bit dtypes round the float32 result to nearest even, and may overflow to
    infinity. No value is farther from the mean than 6.77 sigma (8.57 for float64). The same bits in
    every backend. Moves out.nbytes; O(size).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import random
    >>> noise = np.empty(100_000, np.float32)
    >>> random.normal(noise, 1.0, 0.5, seed=3)
    25000
    >>> round(float(noise.mean()), 2), round(float(noise.std()), 2)
    (1.0, 0.5)
    """
    target, kind = _distributions.destination(out)
    centre, spread = _distributions.normal_moments(mean, sigma, kind)
    state, following = _distributions.counters(target.size, kind, seed, offset, stream)
    call = _fill_normal_float64 if kind == "float64" else _fill_normal(kind)
    _run(call, target, kind, state, centre, spread)
    return following


def _run(call, target: np.ndarray, kind: str, state: np.ndarray, *parameters: float) -> None:
    size = target.size
    pieces = -(-size // (_distributions.VALUES_PER_BLOCK[kind] * _PIECE))
    address = _gate.address(target)
    _pool.run(call, address, size, state, *parameters, nbytes=target.nbytes, pieces=pieces)


# Each kernel claims pieces of _PIECE blocks, fills LANES blocks of words at a time and turns whole
# blocks into values; the last block of the array, where it is cut, goes value by value.


@kernel
def _fill_bits(address, size, state, counter):
    words = np.empty((4, LANES), np.uint32)
    blocks = (size + 3) // 4
    while True:
        piece = claim(counter) * _PIECE
        if piece >= blocks:
            return
        for first in range(piece, min(piece + _PIECE, blocks), LANES):
            count = min(LANES, blocks - first)
            fill_lanes(words, first, count, state)
            whole = min(count, size // 4 - first)
            for i in range(whole):
                for j in range(4):
                    store(address, 4 * (first + i) + j, words[j, i], "uint32")
            if whole < count:
                for j in range(size % 4):
                    store(address, 4 * (first + whole) + j, words[j, whole], "uint32")


@kernel_per_kind
def _fill_uniform(kind):
    """Fill with numbers computed in float32."""

    def fill_range(address, size, state, low, span, top, counter):
        words = np.empty((4, LANES), np.uint32)
        low32, span32, top32 = np.float32(low), np.float32(span), np.float32(top)
        unit = np.float32(2.0**-24)
        blocks = (size + 3) // 4
        while True:
            piece = claim(counter) * _PIECE
            if piece >= blocks:
                return
            for first in range(piece, min(piece + _PIECE, blocks), LANES):
                count = min(LANES, blocks - first)
                fill_lanes(words, first, count, state)
                whole = min(count, size // 4 - first)
                for i in range(whole):
                    for j in range(4):
                        value = low32 + np.float32(np.int32(words[j, i] >> 8)) * unit * span32
                        value = value if value < top32 else top32
                        store(address, 4 * (first + i) + j, value, kind)
                if whole < count:
                    for j in range(size % 4):
                        value = low32 + np.float32(np.int32(words[j, whole] >> 8)) * unit * span32
                        value = value if value < top32 else top32
                        store(address, 4 * (first + whole) + j, value, kind)

    return fill_range


@kernel
def _fill_uniform_float64(address, size, state, low, span, top, counter):
    words = np.empty((4, LANES), np.uint32)
    blocks = (size + 1) // 2
    while True:
        piece = claim(counter) * _PIECE
        if piece >= blocks:
            return
        for first in range(piece, min(piece + _PIECE, blocks), LANES):
            count = min(LANES, blocks - first)
            fill_lanes(words, first, count, state)
            whole = min(count, size // 2 - first)
            for i in range(whole):
                for j in range(2):
                    word = joined(words[2 * j, i], words[2 * j + 1, i]) >> np.uint64(11)
                    value = low + np.float64(np.int64(word)) * 2.0**-53 * span
                    value = value if value < top else top
                    store(address, 2 * (first + i) + j, value, "float64")
            if whole < count:
                word = joined(words[0, whole], words[1, whole]) >> np.uint64(11)
                value = low + np.float64(np.int64(word)) * 2.0**-53 * span
                value = value if value < top else top
                store(address, size - 1, value, "float64")


@kernel_per_kind
def _fill_normal(kind):
    """Fill with numbers computed in float32."""

    def fill_range(address, size, state, mean, sigma, counter):
        words = np.empty((4, LANES), np.uint32)
        mean32, sigma32 = np.float32(mean), np.float32(sigma)
        blocks = (size + 3) // 4
        while True:
            piece = claim(counter) * _PIECE
            if piece >= blocks:
                return
            for first in range(piece, min(piece + _PIECE, blocks), LANES):
                count = min(LANES, blocks - first)
                fill_lanes(words, first, count, state)
                whole = min(count, size // 4 - first)
                for i in range(whole):
                    start = 4 * (first + i)
                    z0, z1 = normals_float32(words[0, i], words[1, i])
                    z2, z3 = normals_float32(words[2, i], words[3, i])
                    store(address, start, mean32 + z0 * sigma32, kind)
                    store(address, start + 1, mean32 + z1 * sigma32, kind)
                    store(address, start + 2, mean32 + z2 * sigma32, kind)
                    store(address, start + 3, mean32 + z3 * sigma32, kind)
                if whole < count:
                    start = 4 * (first + whole)
                    z0, z1 = normals_float32(words[0, whole], words[1, whole])
                    z2, _ = normals_float32(words[2, whole], words[3, whole])
                    store(address, start, mean32 + z0 * sigma32, kind)
                    if start + 1 < size:
                        store(address, start + 1, mean32 + z1 * sigma32, kind)
                    if start + 2 < size:
                        store(address, start + 2, mean32 + z2 * sigma32, kind)

    return fill_range


@kernel
def _fill_normal_float64(address, size, state, mean, sigma, counter):
    words = np.empty((4, LANES), np.uint32)
    blocks = (size + 1) // 2
    while True:
        piece = claim(counter) * _PIECE
        if piece >= blocks:
            return
        for first in range(piece, min(piece + _PIECE, blocks), LANES):
            count = min(LANES, blocks - first)
            fill_lanes(words, first, count, state)
            whole = min(count, size // 2 - first)
            for i in range(whole):
                start = 2 * (first + i)
                z0, z1 = normals_float64(
                    joined(words[0, i], words[1, i]), joined(words[2, i], words[3, i])
                )
                store(address, start, mean + z0 * sigma, "float64")
                store(address, start + 1, mean + z1 * sigma, "float64")
            if whole < count:
                z0, _ = normals_float64(
                    joined(words[0, whole], words[1, whole]),
                    joined(words[2, whole], words[3, whole]),
                )
                store(address, size - 1, mean + z0 * sigma, "float64")
