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
    """A text that should be the JSON form of an initializer is not."""


class InitializerArgumentError(MXNetError, ValueError, AssertionError):
    """An initializer's argument is impossible, or does not fit the array."""


class NoRuleError(ValueError):
    """No rule says how to initialize a parameter of this name."""


class MissingValueError(MXNetError, AssertionError):
    """`Load` has no value for a parameter, or one of another shape; an AssertionError in MXNet."""


class FusedRNNError(MXNetError, NotImplementedError):
    """Fused recurrent weights need the recurrent cells, which numparam does not have."""
