"""Arguments of the random fills, checked and rounded alike in every backend."""

from __future__ import annotations

import functools
import operator

import numpy as np

from numparam.kernels import _gate

# Values made from one block of four 32-bit words. 16-bit values are rounded float32 ones.
VALUES_PER_BLOCK = {"float32": 4, "float16": 4, "bfloat16": 4, "float64": 2, "uint32": 4}

_WORKING = dict.fromkeys(("float32", "float16", "bfloat16"), np.float32)
_WORKING["float64"] = np.float64
_DTYPE = {name: np.dtype(name) for name in ("float32", "float16", "float64")}
_DTYPE["bfloat16"] = _gate.BFLOAT16


def destination(out: object, kinds: tuple[str, ...] = _gate.FLOATS) -> tuple[np.ndarray, str]:
    """Check that `out` can be filled in place; return it and its element kind."""
    target = _gate.output(out)
    kind = _gate.kind(target.dtype)
    if kind not in kinds:
        raise TypeError(
            f"out must be an array of {' or '.join(kinds)} to be filled, not of {target.dtype}"
        )
    return target, kind


def counters(
    size: int, kind: str, seed: object, offset: object, stream: object
) -> tuple[np.ndarray, int]:
    """Check a fill's place in the generator's sequence.

    Returns
    -------
    state : numpy.ndarray
        uint64, (3,): seed, stream, offset. An array, because one compiled kernel takes it whatever
        the numbers; Numba types Python's integers by their values.
    following : int
        The first block after the fill.
    """
    numbers = [
        _word_64(value, name)
        for value, name in ((seed, "seed"), (stream, "stream"), (offset, "offset"))
    ]
    blocks = -(-size // VALUES_PER_BLOCK[kind])
    following = numbers[2] + blocks
    if following >= 1 << 64:
        raise ValueError(
            f"offset {numbers[2]} leaves fewer than the {blocks} blocks that {size} {kind} values "
            "take before the counter ends at 2**64; use another stream"
        )
    return np.array(numbers, np.uint64), following


def _word_64(value: object, name: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {type(value).__name__}") from None
    if not 0 <= number < 1 << 64:
        raise ValueError(f"{name} must be from 0 to 2**64 - 1, not {number}")
    return number


def uniform_bounds(low: object, high: object, kind: str) -> tuple[float, float, float]:
    """Check the bounds and round them to `kind`.

    Returns
    -------
    low, span, top : float
        The lower bound, the distance to the upper one rounded to the working precision, and the
        largest value of `kind` below the upper one: rounding may carry a value no further. Where
        the bounds are equal, `top` is their value.
    """
    return _uniform_bounds(_real(low, "low"), _real(high, "high"), kind)


def normal_moments(mean: object, sigma: object, kind: str) -> tuple[float, float]:
    """Check mean and standard deviation and round them to the working precision of `kind`."""
    return _normal_moments(_real(mean, "mean"), _real(sigma, "sigma"), kind)


# NumPy's scalars take longer than filling a small array, and most fills repeat a few arguments.
@functools.lru_cache(256)
def _uniform_bounds(low: float, high: float, kind: str) -> tuple[float, float, float]:
    dtype = _DTYPE[kind]
    lower = _rounded(low, "low", dtype)
    upper = _rounded(high, "high", dtype)
    if lower > upper:
        raise ValueError(f"low must not be above high: {low} and {high} as {dtype}")
    working = _WORKING[kind]
    with np.errstate(over="ignore"):
        span = working(upper) - working(lower)
    if not np.isfinite(span):
        raise ValueError(
            f"high - low must be finite in {np.dtype(working)}; from {low} to {high} it is not"
        )
    top = lower if lower == upper else np.nextafter(upper, dtype.type(-np.inf))
    return float(lower), float(span), float(top)


@functools.lru_cache(256)
def _normal_moments(mean: float, sigma: float, kind: str) -> tuple[float, float]:
    dtype = np.dtype(_WORKING[kind])
    centre = float(_rounded(mean, "mean", dtype))
    spread = float(_rounded(sigma, "sigma", dtype))
    if sigma < 0:
        raise ValueError(f"sigma must not be negative, but is {sigma}")
    return centre, spread


def _real(value: object, name: str) -> float:
    if type(value) is float:
        return value
    if (
        isinstance(value, (str, bytes, complex))
        or np.ndim(value)
        or not hasattr(value, "__float__")
    ):
        raise TypeError(f"{name} must be a real number, not {type(value).__name__}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must be finite, but is beyond float64") from None


def _rounded(value: float, name: str, dtype: np.dtype) -> np.generic:
    with np.errstate(over="ignore"):
        rounded = np.float64(value).astype(dtype)
    if not np.isfinite(rounded):
        raise ValueError(f"{name} must be finite in {dtype}, but is {value}")
    return rounded + dtype.type(0)  # no -0.0: the caches above take it for 0.0
