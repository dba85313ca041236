"""Sum and mean of arrays of one shape: the meaning of averaging over contexts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from numparam.kernels import _exact_sums, _gate
from numparam.kernels._pair_constants import DOWN, HUGE, SPLIT
from numparam.kernels.reference import cast


def add_n(sources: Iterable[object], out: np.ndarray | None = None) -> np.ndarray:
    """Sum k arrays element by element, in the order given, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.average.add_n`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import average
    >>> average.add_n([np.float32([1, 2]), np.float32([10, 20])])
    array([11., 22.], dtype=float32)
    """
    arrays = _gate.sources(sources)
    return _commit(_combined(arrays, 1, _gate.kind(arrays[0].dtype)), arrays, out)


def mean(sources: Iterable[object], out: np.ndarray | None = None) -> np.ndarray:
    """Average k arrays element by element, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.average.mean`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import average
    >>> average.mean([np.int32([-3]), np.int32([0])])  # integers truncate toward zero
    array([-1], dtype=int32)
    """
    arrays = _gate.sources(sources)
    kind = _gate.kind(arrays[0].dtype)
    if kind == "bool":
        for i, array in enumerate(arrays):
            if not np.array_equal(array, arrays[0]):
                raise ValueError(_gate.booleans_differ(i))
    return _commit(_combined(arrays, len(arrays), kind), arrays, out)


def _commit(result: np.ndarray, arrays: list[np.ndarray], out: np.ndarray | None) -> np.ndarray:
    if out is None:
        return np.asarray(result)  # of arrays without dimensions NumPy makes a scalar
    target = _gate.output(out)
    _gate.same_form(target, arrays[0])
    _gate.refuse_partial_overlap(target, arrays, "sources")
    target[...] = result
    return out


def _combined(arrays: list[np.ndarray], divisor: int, kind: str) -> np.ndarray:
    dtype = arrays[0].dtype
    with np.errstate(all="ignore"):
        if kind == "float64":
            return _combined_float64(arrays, divisor)
        if kind in ("float16", "bfloat16", "float32"):
            return _combined_narrow(arrays, divisor)
        if kind == "bool":
            return np.logical_or.reduce(arrays)
        return _combined_integers(arrays, divisor).astype(dtype)


def _combined_narrow(arrays: list[np.ndarray], divisor: int) -> np.ndarray:
    """Divide exact sums with 53 bits, so that one rounding to the dtype remains.

    An exact sum's quotient in float64 is nearer to the exact quotient than any number, or middle
    between two numbers, of the narrower types is, unless it is one of these itself.
    """
    total = arrays[0].astype(np.float64)
    exact = np.ones(total.shape, bool)
    for array in arrays[1:]:
        total, dropped = _two_sum(total, array.astype(np.float64))
        exact &= dropped == 0
    quotient = np.asarray(total / divisor)
    if max(len(arrays), divisor) <= _exact_sums.MOST:
        for where in np.argwhere(~exact & np.isfinite(total)):
            place = tuple(where)
            numbers = [Fraction(float(array[place])) for array in arrays]
            quotient[place] = _to_odd(sum(numbers, Fraction(0)) / divisor)
    if arrays[0].dtype == _gate.BFLOAT16:
        return cast._to_bfloat16(quotient).view(_gate.BFLOAT16)
    return quotient.astype(arrays[0].dtype)


def _to_odd(exact: Fraction) -> float:
    """Truncate a number to 53 bits (or at 2**-400, far below any float32), and set the last bit."""
    quotient, rest = divmod(abs(exact.numerator) << 400, exact.denominator)
    cut = max(0, quotient.bit_length() - 53)
    inexact = rest > 0 or quotient & ((1 << cut) - 1) > 0
    value = math.ldexp((quotient >> cut) | inexact, cut - 400)
    return -value if exact < 0 else value


def _combined_integers(arrays: list[np.ndarray], divisor: int) -> np.ndarray:
    """Sum and divide in Python's integers, which never wrap."""
    # In one dimension, since NumPy makes objects of arrays of objects without any.
    total = sum(array.reshape(-1).astype(object) for array in arrays)
    if divisor > 1:
        quotient = np.abs(total) // divisor
        total = np.where(total < 0, -quotient, quotient)
    bits = 8 * arrays[0].itemsize
    wrapped = (total & ((1 << bits) - 1)).astype(np.uint64).astype(np.dtype(f"uint{bits}"))
    return wrapped.view(arrays[0].dtype).reshape(arrays[0].shape)


def _combined_float64(arrays: list[np.ndarray], divisor: int) -> np.ndarray:
    """Sum in pairs of float64, without loss (Knuth's TwoSum), then divide the pair."""
    high, low = _pair_sum(arrays, 1.0)
    plain = _divided(high, low, float(divisor))
    scaled = _divided(*_pair_sum(arrays, DOWN), float(divisor)) / DOWN
    careful = np.where(np.isfinite(scaled * DOWN), scaled, high)
    return np.where(np.abs(high) < HUGE, plain, careful)


def _pair_sum(arrays: list[np.ndarray], scale: float) -> tuple[np.ndarray, np.ndarray]:
    high = arrays[0] * scale
    low = np.zeros_like(high)
    for array in arrays[1:]:
        high, dropped = _two_sum(high, array * scale)
        low = low + dropped
    return high, low


def _two_sum(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rounded sum and what rounding dropped, exactly (Knuth)."""
    total = first + second
    back = total - first
    return total, (first - (total - back)) + (second - back)


def _divided(high: np.ndarray, low: np.ndarray, divisor: float) -> np.ndarray:
    quotient = high / divisor
    # The remainder high - quotient * divisor, exactly: Dekker's product of split factors.
    big = SPLIT * quotient
    upper = big - (big - quotient)
    lower = quotient - upper
    product = quotient * divisor
    error = (upper * divisor - product) + lower * divisor
    correction = (((high - product) - error) + low) / divisor
    # -0.0 + 0.0 is 0.0, and the mean of copies of -0.0 is -0.0.
    return np.where(correction == 0, quotient, quotient + correction)
