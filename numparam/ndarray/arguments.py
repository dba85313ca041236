"""What every factory is told: on which context, and in which shape."""

from __future__ import annotations

import operator
from typing import Any

from numparam.base import MXNetError
from numparam.context import Context, current_context
from numparam.devices.backend import Backend
from numparam.devices.registry import backend_of
from numparam.modes.np_mode import is_np_shape

__all__ = [
    "ContextArgumentError",
    "ShapeArgumentError",
    "device_of",
    "shape_of",
]


class ContextArgumentError(MXNetError, TypeError, AttributeError):
    """``ctx`` is no context; also an AttributeError, as in MXNet."""


class ShapeArgumentError(MXNetError, ValueError, TypeError):
    """The shape cannot be that of an array."""


def device_of(ctx: Context | None) -> tuple[Context, Backend]:
    """Give the context that is meant, the current one for None, and its backend.

    Raises
    ------
    ContextArgumentError
        If it is no context: an MXNetError, a TypeError and an AttributeError.
    """
    if ctx is None:
        ctx = current_context()
    elif not isinstance(ctx, Context):
        raise ContextArgumentError(
            f"ctx must be a Context such as numparam.cpu(0), not {type(ctx).__name__} {ctx!r}"
        )
    return ctx, backend_of(ctx.device_type, ctx.device_id)


def shape_of(shape: Any, any_mode: bool = False) -> tuple[int, ...]:
    """Give a shape as a tuple of lengths.

    Parameters
    ----------
    shape : int or sequence of int
        As it was given.
    any_mode : bool, default False
        Whether ``()`` and lengths of 0 are allowed without NumPy shapes as well.

    Raises
    ------
    ShapeArgumentError
        If it is no shape: an MXNetError, a ValueError and a TypeError.
    """
    try:
        lengths = (
            tuple(map(operator.index, shape))
            if isinstance(shape, (tuple, list))
            else (operator.index(shape),)
        )
    except TypeError:
        raise ShapeArgumentError(
            f"a shape is an integer or a tuple of integers, not {shape!r}"
        ) from None
    if any(length < 0 for length in lengths):
        raise ShapeArgumentError(f"the lengths in {lengths} must not be negative")
    if not any_mode and (not lengths or 0 in lengths) and not is_np_shape():
        raise ShapeArgumentError(
            f"{lengths} is an unknown shape unless NumPy shapes are on; turn them on with "
            "numparam.util.np_shape(True) or set_np()"
        )
    return lengths
