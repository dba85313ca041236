"""Multiplication by a mask that drops elements; `numparam.ndarray.dropout` draws the mask."""

from __future__ import annotations

import numpy as np

from numparam.ndarray.operations.operation import operation, vjp_of

__all__: list[str] = []

Array = np.ndarray


@operation("_dropout", agree=False)
def _dropout(data: Array, mask: Array) -> Array:
    """Multiply by a mask that broadcasts: 0 for dropped elements, ``1 / (1 - p)`` elsewhere."""
    return data * mask


@vjp_of("_dropout")
def _dropout_vjp(cotangent: Array, *, mask: Array) -> tuple[Array, None]:
    return cotangent * mask, None
