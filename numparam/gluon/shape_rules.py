"""Rules for shapes of parameters, in which dimensions may be unknown.

Unknown dimensions are 0 or -1, whatever the NumPy modes say. ``()`` is the shape of a scalar; MXNet
takes it for an unknown shape where NumPy shapes are off, which nothing can make known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.formats.quoting import quoted
from numparam.gluon.errors import ShapeMismatchError
from numparam.types.shapes import InvalidShapeError, as_integers

__all__ = ["Shape", "as_shape", "filled_in", "is_known", "merged"]

Shape = tuple[int, ...]

_UNKNOWN = (0, -1)


def as_shape(shape: Any, name: str) -> Shape | None:
    """Return a shape as a tuple of int.

    Parameters
    ----------
    shape : int, sequence of int or None
        As it was given. An integer is the shape of a vector.
    name : str
        The parameter's name, for messages.

    Returns
    -------
    tuple of int, or None
        None stays None.

    Raises
    ------
    InvalidShapeError
        If it is something else, or a dimension is below -1: a ValueError and an AssertionError.

    Examples
    --------
    >>> as_shape([2, 3], "weight"), as_shape(5, "bias")
    ((2, 3), (5,))
    """
    if type(shape) is tuple:
        for size in shape:
            if type(size) is not int or size < -1:
                break
        else:
            return shape
    if shape is None:
        return None
    try:
        sizes = as_integers(shape)
    except TypeError:
        raise InvalidShapeError(
            f"Parameter {quoted(name)}: a shape is an integer or a tuple of integers; got "
            f"{shape!r}."
        ) from None
    if sizes and min(sizes) < -1:
        raise InvalidShapeError(
            f"Parameter {quoted(name)}: shape {sizes} has a negative dimension. Sizes are at least "
            "1; 0 or -1 means that a size is not known yet."
        )
    return sizes


def is_known(shape: Sequence[int] | None) -> bool:
    """Return whether a shape is known, so that a parameter of this shape can have arrays.

    Examples
    --------
    >>> is_known((2, 3)), is_known(()), is_known((2, 0)), is_known((2, -1)), is_known(None)
    (True, True, False, False, False)
    """
    return shape is not None and 0 not in shape and -1 not in shape


def filled_in(stored: Shape | None, given: Shape, name: str) -> Shape:
    """Return a parameter's shape after another one is assigned to it.

    Parameters
    ----------
    stored : tuple of int or None
        The parameter's shape.
    given : tuple of int
        The new one. Unknown dimensions of `stored` may get any size; known ones must be equal.
    name : str
        The parameter's name, for messages.

    Returns
    -------
    tuple of int
        `given`.

    Raises
    ------
    ShapeMismatchError
        If they do not fit: a ValueError and an AssertionError.

    Examples
    --------
    >>> filled_in((0, 3), (2, 3), "weight")
    (2, 3)
    """
    if stored is None or (
        len(stored) == len(given)
        and all(old in (*_UNKNOWN, new) for old, new in zip(stored, given, strict=True))
    ):
        return given
    raise ShapeMismatchError(
        f"Parameter {quoted(name)} has shape {stored}, which shape {given} does not fit: the "
        "number of dimensions must be equal, and each size too unless it is unknown (0 or -1)."
    )


def merged(stored: Shape, wanted: Shape) -> Shape | None:
    """Combine two shapes in which dimensions may be unknown.

    Parameters
    ----------
    stored, wanted : tuple of int
        The parameter's shape, and the one that it should have.

    Returns
    -------
    tuple of int, or None
        What both know; where neither does, the dimension of `stored`. None if they contradict
        each other.

    Examples
    --------
    >>> merged((0, 3), (2, 0)), merged((2, 3), (2, 4))
    ((2, 3), None)
    """
    if len(stored) != len(wanted):
        return None
    sizes = []
    for old, new in zip(stored, wanted, strict=True):
        if old in _UNKNOWN:
            sizes.append(old if new in _UNKNOWN else new)
        elif new in _UNKNOWN or new == old:
            sizes.append(old)
        else:
            return None
    return tuple(sizes)
