"""Inputs that several cases use."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

import numparam as mx

MEBI = 1 << 20
SIZE = 16 * MEBI  # elements of a float32 array of 64 MB


def dtype_of(name: str) -> np.dtype:
    """Return a dtype by its name; NumPy alone does not know "bfloat16"."""
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def filled(count: int, dtype: str = "float32") -> list[np.ndarray]:
    """Return `count` arrays of 64 MB, full of 1, of 2, and so on."""
    kind = dtype_of(dtype)
    return [np.full(4 * SIZE // kind.itemsize, i + 1, kind) for i in range(count)]


def in_torch(torch: Any, array: np.ndarray) -> Any:
    """Return a PyTorch tensor in the array's memory."""
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.uint16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def random_rows(seed: int, held: int, rows: int) -> np.ndarray:
    """Return `held` different row numbers below `rows`, ascending."""
    return np.sort(np.random.default_rng(seed).choice(rows, held, replace=False))


def parameters(shapes: list[tuple[int, ...]], contexts: int = 1, **attributes: Any) -> Any:
    """Return a dictionary of parameters, initialized to ones on that many contexts."""
    made = mx.gluon.ParameterDict()
    for i, shape in enumerate(shapes):
        made.get(f"p{i}", shape=shape, **attributes)
    made.initialize(mx.init.One(), ctx=[mx.cpu(i) for i in range(contexts)])
    return made
