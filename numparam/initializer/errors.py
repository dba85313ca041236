"""Errors of initializers."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = [
    "FusedRNNError",
    "InitializerArgumentError",
    "InitializerTextError",
    "InvalidInitializerError",
    "MissingValueError",
    "NoRuleError",
    "UnknownInitializerError",
]


class InvalidInitializerError(AssertionError, TypeError):
    """Something is not an initializer. An AssertionError too, as in MXNet."""


class UnknownInitializerError(AssertionError, ValueError):
    """No initializer is registered with this name. An AssertionError too, as in MXNet."""


class InitializerTextError(AssertionError, ValueError):
    """A string is not the JSON form of an initializer."""


class InitializerArgumentError(MXNetError, ValueError, AssertionError):
    """An initializer's argument is invalid, or does not fit the array."""


class NoRuleError(ValueError):
    """There is no rule for initializing a parameter of this name."""


class MissingValueError(MXNetError, AssertionError):
    """`Load` has no value for a parameter, or one of another shape; an AssertionError in MXNet."""


class FusedRNNError(MXNetError, NotImplementedError):
    """Fused recurrent weights need the recurrent cells, which numparam does not have."""
