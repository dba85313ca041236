"""Sparse arrays: ``numparam.nd.sparse``, with the names of MXNet's ``mxnet.nd.sparse``.

Row-sparse arrays store some of their rows, csr matrices some of their elements; the rest is zero.
Operations keep them sparse where MXNet does, and no operation makes a dense array on the way to a
sparse result.

Examples
--------
>>> import numparam as mx
>>> gradient = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 2]), shape=(1000, 2))
>>> (gradient * 10).indices.asnumpy()
array([0, 2])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numparam._missing import missing, show_public_names
from numparam.ndarray import op
from numparam.ndarray.functions import function_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse import (  # noqa: F401 - they register rules
    elementwise,
    extrema,
    like_rules,
    linear,
    products,
    reductions,
    retention,
    scattering,
    sums,
    updates,
)
from numparam.ndarray.sparse.arithmetic import add, divide, multiply, subtract
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.ndarray.sparse.conversion import from_dense
from numparam.ndarray.sparse.creation import array, csr_matrix, empty, row_sparse_array, zeros
from numparam.ndarray.sparse.csr import CSRNDArray
from numparam.ndarray.sparse.errors import (
    NotSparseError,
    SparseArgumentError,
    SparseFormatError,
    SparseKeyError,
    StorageTypePairError,
)
from numparam.ndarray.sparse.retention import retain
from numparam.ndarray.sparse.row_sparse import RowSparseNDArray

# MXNet has it for sparse arrays alone.
adagrad_update = function_of("_adagrad_update", "_")

__all__ = [
    "BaseSparseNDArray",
    "CSRNDArray",
    "NDArray",
    "NotSparseError",
    "RowSparseNDArray",
    "SparseArgumentError",
    "SparseFormatError",
    "SparseKeyError",
    "StorageTypePairError",
    "adagrad_update",
    "add",
    "array",
    "csr_matrix",
    "divide",
    "empty",
    "from_dense",
    "multiply",
    "retain",
    "row_sparse_array",
    "subtract",
    "zeros",
]


if TYPE_CHECKING:
    # The functions that `__getattr__` finds; four are defined here.
    from numparam.ndarray.op import *  # type: ignore[assignment]  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        # The operations handle every storage type, so they are those of numparam.nd.
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in op.__all__:
            raise missing(
                __name__,
                name,
                [*__all__, *op.__all__],
                "It makes sparse arrays, and has the operations of numparam.nd",
            )
        return getattr(op, name)


show_public_names(__name__)
