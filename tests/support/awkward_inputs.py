"""Inputs that kernels tend to get wrong, made for any dtype."""

from __future__ import annotations

import ml_dtypes
import numpy as np

KINDS = (
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64", "bool",
)  # fmt: skip


# For kernels made of functions that other tests try with every kind: one of each way in which
# numbers are added up and rounded.
SAMPLED = (
    "float16", "bfloat16", "float32", "float64", "int8", "int64", "uint64", "bool",
)  # fmt: skip


def dtype_of(kind: str) -> np.dtype:
    return np.dtype(ml_dtypes.bfloat16 if kind == "bfloat16" else kind)


def values(kind: str, size: int, seed: int = 0) -> np.ndarray:
    """Random numbers of all magnitudes, with every special value of the dtype strewn in."""
    generator = np.random.default_rng(seed)
    dtype = dtype_of(kind)
    if kind == "bool":
        return generator.integers(0, 2, size).astype(bool)
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        drawn = generator.integers(bounds.min, bounds.max, size, dtype, endpoint=True)
        small = generator.integers(0, 100, size).astype(dtype)
        drawn = np.where(generator.random(size) < 0.5, drawn, small)
        special = np.array([bounds.min, bounds.max, 0, 1], dtype)
    else:
        info = ml_dtypes.finfo(dtype)
        exponent = generator.uniform(-6, 6, size)
        drawn = (generator.standard_normal(size) * 2.0**exponent).astype(dtype)
        special = np.array(
            [np.nan, np.inf, -np.inf, -0.0, 0.0, float(info.smallest_subnormal),
             -float(info.smallest_subnormal), float(info.max), float(info.min),
             float(info.tiny), 1.0, -1.0],
            dtype,
        )  # fmt: skip
    strewn = generator.random(size) < 0.1
    return np.where(strewn, generator.choice(special, size), drawn).astype(dtype)


def layouts(array: np.ndarray) -> dict[str, np.ndarray]:
    """The same values in memory that no kernel may walk as if it were plain."""
    strided = np.repeat(array, 2, axis=0)[::2]
    reversed_ = np.ascontiguousarray(array[::-1])[::-1]
    read_only = array.copy()
    read_only.flags.writeable = False
    made = {
        "strided": strided,
        "reversed": reversed_,
        "fortran": np.asfortranarray(array),
        "read-only": read_only,
    }
    if array.dtype.itemsize > 1:
        bytes_ = np.zeros(array.nbytes + 1, np.uint8)
        unaligned = bytes_[1:].view(array.dtype).reshape(array.shape)
        unaligned[...] = array
        made["unaligned"] = unaligned
        if array.dtype.kind != "V" and array.dtype.name != "bfloat16":
            made["big-endian"] = array.astype(array.dtype.newbyteorder(">"))
    return made


def same_bits(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether two arrays agree in dtype, shape and every bit; any NaN equals any NaN."""
    if left.dtype != right.dtype or left.shape != right.shape:
        return False
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    raw = np.dtype(f"u{left.dtype.itemsize}")
    same = left.reshape(-1).view(raw) == right.reshape(-1).view(raw)
    if left.dtype.kind not in "iub":
        same |= np.isnan(left.reshape(-1)) & np.isnan(right.reshape(-1))
    return bool(same.all())
