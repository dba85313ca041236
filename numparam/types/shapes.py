"""Shapes with unknown dimensions."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from numparam.modes.np_mode import is_np_shape

__all__ = ["InvalidShapeError", "as_integers", "shape_is_known"]


class InvalidShapeError(ValueError, AssertionError):
    """A dimension is below -1, which stands for an unknown one.

    Also an AssertionError, as in MXNet.
    """


def shape_is_known(shape: Sequence[int] | None) -> bool:
    """Return whether every dimension of a shape is known.

    Parameters
    ----------
    shape : sequence of int, or None
        Elements along each axis. An unknown dimension is -1, and 0 too unless NumPy shapes are on
        (:func:`numparam.modes.np_mode.np_shape`).

    Returns
    -------
    bool
        False for None and for a shape with an unknown dimension. ``()`` is the shape of a scalar,
        and so known, only when NumPy shapes are on.

    Raises
    ------
    InvalidShapeError
        If a dimension is below -1 and no dimension before it is unknown. Also an AssertionError.

    Notes
    -----
    In MXNet 1.9.1 -1 is an error unless NumPy shapes are on; here it is unknown in every mode.

    Examples
    --------
    >>> shape_is_known((2, 3)), shape_is_known((2, 0)), shape_is_known((2, -1))
    (True, False, False)
    """
    if shape is None:
        return False
    numpy_shapes = is_np_shape()
    if len(shape) == 0:
        return numpy_shapes
    for size in shape:
        if size == -1 or (size == 0 and not numpy_shapes):
            return False
        if size < -1:
            raise InvalidShapeError(
                f"Shape {tuple(shape)} has the dimension {size}; the smallest is -1, which means "
                "unknown"
            )
    return True


def as_integers(value: Any) -> tuple[int, ...]:
    """Return an integer, or a sequence or one-dimensional array of integers, as a tuple of int.

    Parameters
    ----------
    value : int, or iterable or array of int
        Integers of NumPy and arrays of one element without dimensions are integers, too.

    Raises
    ------
    TypeError
        If it is something else.

    Examples
    --------
    >>> import numpy as np
    >>> as_integers(np.int64(2)), as_integers(np.array([2, 3])), as_integers(range(2))
    ((2,), (2, 3), (0, 1))
    """
    ordered = isinstance(value, Iterable) and not isinstance(value, (Set, Mapping))
    several = ordered and getattr(value, "ndim", 1) > 0
    return tuple(map(operator.index, value)) if several else (operator.index(value),)
