"""Conversion of an array to another dtype, and plain copies: what they mean."""

from __future__ import annotations

import numpy as np

from numparam.kernels import _gate


def cast(source: object, dtype: object = None, out: np.ndarray | None = None) -> np.ndarray:
    """Convert an array to another dtype, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.cast.cast`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import cast
    >>> cast.cast(np.float64([-1.9, 300, np.nan]), np.uint8)
    array([255,  44,   0], dtype=uint8)
    """
    array = _gate.source(source, "source")
    if out is None:
        return _converted(array.reshape(-1), _target_dtype(dtype)).reshape(array.shape)
    target = _gate.output(out)
    if dtype is not None and _gate.kind(_target_dtype(dtype)) != _gate.kind(target.dtype):
        raise ValueError(
            f"dtype is {_target_dtype(dtype)} but out is {target.dtype}; "
            "give one of them, or both alike"
        )
    if target.shape != array.shape:
        raise ValueError(f"out must have the source's shape {array.shape}, not {target.shape}")
    _gate.refuse_partial_overlap(target, [array], "source")
    target.reshape(-1)[:] = _converted(array.reshape(-1), target.dtype)
    return out


def copy(source: object, out: np.ndarray | None = None) -> np.ndarray:
    """Copy an array of any layout into a C-contiguous one of the same dtype, bit for bit.

    Parameters and errors are those of `numparam.kernels.cpu.cast.copy`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import cast
    >>> cast.copy(np.arange(4)[::2])
    array([0, 2])
    """
    array = _gate.source(source, "source")
    if out is None:
        return array.copy()
    target = _gate.output(out)
    _gate.same_form(target, array)
    _gate.refuse_partial_overlap(target, [array], "source")
    target[...] = array
    return out


def _target_dtype(dtype: object) -> np.dtype:
    if dtype is None:
        raise TypeError("cast needs the dtype of its result: give dtype or out")
    wanted = np.dtype(dtype)  # type: ignore[call-overload]
    return _gate.BFLOAT16 if _gate.kind(wanted) == "bfloat16" else wanted


def _converted(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    source, target = _gate.kind(array.dtype), _gate.kind(dtype)
    if source == target:
        return array.view(dtype).copy()
    if source == "bfloat16":
        # A bfloat16 is the upper half of a float32.
        array = (array.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    with np.errstate(all="ignore"):
        if target == "bool":
            return array != 0
        if target == "bfloat16":
            if source in _gate.FLOATS:
                return _to_bfloat16(array.astype(np.float64)).view(dtype)
            return _integers_to_bfloat16(array).view(dtype)
        if target in _gate.INTEGERS and source in _gate.FLOATS:
            return _truncated(array.astype(np.float64), target)
        return array.astype(dtype)


def _to_bfloat16(values: np.ndarray) -> np.ndarray:
    """Round float64 to the nearest multiple of the last place of a bfloat16; as uint16."""
    exponents = np.frexp(values)[1]
    last_place = np.maximum(exponents - 8, -133)  # 8 bits; subnormal numbers have fewer
    rounded = np.ldexp(np.rint(np.ldexp(values, -last_place)), last_place)
    return (rounded.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def _integers_to_bfloat16(values: np.ndarray) -> np.ndarray:
    """Round integers to their eight leading bits, ties to even; as uint16."""
    negative = values < 0
    unsigned = values.astype(np.uint64)
    magnitude = np.where(negative, ~unsigned + np.uint64(1), unsigned)
    powers = np.uint64(1) << np.arange(64, dtype=np.uint64)
    bits = np.searchsorted(powers, magnitude, side="right")
    dropped = np.maximum(bits - 8, 0).astype(np.uint64)
    kept = magnitude >> dropped
    rest = magnitude - (kept << dropped)
    half = (np.uint64(1) << dropped) >> np.uint64(1)
    odd = kept & np.uint64(1)
    up = (rest > half) | ((rest == half) & (rest > 0) & (odd > 0))
    rounded = np.ldexp((kept + up).astype(np.float64), dropped.astype(np.int32))
    return _to_bfloat16(np.where(negative, -rounded, rounded))


def _truncated(values: np.ndarray, target: str) -> np.ndarray:
    """Drop the fraction, convert to the carrier type, and keep the low bits for the target."""
    whole = np.trunc(values)
    bits = 64 if target in ("uint32", "int64", "uint64") else 32
    low, high = -(2.0 ** (bits - 1)), 2.0 ** (bits - 1)
    held = (whole >= low) & (whole < high)
    through = np.where(held, whole, low).astype(np.int64)
    if target == "uint64":
        upper = (whole >= high) & (whole < 2.0**64)
        return np.where(
            upper, np.where(upper, whole, 0).astype(np.uint64), through.astype(np.uint64)
        )
    return through.astype(target)
