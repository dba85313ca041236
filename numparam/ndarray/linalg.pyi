"""The operations of ``numparam.nd.linalg``.

Written by ``tools/stubs.py``; do not edit.
"""

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from numparam.ndarray.ndarray import NDArray

Ints = int | Sequence[int]
DType = str | type | np.dtype[Any]

__all__ = [
    'gemm',
    'gemm2',
]

def gemm(A: NDArray, B: NDArray, C: NDArray, transpose_a: bool = False, transpose_b: bool = False, alpha: float = 1.0, beta: float = 1.0, axis: int = -2, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def gemm2(A: NDArray, B: NDArray, transpose_a: bool = False, transpose_b: bool = False, alpha: float = 1.0, axis: int = -2, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
