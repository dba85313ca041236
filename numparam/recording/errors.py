"""Errors of marking, accumulation and differentiation."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = [
    "FunctionReusedError",
    "GradientArgumentError",
    "GradientRowsError",
    "NoGraphError",
    "NoSymbolError",
    "NotDifferentiableError",
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


class NotDifferentiableError(MXNetError):
    """An operation in the graph has no derivative here."""


class FunctionReusedError(MXNetError, AssertionError):
    """An instance of a Function was called twice. An AssertionError, as in MXNet."""


class NoSymbolError(MXNetError, NotImplementedError):
    """There are no graphs as symbols."""
