"""The rows that ``mx.np`` adds to the table of operations, under names with the prefix ``_np_``."""

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
