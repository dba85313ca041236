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
    'adamw_update',
    'mp_adamw_update',
    'multi_adamw_update',
    'multi_lamb_update',
    'multi_mp_adamw_update',
    'multi_mp_lamb_update',
    'rand_zipfian',
    'arange_like',
    'boolean_mask',
    'getnnz',
    'group_adagrad_update',
    'isfinite',
    'isinf',
    'isnan',
]

from numparam.ndarray.updates import adamw_update
from numparam.ndarray.updates import mp_adamw_update
from numparam.ndarray.updates import multi_adamw_update
from numparam.ndarray.updates import multi_lamb_update
from numparam.ndarray.updates import multi_mp_adamw_update
from numparam.ndarray.updates import multi_mp_lamb_update
from numparam.ndarray.zipfian import rand_zipfian
def arange_like(data: NDArray, start: float = 0.0, step: float = 1.0, repeat: int = 1, ctx: Any = None, axis: int | None = None, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def boolean_mask(data: NDArray, index: NDArray, axis: int = 0, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def getnnz(data: NDArray, axis: int | None = None, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def group_adagrad_update(weight: NDArray, grad: NDArray, history: NDArray, lr: float, rescale_grad: float = 1.0, clip_gradient: float = -1.0, epsilon: float = 1e-05, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def isfinite(data: NDArray, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def isinf(data: NDArray, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
def isnan(data: NDArray, out: NDArray | None = None, name: str | None = None) -> NDArray: ...
