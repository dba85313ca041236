"""Sum and mean of arrays of one shape, in one blocked pass."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _gate
from numparam.kernels.cpu import _float_sums, _pool
from numparam.kernels.cpu._elements import claim, load, minimum, store
from numparam.kernels.cpu._jit import inline, kernel, kernel_per_kind
from numparam.kernels.cpu._float_sums import combine_narrow as _combine_narrow, combine_float64 as _combine_float64

_BLOCK=1024
_PIECE = _float_sums.PIECE


def add_n(sources: Iterable[object], out: np.ndarray | None = None) -> np.ndarray:
    """Sum k arrays element by element, in the order given, rounding once.

    Parameters
    ----------
    sources : iterable of array_like
        k ≥ 1 arrays of one shape and one dtype, of any layout and byte order.
    out : numpy.ndarray, optional
        Receives the result: C-contiguous, of the sources' shape and dtype. It may be exactly one of
        the sources; it may not overlap one partly. A new array by default.

    Returns
    -------
    numpy.ndarray
        `out`, or the new array.

    Raises
    ------
    TypeError
        If the dtype is not one of the kernels', or `out` is not an array.
    ValueError
        If there is no source, if shapes or dtypes differ, or if `out` cannot be written.

    Notes
    -----
    float32 is accumulated in float64, float16 and bfloat16 in float32, float64 in pairs of float64;
    each result is rounded once. Integers wrap as their dtype does; booleans are or-ed.
    Moves (k + 1) × nbytes; O(k × size). MXNet's ``add_n`` accumulates in the dtype itself.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import average
    >>> average.add_n([np.float32([1, 2]), np.float32([10, 20])])
    array([11., 22.], dtype=float32)
    """
    arrays = _gate.sources(sources)
    return _combine(arrays, 1, out)


def mean(sources: Iterable[object], out: np.ndarray | None = None) -> np.ndarray:
    """Average k arrays element by element, rounding once.

    Parameters
    ----------
    sources : iterable of array_like
        k ≥ 1 arrays of one shape and one dtype, of any layout and byte order.
    out : numpy.ndarray, optional
        Receives the result: C-contiguous, of the sources' shape and dtype. It may be exactly one of
        the sources; it may not overlap one partly. A new array by default.

    Returns
    -------
    numpy.ndarray
        `out`, or the new array.

    Raises
    ------
    TypeError
        If the dtype is not one of the kernels', or `out` is not an array.
    ValueError
        If there is no source, if shapes or dtypes differ, if boolean sources differ, or if `out`
        cannot be written.

    Notes
    -----
    The mean of k identical copies is that copy, bit for bit: MXNet sums in the dtype itself, and
    changes a third of all float32 elements at k = 3. float32 is accumulated in float64, float16 and
    bfloat16 in float32, float64 in pairs of float64 (Knuth's TwoSum, The Art of Computer
    Programming 2, 4.2.2; Dekker's product, doi:10.1007/BF01397083). Integers are summed exactly and
    truncated toward zero, as MXNet truncates; they never wrap.
    Moves (k + 1) × nbytes; O(k × size).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import average
    >>> average.mean([np.int32([-3]), np.int32([0])])
    array([-1], dtype=int32)
    """
    arrays = _gate.sources(sources)
    return _combine(arrays, len(arrays), out)


def _combine(arrays: list[np.ndarray], divisor: int, out: np.ndarray | None) -> np.ndarray:
    first = arrays[0]
    kind = _gate.kind(first.dtype)
    size = first.size
    if out is None:
        target = np.empty(first.shape, first.dtype)
    else:
        target = _gate.output(out)
        _gate.same_form(target, first)
    # The last address is the output's.
    addresses = np.array(_gate.addresses_apart([*arrays, target]), np.int64)
    nbytes = (len(arrays) + 1) * target.nbytes
    pieces = -(-size // _PIECE)
    if kind == "bool" and divisor > 1:
        differing = np.full(1, len(arrays), np.int64)
        _pool.run(_find_differing, addresses, size, differing, nbytes=nbytes, pieces=pieces)
        if differing[0] < len(arrays):
            raise ValueError(_gate.booleans_differ(int(differing[0])))
    call = _KERNELS[kind](kind)
    _pool.run(call, addresses, size, divisor, nbytes=nbytes, pieces=pieces)
    return target if out is None else out


@kernel_per_kind
def _combine_integers(kind):
    """Integers whose sums of many an int64 holds."""

    def combine_range(addresses, size, divisor, counter):
        last = len(addresses) - 2
        out = addresses[last + 1]
        total = np.empty(_BLOCK, np.int64)
        while True:
            piece = claim(counter) * _PIECE
            if piece >= size:
                return
            for start in range(piece, min(piece + _PIECE, size), _BLOCK):
                count = min(_BLOCK, size - start)
                source = addresses[0]
                for i in range(count):
                    total[i] = load(source, start + i, kind)
                for k in range(1, last + 1):
                    source = addresses[k]
                    for i in range(count):
                        total[i] += load(source, start + i, kind)
                if divisor > 1:
                    for i in range(count):
                        quotient = abs(total[i]) // divisor
                        total[i] = -quotient if total[i] < 0 else quotient
                for i in range(count):
                    store(out, start + i, total[i], kind)

    return combine_range


@kernel_per_kind
def _combine_64_bits(kind):
    """64-bit integers: quotients and remainders are summed apart, so that nothing wraps."""
    element = np.dtype(kind).type

    def combine_range(addresses, size, divisor, counter):
        last = len(addresses) - 2
        out = addresses[last + 1]
        step = element(divisor)
        zero = element(0)
        one = element(1)
        while True:
            piece = claim(counter) * _PIECE
            if piece >= size:
                return
            for i in range(piece, min(piece + _PIECE, size)):
                whole = zero
                rest = zero
                if divisor == 1:
                    for k in range(last + 1):
                        whole += load(addresses[k], i, kind)
                else:
                    for k in range(last + 1):
                        value = load(addresses[k], i, kind)
                        # Floor division: the rest is in 0 … divisor - 1 and its sum small.
                        part = value // step
                        whole += part
                        rest += value - part * step
                        if rest >= step:
                            rest -= step
                            whole += one
                    if whole < zero and rest > zero:
                        whole += one  # from the floor to truncation toward zero
                store(out, i, whole, kind)

    return combine_range


@kernel_per_kind
def _combine_booleans(kind):
    def combine_range(addresses, size, divisor, counter):
        last = len(addresses) - 2
        out = addresses[last + 1]
        while True:
            piece = claim(counter) * _PIECE
            if piece >= size:
                return
            for i in range(piece, min(piece + _PIECE, size)):
                value = load(addresses[0], i, kind)
                for k in range(1, last + 1):
                    value |= load(addresses[k], i, kind)
                store(out, i, value, kind)

    return combine_range


@kernel
def _find_differing(addresses, size, differing, counter):
    """Lower differing[0] to the first source that differs from source 0, if any does."""
    last = len(addresses) - 2
    while True:
        piece = claim(counter) * _PIECE
        if piece >= size:
            return
        for k in range(1, last + 1):
            for i in range(piece, min(piece + _PIECE, size)):
                if load(addresses[k], i, "bool") != load(addresses[0], i, "bool"):
                    minimum(differing, k)
                    break


_KERNELS = dict.fromkeys(("float16", "bfloat16", "float32"), _combine_narrow)
_KERNELS["float64"] = lambda kind: _combine_float64
_KERNELS |= dict.fromkeys(
    ("int8", "int16", "int32", "uint8", "uint16", "uint32"), _combine_integers
)
_KERNELS |= dict.fromkeys(("int64", "uint64"), _combine_64_bits)
_KERNELS["bool"] = _combine_booleans
