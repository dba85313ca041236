"""Arguments for axes: one, several, counted from the end, or all."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

__all__ = ["axes_of", "axis_of", "integers"]


def axis_of(axis: Any, ndim: int) -> int:
    """Return an axis counted from the start.

    Raises
    ------
    ValueError
        If there is no such axis.
    """
    number = int(axis)
    if not -ndim <= number < ndim:
        raise ValueError(f"axis {number} is outside of an array with {ndim} dimensions")
    return number % ndim


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the start, in ascending order; None and () mean all."""
    if type(axis) is int:
        return (axis_of(axis, ndim),)
    numbers = integers(axis)
    if not numbers:
        return tuple(range(ndim))
    axes = sorted(axis_of(number, ndim) for number in numbers)
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis {axis} names an axis twice")
    return tuple(axes)


def integers(value: Any) -> tuple[int, ...]:
    """Return a tuple of integers from an integer, a sequence, or a string."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = ast.literal_eval(value)
    if isinstance(value, Iterable) and getattr(value, "ndim", 1) > 0:
        return tuple(int(entry) for entry in value)
    return (int(value),)
