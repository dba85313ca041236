"""Errors of marking, accumulation and differentiation."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = [
    "GradientArgumentError",
    "GradientRowsError",
    "NoGraphError",
    "UnknownGradReqError",
    "UnmarkedVariableError",
]


class GradientArgumentError(MXNetError, ValueError, TypeError):
    """A gradient does not fit its variable, or the lists do not fit each other.

    MXNet crashes, or raises an error later when the gradient is used.
    """


class GradientRowsError(GradientArgumentError, IndexError):
    """The row ids of a gradient are not those of rows of its variable."""


class UnknownGradReqError(KeyError, ValueError):
    """There is no such ``grad_req``. A KeyError too, as in MXNet."""

    # KeyError shows the repr of its argument, in quotes.
    __str__ = Exception.__str__


class UnmarkedVariableError(MXNetError, ValueError):
    """An array has nowhere to put a gradient."""


class NoGraphError(MXNetError):
    """Nothing was recorded that could be differentiated."""
