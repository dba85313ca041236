"""Sums in pairs of float64 that lose nothing, and their quotients, rounded once.

Knuth's TwoSum (The Art of Computer Programming 2, 4.2.2) and Dekker's product
(doi:10.1007/BF01397083).
"""

from __future__ import annotations

from numparam.kernels._pair_constants import SPLIT
from numparam.kernels.cpu._jit import inline


@inline
def two_sum(first, second):
    """Return the rounded sum and what rounding dropped, exactly."""
    total = first + second
    back = total - first
    return total, (first - (total - back)) + (second - back)


@inline
def divided(high, low, divisor):
    """Divide the pair high + low by a small whole number, rounding once."""
    quotient = high / divisor
    # The remainder high - quotient * divisor, exactly: Dekker's product of split factors.
    big = SPLIT * quotient
    upper = big - (big - quotient)
    lower = quotient - upper
    product = quotient * divisor
    error = (upper * divisor - product) + lower * divisor
    correction = (((high - product) - error) + low) / divisor
    # -0.0 + 0.0 is 0.0, and the mean of copies of -0.0 is -0.0.
    return quotient if correction == 0 else quotient + correction


@inline
def all_below(values, count, bound):
    """Return whether the first `count` values are all nearer to zero than `bound`; NaN is not."""
    beyond = 0
    for i in range(count):
        beyond += not abs(values[i]) < bound
    return beyond == 0
