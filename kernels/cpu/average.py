"""Sum and mean of arrays of one shape, in one blocked pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from numparam.kernels import _gate
from numparam.kernels.cpu import _float_sums, _integer_sums, _pool


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
    Of up to 4,096 arrays of float16, bfloat16 and float32, each result is the exact sum, rounded
    once to the nearest number, ties to even; beyond, sums are accumulated in float64. float64 is
    accumulated in pairs of float64. Integers wrap as their dtype does; booleans are or-ed.
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
    changes a third of all float32 elements at k = 3. Of up to 4,096 arrays of float16, bfloat16 and
    float32, each result is the exact mean, rounded once to the nearest number, ties to even;
    beyond, sums are accumulated in float64. float64 is accumulated in pairs of float64 (Knuth's
    TwoSum, The Art of Computer Programming 2, 4.2.2; Dekker's product, doi:10.1007/BF01397083).
    Integers are summed exactly and
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
    pieces = -(-size // _float_sums.PIECE)
    if kind == "bool" and divisor > 1:
        differing = np.full(1, len(arrays), np.int64)
        _pool.run(
            _integer_sums.find_differing, addresses, size, differing, nbytes=nbytes, pieces=pieces
        )
        if differing[0] < len(arrays):
            raise ValueError(_gate.booleans_differ(int(differing[0])))
    call = _kernel(kind, len(arrays), divisor)
    _pool.run(call, addresses, size, divisor, nbytes=nbytes, pieces=pieces)
    return target if out is None else out


def _kernel(kind: str, count: int, divisor: int) -> Any:
    if kind == "float64":
        return _float_sums.combine_float64
    if kind in _gate.FLOATS:
        return _float_sums.combine_narrow(kind)
    if kind == "bool":
        return _integer_sums.combine_booleans(kind)
    if divisor == 1:
        return _integer_sums.add_integers(kind)
    if kind in ("int64", "uint64"):
        return _integer_sums.mean_64_bits(kind)
    if count <= _integer_sums.MOST_NARROW:
        return _integer_sums.mean_integers(kind)
    return _integer_sums.mean_many_integers(kind)
