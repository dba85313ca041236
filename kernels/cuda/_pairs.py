"""Sums in pairs of float64 that lose nothing, and their quotients, rounded once, on a GPU.

The twins of `numparam.kernels.cpu._pairs`. Every product goes through `product`, since a fused
multiply-add would round differently.
"""

from __future__ import annotations

from numparam.kernels._pair_constants import SPLIT
from numparam.kernels.cuda._elements import product
from numparam.kernels.cuda._jit import inline


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
    big = product(SPLIT, quotient)
    upper = big - (big - quotient)
    lower = quotient - upper
    rounded = product(quotient, divisor)
    error = (product(upper, divisor) - rounded) + product(lower, divisor)
    correction = (((high - rounded) - error) + low) / divisor
    # -0.0 + 0.0 is 0.0, and the mean of copies of -0.0 is -0.0.
    return quotient if correction == 0 else quotient + correction
