"""The operations of ``numparam.nd.contrib``.

Written by ``tools/stubs.py``; do not edit.
"""

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from numparam.ndarray.ndarray import NDArray

Ints = int | Sequence[int]
DType = str | type | np.dtype[Any]

__all__ = [
    'arange_like',
    'boolean_mask',
    'getnnz',
    'isfinite',
    'isinf',
    'isnan',
]

def arange_like(data: NDArray, start: float = 0.0, step: float = 1.0, repeat: int = 1, ctx: Any = None, axis: int | None = None, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def boolean_mask(data: NDArray, index: NDArray, axis: int = 0, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def getnnz(data: NDArray, axis: int | None = None, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def isfinite(data: NDArray, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def isinf(data: NDArray, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def isnan(data: NDArray, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
