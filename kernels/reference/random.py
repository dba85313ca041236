"""Random bits, uniform and normal numbers: the meaning of the fills, on whole arrays at once."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from numparam.kernels import _distributions, _philox, _polynomials


def _view_as(dtype: type) -> Callable[[np.ndarray], np.ndarray]:
    return operator.methodcaller("view", dtype)


_normals_float32 = _polynomials.normals_float32(
    operator.mul, np.sqrt, _view_as(np.int32), _view_as(np.float32)
)
_normals_float64 = _polynomials.normals_float64(
    operator.mul, np.sqrt, _view_as(np.int64), _view_as(np.float64)
)


def bits(out: np.ndarray, *, seed: int, offset: int = 0, stream: int = 0) -> int:
    """Fill `out` with random 32-bit words: Philox 4×32-10.

    Parameters, return value and errors are those of `numparam.kernels.cpu.random.bits`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import random
    >>> words = np.empty(4, np.uint32)
    >>> random.bits(words, seed=0)
    1
    >>> [f"{word:08x}" for word in words]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    target, kind = _distributions.destination(out, ("uint32",))
    state, following = _distributions.counters(target.size, kind, seed, offset, stream)
    _commit(_words(state, following), target)
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

    Parameters, return value and errors are those of `numparam.kernels.cpu.random.uniform`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import random
    >>> values = np.empty(3, np.float32)
    >>> random.uniform(values, 5.0, 5.0, seed=1)
    1
    >>> values
    array([5., 5., 5.], dtype=float32)
    """
    target, kind = _distributions.destination(out)
    lower, span, top = _distributions.uniform_bounds(low, high, kind)
    state, following = _distributions.counters(target.size, kind, seed, offset, stream)
    words = _words(state, following)
    if kind == "float64":
        fractions = (_joined(words) >> np.uint64(11)) * 2.0**-53
    else:
        fractions = (words >> np.uint64(8)).astype(np.float32) * np.float32(2.0**-24)
    working = fractions.dtype.type
    values = working(lower) + fractions * working(span)
    _commit(np.where(values < working(top), values, working(top)), target)
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

    Parameters, return value and errors are those of `numparam.kernels.cpu.random.normal`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import random
    >>> values = np.empty(3, np.float32)
    >>> random.normal(values, 2.0, 0.0, seed=1)
    1
    >>> values
    array([2., 2., 2.], dtype=float32)
    """
    target, kind = _distributions.destination(out)
    centre, spread = _distributions.normal_moments(mean, sigma, kind)
    state, following = _distributions.counters(target.size, kind, seed, offset, stream)
    words = _words(state, following)
    if kind == "float64":
        wide = _joined(words)
        pairs = _normals_float64(wide[0::2], wide[1::2])
    else:
        pairs = _normals_float32(words[0::2], words[1::2])
    standard = np.stack(pairs, axis=1).reshape(-1)
    working = standard.dtype.type
    with np.errstate(over="ignore"):
        _commit(working(centre) + standard * working(spread), target)
    return following


def _words(state: np.ndarray, following: int) -> np.ndarray:
    """Return the words of all blocks from the offset to `following`, as uint64 below 2**32."""
    seed, stream, offset = state
    numbers = offset + np.arange(following - int(offset), dtype=np.uint64)
    return np.stack(_philox.block(numbers, stream, seed), axis=1).reshape(-1)


def _joined(words: np.ndarray) -> np.ndarray:
    return (words[1::2] << np.uint64(32)) | words[0::2]


def _commit(values: np.ndarray, target: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        target.reshape(-1)[...] = values[: target.size].astype(target.dtype)
