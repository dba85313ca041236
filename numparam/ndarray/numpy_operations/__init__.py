"""The operations of ``mx.np``: rows of the table whose names begin with ``_np_``."""

from numparam.ndarray.numpy_operations import (
    arithmetic,
    elementwise,
    joining,
    linear,
    reductions,
    selection,
    shapes,
)

__all__ = [
    "arithmetic",
    "elementwise",
    "joining",
    "linear",
    "reductions",
    "selection",
    "shapes",
]
