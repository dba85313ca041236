"""The walk over a table of arrays: which part of which array a block of threads takes.

A table is a list of int64 numbers: for each of `count` arrays the number of its first chunk, and,
last, the number of all chunks.
"""

from __future__ import annotations

from numparam.kernels.cuda._elements import load
from numparam.kernels.cuda._jit import inline


@inline
def owner(firsts, count, chunk):
    """Return the last array whose first chunk is not above this one; empty arrays have none."""
    array = 0
    above = count
    while above - array > 1:
        middle = (array + above) >> 1
        if load(firsts, middle, "int64") <= chunk:
            array = middle
        else:
            above = middle
    return array
