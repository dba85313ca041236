"""Errors of sharing memory with other libraries' models."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = ["BoundModuleError", "UnbindableError"]


class UnbindableError(MXNetError, ValueError):
    """A module and parameters do not fit each other, or cannot share memory."""


class BoundModuleError(MXNetError, TypeError):
    """A call would separate a bound module's tensors from the parameters' memory."""
