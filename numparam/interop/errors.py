"""Errors of sharing memory with other libraries' models."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = ["BoundModuleError", "UnbindableError"]


class UnbindableError(MXNetError, ValueError):
    """A module and parameters do not fit each other, or cannot share memory."""


class BoundModuleError(MXNetError, TypeError):
    """What was asked of a bound module would part its tensors from the parameters' memory."""
