"""Exact sums of float32 numbers, for the few that float64 does not hold.

A sum is kept in eight parts. Part j holds multiples of 2**(40 j - 160) in a float64, which leaves
room for the carries of a few thousand numbers. Adding a large power of two and taking it away
rounds a number to such multiples, and what is left over is exact (Rump, Ogita and Oishi,
doi:10.1137/050645671). Backends compile these functions for themselves. There are no branches, no
arrays and no products in them, so that processors and GPUs agree on every bit.

Examples
--------
>>> from numparam.kernels import _exact_sums
>>> parts = _exact_sums.NOTHING
>>> for number in (2.0**100, 1.0, -(2.0**100)):
...     parts = _exact_sums.add(parts, number)
>>> _exact_sums.leading(_exact_sums.carried(parts))
1.0
"""

from __future__ import annotations

import math

NOTHING = (0.0,) * 8
MOST = 4096  # numbers that a sum may have, and the largest divisor

# Numbers of n significant bits are multiples of the last bit of the smallest one that is not zero,
# and float64 has 53 bits. All float16 are multiples of 2**-24 below 2**16, which always fit.
ROOM = {"float16": math.inf, "bfloat16": 2.0**45, "float32": 2.0**29}

_BIG = tuple(1.5 * 2.0 ** (52 + 40 * j - 160) for j in range(8))


def reach(room, count):
    """Return the largest ratio of magnitudes for which `count` numbers have an exact float64 sum.

    `room` is a value of `ROOM`. More than `MOST` numbers are summed in float64 only.
    """
    if count > MOST:
        return math.inf
    ratio = room
    doubled = 1
    while doubled < count:
        doubled *= 2
        ratio *= 0.5
    return ratio


def add(parts, number):
    """Add a float32 number, or a multiple of 2**-160, to the parts of a sum."""
    a, b, c, d, e, f, g, h = parts
    rounded = (number + _BIG[7]) - _BIG[7]
    number -= rounded
    h += rounded
    rounded = (number + _BIG[6]) - _BIG[6]
    number -= rounded
    g += rounded
    rounded = (number + _BIG[5]) - _BIG[5]
    number -= rounded
    f += rounded
    rounded = (number + _BIG[4]) - _BIG[4]
    number -= rounded
    e += rounded
    rounded = (number + _BIG[3]) - _BIG[3]
    number -= rounded
    d += rounded
    rounded = (number + _BIG[2]) - _BIG[2]
    number -= rounded
    c += rounded
    rounded = (number + _BIG[1]) - _BIG[1]
    number -= rounded
    b += rounded
    a += number
    return a, b, c, d, e, f, g, h


def carried(parts):
    """Carry: make each part smaller than half a unit of the next one."""
    a, b, c, d, e, f, g, h = parts
    carry = (a + _BIG[1]) - _BIG[1]
    a -= carry
    b += carry
    carry = (b + _BIG[2]) - _BIG[2]
    b -= carry
    c += carry
    carry = (c + _BIG[3]) - _BIG[3]
    c -= carry
    d += carry
    carry = (d + _BIG[4]) - _BIG[4]
    d -= carry
    e += carry
    carry = (e + _BIG[5]) - _BIG[5]
    e -= carry
    f += carry
    carry = (f + _BIG[6]) - _BIG[6]
    f -= carry
    g += carry
    carry = (g + _BIG[7]) - _BIG[7]
    g -= carry
    h += carry
    return a, b, c, d, e, f, g, h


def leading(parts):
    """Return the sum of carried parts in float64: its sign is exact, and nearly all its bits."""
    a, b, c, d, e, f, g, h = parts
    return ((((((h + g) + f) + e) + d) + c) + b) + a
