"""Errors of plans over checkpoints; all are raised before a byte is written."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = ["CheckpointMismatchError", "CheckpointPlanError", "MissingArrayError"]


class CheckpointPlanError(MXNetError, ValueError):
    """A plan is impossible: names would collide, or a map of names is invalid."""


class MissingArrayError(CheckpointPlanError, KeyError):
    """There is no array of that name; also a KeyError."""

    # KeyError shows the repr of its argument, in quotes.
    __str__ = Exception.__str__


class CheckpointMismatchError(CheckpointPlanError):
    """Checkpoints that are combined differ in names, shapes, dtypes or storage types.

    Attributes
    ----------
    problems : list of str
        All of them, one a line.
    """

    def __init__(self, message: str, problems: list[str]):
        super().__init__(message)
        self.problems = problems
