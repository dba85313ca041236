"""Shapes with unknown dimensions."""

from __future__ import annotations

from collections.abc import Sequence

from numparam.np_mode import is_np_shape

__all__ = ["InvalidShapeError", "shape_is_known"]


class InvalidShapeError(ValueError, AssertionError):
    """A dimension is below the number that stands for an unknown one.

    Also an AssertionError, as in MXNet.
    """


def shape_is_known(shape: Sequence[int] | None) -> bool:
    """Tell whether every dimension of a shape is known.

    Parameters
    ----------
    shape : sequence of int, or None
        Elements along each axis. An unknown dimension is 0, and -1 when NumPy shapes are on
        (:func:`numparam.np_mode.np_shape`).

    Returns
    -------
    bool
        False for None and for a shape with an unknown dimension. ``()`` is the shape of a scalar,
        and so known, only when NumPy shapes are on.

    Raises
    ------
    InvalidShapeError
        If a dimension is below the unknown one and no dimension before it is unknown. Also an
        AssertionError.

    Notes
    -----
    As in MXNet 1.9.1, whose order of checks is kept: ``(0, -1)`` is unknown, ``(-1, 0)`` invalid.

    Examples
    --------
    >>> shape_is_known((2, 3)), shape_is_known((2, 0)), shape_is_known(())
    (True, False, False)
    """
    if shape is None:
        return False
    unknown = -1 if is_np_shape() else 0
    if len(shape) == 0:
        return unknown == -1
    for size in shape:
        if size == unknown:
            return False
        if size < unknown:
            hint = "" if unknown == -1 else " With NumPy shapes on, -1 means unknown."
            raise InvalidShapeError(
                f"Shape {tuple(shape)} has the dimension {size}; the smallest is {unknown}, which "
                f"means unknown.{hint}"
            )
    return True
