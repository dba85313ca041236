"""The errors of parameters: one class for each kind of mistake.

Each class is also what MXNet raises in the same place (RuntimeError, AssertionError, ValueError or
KeyError), so that existing ``except`` clauses keep working.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.base import MXNetError

__all__ = [
    "ContextNotFoundError",
    "DeferredInitializationError",
    "IncompatibleDataError",
    "IncompleteLoadError",
    "InvalidGradReqError",
    "LoadError",
    "NoGradientError",
    "NoTrainerError",
    "NotInitializedError",
    "NothingToSetError",
    "ParameterConflictError",
    "ParameterStorageError",
    "SecondTrainerError",
    "ShapeMismatchError",
    "UninitializedResetError",
    "UnknownParameterError",
    "UnknownShapeError",
    "UnsaveableNameError",
    "UnusableContextError",
]


class DeferredInitializationError(MXNetError):
    """The parameter waits for its shape; it has no arrays yet.

    Examples
    --------
    >>> issubclass(DeferredInitializationError, RuntimeError)
    True
    """


class NotInitializedError(RuntimeError):
    """`initialize` was not called: the parameter has no arrays."""


class NothingToSetError(NotInitializedError, AssertionError):
    """Values came for a parameter that has no arrays, and is not going to have any."""


class ContextNotFoundError(MXNetError, LookupError):
    """The parameter has no copy on this context."""


class NoGradientError(MXNetError):
    """The parameter has no gradients, because its ``grad_req`` is ``'null'``."""


class ParameterStorageError(MXNetError):
    """Dense access to a sparse parameter, or access by rows to a dense one."""


class NoTrainerError(MXNetError):
    """Rows of a parameter were asked for, and no Trainer owns it."""


class SecondTrainerError(MXNetError):
    """A row-sparse parameter that one Trainer owns was given to another."""


class InvalidGradReqError(ValueError, AssertionError):
    """``grad_req`` is none of ``'write'``, ``'add'`` and ``'null'``."""


class ShapeMismatchError(ValueError, AssertionError):
    """Two shapes do not fit together."""


class UnknownShapeError(ValueError, AssertionError):
    """The shape has dimensions that are not known, where all must be."""


class UnusableContextError(MXNetError):
    """A parameter cannot be put on a context."""


class UninitializedResetError(ValueError):
    """Arrays cannot be moved before there are any."""


class IncompatibleDataError(AssertionError, ValueError, MXNetError):
    """An array does not fit the parameter that it is loaded into."""


class ParameterConflictError(AssertionError, ValueError):
    """Two wishes about one parameter contradict each other."""


class UnknownParameterError(KeyError):
    """There is no parameter of this name."""

    # KeyError shows the repr of its argument, in quotes.
    __str__ = Exception.__str__


class UnsaveableNameError(ValueError):
    """A parameter cannot be saved under the name that it would get in the file."""


class LoadError(AssertionError, ValueError, MXNetError):
    """What was loaded does not fit the parameters. Nothing was changed.

    Parameters
    ----------
    message : str
        The report.
    missing : sequence of str
        Parameters that the source does not have.
    unexpected : sequence of str
        Names of the source that no parameter has.
    mismatched : sequence of (str, str)
        Names that both have, each with the reason why its array does not fit.

    Attributes
    ----------
    missing, unexpected, mismatched
        As given, as tuples.

    Examples
    --------
    >>> LoadError("no bias", missing=["bias"]).missing
    ('bias',)
    """

    def __init__(
        self,
        message: str,
        missing: Sequence[str] = (),
        unexpected: Sequence[str] = (),
        mismatched: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.missing = tuple(missing)
        self.unexpected = tuple(unexpected)
        self.mismatched = tuple(mismatched)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.missing, self.unexpected, self.mismatched)


class IncompleteLoadError(MXNetError):
    """Reading failed after all checks had passed, so that some parameters are loaded.

    Parameters
    ----------
    message : str
        What happened.
    changed : sequence of str
        Parameters that hold the loaded values.
    damaged : str, optional
        The parameter that was being read: its values may be mixed.
    """

    def __init__(
        self, message: str, changed: Sequence[str] = (), damaged: str | None = None
    ) -> None:
        super().__init__(message)
        self.changed = tuple(changed)
        self.damaged = damaged

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.changed, self.damaged)
