"""Arguments that factories and operations share: contexts, shapes and arrays."""

from __future__ import annotations

from typing import Any

from numparam.base import MXNetError
from numparam.context import Context, current_context
from numparam.devices.backend import Backend
from numparam.devices.registry import backend_of
from numparam.modes.np_mode import is_np_shape
from numparam.types.shapes import as_integers

__all__ = [
    "ArgumentTypeError",
    "ContextArgumentError",
    "ShapeArgumentError",
    "UnexpectedArgumentError",
    "device_of",
    "shape_of",
]


class ArgumentTypeError(TypeError, AssertionError):
    """An argument that must be an array is something else; also an AssertionError, as in MXNet."""


class UnexpectedArgumentError(MXNetError, TypeError):
    """A function has no such argument, or one is missing; also a TypeError."""


class ContextArgumentError(MXNetError, TypeError, AttributeError):
    """``ctx`` is not a context; also an AttributeError, as in MXNet."""


class ShapeArgumentError(MXNetError, ValueError, TypeError):
    """The shape cannot be that of an array."""


def device_of(ctx: Context | None) -> tuple[Context, Backend]:
    """Return a context (the current one for None) and its backend.

    Raises
    ------
    ContextArgumentError
        If it is not a context: an MXNetError, a TypeError and an AttributeError.
    """
    if ctx is None:
        ctx = current_context()
    elif not isinstance(ctx, Context):
        raise ContextArgumentError(
            f"ctx must be a Context such as numparam.cpu(0), not {type(ctx).__name__} {ctx!r}"
        )
    return ctx, backend_of(ctx.device_type, ctx.device_id)


def shape_of(shape: Any, any_mode: bool = False) -> tuple[int, ...]:
    """Return a shape as a tuple of lengths.

    Parameters
    ----------
    shape : int, or sequence or one-dimensional array of int
        The shape.
    any_mode : bool, default False
        Whether ``()`` and lengths of 0 are allowed without NumPy shapes as well.

    Raises
    ------
    ShapeArgumentError
        If it is not a shape: an MXNetError, a ValueError and a TypeError.
    """
    try:
        lengths = as_integers(shape)
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
