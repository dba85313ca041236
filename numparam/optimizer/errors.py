"""Errors of optimizers; each is also of the type that MXNet raises."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = [
    "GradientError",
    "LearningRateWarning",
    "OptimizerTypeError",
    "PickledStatesError",
    "RowRangeError",
    "StatesError",
    "UnknownOptimizerError",
    "WeightError",
]


class UnknownOptimizerError(ValueError):
    """No optimizer is registered by this name."""


class OptimizerTypeError(TypeError, AssertionError):
    """An argument of an optimizer has the wrong type; also an AssertionError, as in MXNet."""


class GradientError(MXNetError, ValueError, TypeError, AssertionError):
    """A gradient does not match its weight."""


class WeightError(MXNetError, ValueError, TypeError, AssertionError):
    """A weight, or a state of it, cannot be updated."""


class RowRangeError(MXNetError, IndexError):
    """A row-sparse gradient has a row that its weight does not have."""


class StatesError(MXNetError, ValueError):
    """Saved states are damaged, or belong to other weights."""


class PickledStatesError(StatesError):
    """Saved states are a pickle, which can run any code."""


class LearningRateWarning(UserWarning):
    """The learning rate follows a schedule; raised as an error, as in MXNet."""
