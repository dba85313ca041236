"""Philox 4×32-10, the counter-based generator behind all random fills.

Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11,
doi:10.1145/2063384.2063405. A block of four 32-bit words is a function of a 128-bit counter and a
64-bit key, so any thread of any backend computes any block on its own.

The code is plain Python that each backend wraps: on NumPy arrays it works on all blocks at once,
compiled it works on one.
"""

from __future__ import annotations

import numpy as np

ROUNDS = 10

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)  # the golden ratio
_WEYL_1 = np.uint64(0xBB67AE85)  # the square root of 3, less 1


def block(number, stream, key):
    """Return the four words of one block.

    Parameters
    ----------
    number, stream : uint64
        Low and high half of the counter.
    key : uint64
        The key; the seed of a random fill.

    Returns
    -------
    tuple of four uint64
        Words below 2**32, in the paper's order.
    """
    word_0 = number & _LOW
    word_1 = number >> _HALF
    word_2 = stream & _LOW
    word_3 = stream >> _HALF
    key_0 = key & _LOW
    key_1 = key >> _HALF
    for _ in range(ROUNDS):
        # Products of 32-bit words held in 64 bits: one vpmuludq for several blocks at once.
        product_0 = _MULTIPLIER_0 * word_0
        product_1 = _MULTIPLIER_1 * word_2
        word_0 = (product_1 >> _HALF) ^ word_1 ^ key_0
        word_2 = (product_0 >> _HALF) ^ word_3 ^ key_1
        word_1 = product_1 & _LOW
        word_3 = product_0 & _LOW
        key_0 = (key_0 + _WEYL_0) & _LOW
        key_1 = (key_1 + _WEYL_1) & _LOW
    return word_0, word_1, word_2, word_3
