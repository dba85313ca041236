"""The table of operations on arrays, and `invoke`, which runs them.

Each module here adds rows of one kind. A row says what the operation computes of host arrays, its
inputs and attributes, and which dtypes it takes and gives; `functions` makes a function of
``numparam.nd`` and a method of arrays out of each.
"""

from numparam.ndarray.operations import (
    arithmetic,
    conversion,
    dropout,
    elementwise,
    joining,
    linear,
    losses,
    many,
    normalization,
    optimizer_updates,
    ordering,
    probability_densities,
    reductions,
    retention,
    sampling,
    scattering,
    selection,
    shapes,
    softmax,
    special_functions,
)
from numparam.ndarray.operations.invoke import (
    SPARSE_RULES,
    OperationError,
    invoke,
    sparse_rule,
)
from numparam.ndarray.operations.operation import OPERATIONS, Operation, operation, register

__all__ = [
    "OPERATIONS",
    "SPARSE_RULES",
    "Operation",
    "OperationError",
    "arithmetic",
    "conversion",
    "dropout",
    "elementwise",
    "invoke",
    "joining",
    "linear",
    "losses",
    "many",
    "normalization",
    "operation",
    "optimizer_updates",
    "ordering",
    "probability_densities",
    "reductions",
    "register",
    "retention",
    "sampling",
    "scattering",
    "selection",
    "shapes",
    "softmax",
    "sparse_rule",
    "special_functions",
]
