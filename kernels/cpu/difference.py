"""How far two arrays differ, in one pass."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from numparam.kernels import _gate
from numparam.kernels._compared import Compared
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu._convert import convert
from numparam.kernels.cpu._elements import claim, load
from numparam.kernels.cpu._jit import inline, kernel_per_kind

_PIECE = 1 << 16  # elements that one claim compares: large against the cost of a claim
_LANES = 256  # maxima that are kept side by side, so that vectors of any width hold some


def difference(first: object, second: object, rtol: float = 0.0, atol: float = 0.0) -> Compared:
    """Compare two arrays element by element, in float64.

    Parameters
    ----------
    first, second : array_like
        Of one shape and one dtype of the 13 of the kernels, of any layout and byte order; they may
        be read-only.
    rtol, atol : float, default 0
        Elements that differ by no more than ``atol + rtol * abs(second)`` are not counted.

    Returns
    -------
    Compared
        A named tuple: ``differing``, the number of elements that differ by more than the tolerance;
        ``absolute`` and ``relative``, the largest ``abs(a - b)`` and the largest
        ``abs(a - b) / max(abs(a), abs(b))`` of all elements; ``nan``, the number of NaN in each.

    Raises
    ------
    TypeError
        If the dtype is not one of the kernels', or a tolerance is not a number.
    ValueError
        If shapes or dtypes differ, or a tolerance is negative or NaN.

    Notes
    -----
    NaN equals NaN, and differs from all else, which changes neither maximum. An infinity differs
    infinitely from all that is not the same infinity, whatever the tolerance. Integers
    beyond ``2**53`` that differ are counted, even where float64 does not tell them apart.

    Reads both arrays once: 2 × nbytes; O(size).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import difference
    >>> difference.difference(np.float32([1, 2, 4]), np.float32([1, 2, 5]))
    Compared(differing=1, absolute=1.0, relative=0.2, nan=(0, 0))
    """
    one, two = _gate.sources((first, second), "arrays")
    rtol, atol = _gate.tolerances(rtol, atol)
    addresses = np.array([_gate.address(one), _gate.address(two)], np.int64)
    pieces = -(-one.size // _PIECE)
    counts = np.zeros((3, pieces), np.int64)
    largest = np.zeros((2, pieces), np.float64)
    _pool.run(
        _compare(_gate.kind(one.dtype)), addresses, one.size, rtol, atol, counts, largest,
        nbytes=2 * one.nbytes, pieces=pieces,
    )  # fmt: skip
    differing, nan_one, nan_two = counts.sum(axis=1).tolist()
    absolute, relative = largest.max(axis=1, initial=0.0).tolist()
    return Compared(differing, absolute, relative, (nan_one, nan_two))


@functools.cache
def _block_comparison(kind: str) -> Callable:
    """Return the function that compares a few elements, and keeps maxima in lanes."""

    @inline
    def compare_block(one, two, start, count, rtol, atol, absolute, relative):
        exact = rtol == 0.0 and atol == 0.0
        differing = nan_one = nan_two = 0
        for lane in range(count):
            # Selections, not branches, so that LLVM makes vectors of them.
            x = load(one, start + lane, kind)
            y = load(two, start + lane, kind)
            a = convert(x, kind, "float64")
            b = convert(y, kind, "float64")
            missing_a = a != a
            missing_b = b != b
            same = missing_a | missing_b | (x == y)
            gap = abs(a - b)
            gap = 0.0 if same else gap
            infinite = gap == np.inf
            larger = max(abs(a), abs(b))
            larger = 1.0 if same else larger
            proportion = gap / larger
            proportion = np.inf if infinite else proportion
            beyond = exact | infinite | (gap > atol + rtol * abs(b))
            before = absolute[lane]
            absolute[lane] = gap if gap > before else before
            before = relative[lane]
            relative[lane] = proportion if proportion > before else before
            differing += int(((not same) & beyond) | (missing_a != missing_b))
            nan_one += int(missing_a)
            nan_two += int(missing_b)
        return differing, nan_one, nan_two

    return compare_block


@kernel_per_kind
def _compare(kind):
    compare_block = _block_comparison(kind)

    def compare(addresses, size, rtol, atol, counts, largest, counter):
        absolute = np.empty(_LANES, np.float64)
        relative = np.empty(_LANES, np.float64)
        while True:
            piece = claim(counter)
            begin = piece * _PIECE
            if begin >= size:
                return
            absolute[:] = 0.0
            relative[:] = 0.0
            differing = nan_one = nan_two = 0
            stop = min(begin + _PIECE, size)
            for start in range(begin, stop, _LANES):
                found = compare_block(
                    addresses[0], addresses[1], start, min(_LANES, stop - start), rtol, atol,
                    absolute, relative,
                )  # fmt: skip
                differing += found[0]
                nan_one += found[1]
                nan_two += found[2]
            counts[0, piece] = differing
            counts[1, piece] = nan_one
            counts[2, piece] = nan_two
            for lane in range(_LANES):
                largest[0, piece] = max(largest[0, piece], absolute[lane])
                largest[1, piece] = max(largest[1, piece], relative[lane])

    return compare
