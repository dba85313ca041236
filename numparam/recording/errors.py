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


class GradientArgumentError(MXNetError, ValueError, TypeError, AssertionError):
    """A gradient does not match its variable, or the lists differ in length.

    MXNet crashes, raises an error later when the gradient is used, or asserts.
    """


class GradientRowsError(GradientArgumentError, IndexError):
    """A row id of a gradient is out of range for its variable."""


class UnknownGradReqError(KeyError, ValueError):
    """There is no such ``grad_req``. A KeyError too, as in MXNet."""

    # KeyError shows the repr of its argument, in quotes.
    __str__ = Exception.__str__


class UnmarkedVariableError(MXNetError, ValueError):
    """An array has no gradient, because it was not marked."""


class NoGraphError(MXNetError):
    """Nothing was recorded that can be differentiated."""


class NotDifferentiableError(MXNetError):
    """An operation in the graph has no derivative in numparam."""


class FunctionReusedError(MXNetError, AssertionError):
    """An instance of a Function was called twice. An AssertionError, as in MXNet."""


class NoSymbolError(MXNetError, NotImplementedError):
    """A recorded graph cannot be converted to a symbol."""
