"""Retention of rows by id; `numparam.ndarray.sparse` has the rule that computes it."""

from __future__ import annotations

import numpy as np

from numparam.ndarray.operations.invoke import OperationError
from numparam.ndarray.operations.operation import operation, vjp_of

__all__: list[str] = []


@operation("_sparse_retain", agree=False)
def _sparse_retain(data: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Take the rows of given ids from a row-sparse array."""
    raise OperationError(
        "retain takes rows of a row_sparse array, and this one is dense; use take, or "
        "tostype('row_sparse') first"
    )


@vjp_of("_sparse_retain")
def _sparse_retain_vjp(
    cotangent: np.ndarray, *, indices: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], None]:
    ids = np.unique(indices.astype(np.int64))
    return (ids, cotangent[ids]), None
