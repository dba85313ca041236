"""The errors of `numparam.gluon`: one class for each kind of mistake.

Each class is also what MXNet raises in the same place (RuntimeError, AssertionError, ValueError or
KeyError), so that existing ``except`` clauses keep working.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.base import MXNetError
from numparam.devices.backend import AllocationError
from numparam.formats import FormatError
from numparam.ndarray.sparse.errors import RowIdRangeError

__all__ = [
    "BatchAxisError",
    "ContextNotFoundError",
    "DeferredInitializationError",
    "DownloadError",
    "IncompatibleDataError",
    "IncompleteLoadError",
    "IncompleteLoadMemoryError",
    "InvalidGradReqError",
    "InvalidNameError",
    "InvalidStorageTypeError",
    "LoadError",
    "NoArraysError",
    "NoContextsError",
    "NoGradientError",
    "NoNamedArraysError",
    "NoTrainerError",
    "NormArgumentError",
    "NotAContextListError",
    "NotAParameterError",
    "NotAnArrayError",
    "NotInitializedError",
    "NothingToSetError",
    "ParameterConflictError",
    "ParameterStorageError",
    "RowIdRangeError",
    "RowIdTypeError",
    "RowIdValueError",
    "SecondTrainerError",
    "ShapeMismatchError",
    "SliceCountError",
    "SparseNumpyParameterError",
    "SparseRowIdError",
    "SparseScalarParameterError",
    "StaleGradientError",
    "StoragePairError",
    "TrainerArgumentError",
    "TrainerCallError",
    "TrainerContextError",
    "UnallocatedContextError",
    "UnevenSplitError",
    "UnexpectedKeywordError",
    "UninitializedResetError",
    "UnknownAttributeError",
    "UnknownParameterError",
    "UnknownShapeError",
    "UnnamedArraysError",
    "UnnamedFileError",
    "UnsaveableNameError",
    "UnusableContextError",
]


class DeferredInitializationError(MXNetError):
    """The parameter has no arrays yet: its initialization is deferred until its shape is known.

    Examples
    --------
    >>> import numparam as mx
    >>> issubclass(mx.gluon.DeferredInitializationError, RuntimeError)
    True
    """


class NotInitializedError(RuntimeError):
    """`initialize` was not called, so the parameter has no arrays."""


class NothingToSetError(NotInitializedError, AssertionError):
    """Values were set on a parameter that is neither initialized nor deferred."""


class ContextNotFoundError(MXNetError, LookupError):
    """The parameter has no copy on this context."""


class NoGradientError(MXNetError):
    """The parameter has no gradients, because its ``grad_req`` is ``'null'``."""


class ParameterStorageError(MXNetError):
    """Dense access to a sparse parameter, or access by rows to a dense one."""


class NoTrainerError(MXNetError):
    """Rows were requested from a parameter that no Trainer owns."""


class TrainerArgumentError(ValueError, TypeError, AssertionError):
    """The arguments of a Trainer are invalid."""


class TrainerContextError(ValueError, AssertionError):
    """The parameters of a Trainer are not on the same contexts."""


class TrainerCallError(MXNetError, AssertionError):
    """A method of the Trainer does not work with the place where it updates the parameters."""


class StaleGradientError(UserWarning):
    """A gradient was not written since the last step; raised as an error, as in MXNet."""


class SecondTrainerError(MXNetError):
    """A sparse parameter that belongs to one Trainer was given to another."""


class InvalidGradReqError(ValueError, AssertionError):
    """``grad_req`` is not ``'write'``, ``'add'`` or ``'null'``."""


class ShapeMismatchError(ValueError, AssertionError):
    """Two shapes do not fit together."""


class UnknownShapeError(ValueError, AssertionError):
    """The shape has unknown dimensions, but all must be known."""


class UnusableContextError(MXNetError):
    """A parameter cannot be put on a context."""


class UnallocatedContextError(UnusableContextError, AllocationError):
    """There is not enough memory for a parameter on a context; a MemoryError too."""


class UninitializedResetError(ValueError):
    """A parameter cannot be moved before it is initialized."""


class IncompatibleDataError(AssertionError, ValueError, MXNetError):
    """An array does not fit the parameter that it is loaded into."""


class ParameterConflictError(AssertionError, ValueError):
    """Two requests about one parameter contradict each other."""


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


class IncompleteLoadMemoryError(IncompleteLoadError, MemoryError):
    """There was not enough memory to load all parameters; a MemoryError too."""


class InvalidNameError(TypeError, ValueError):
    """A parameter's name is not a string."""


class InvalidStorageTypeError(ValueError, AssertionError):
    """A storage type is not ``'default'``, ``'row_sparse'`` or ``'csr'``."""


class NotAnArrayError(TypeError, AttributeError):
    """Values are not an array; an AttributeError too, as in MXNet."""


class StoragePairError(TypeError, ValueError):
    """An array of one storage type cannot be written into one of another."""


class SparseNumpyParameterError(MXNetError, ValueError):
    """A sparse parameter was initialized where NumPy arrays are on, which are dense."""


class SparseScalarParameterError(MXNetError, ValueError):
    """A sparse parameter has no dimensions, and therefore no rows."""


class NoContextsError(MXNetError, ValueError):
    """A list of contexts is empty, which would leave a parameter without values."""


class RowIdTypeError(TypeError, AttributeError):
    """Row ids are not an NDArray; an AttributeError too, as in MXNet."""


class SparseRowIdError(MXNetError, TypeError):
    """Row ids are a sparse array."""


class RowIdValueError(ValueError, MXNetError):
    """A row id is not a whole number."""


class NotAParameterError(TypeError, AttributeError):
    """Something other than parameters was put into a dictionary of parameters."""


class UnknownAttributeError(AttributeError):
    """Parameters have no attribute of this name."""


class UnexpectedKeywordError(TypeError):
    """`Parameter` has no argument of this name."""


class UnnamedArraysError(FormatError, TypeError):
    """A file holds a list of arrays without names."""


class NoNamedArraysError(TypeError, ValueError, AttributeError):
    """The argument is not a collection of arrays by name."""


class UnevenSplitError(ValueError):
    """A batch does not divide into equal slices."""


class SliceCountError(ValueError, ZeroDivisionError):
    """The number of slices is below one; a ZeroDivisionError too, as in MXNet."""


class BatchAxisError(ValueError, IndexError):
    """The data has no such axis; an IndexError too, as in MXNet."""


class NotAContextListError(TypeError, AttributeError):
    """The argument is not a list of contexts; an AttributeError too, as in MXNet."""


class NoArraysError(ValueError, AssertionError):
    """There are no arrays to take the norm of; an AssertionError too, as in MXNet."""


class NormArgumentError(MXNetError, ValueError, TypeError):
    """Arrays or bounds that cannot be clipped."""


class DownloadError(MXNetError, OSError):
    """A file is missing or differs, and numparam does not download it."""


class UnnamedFileError(ValueError, AssertionError):
    """An address ends without a file name; an AssertionError too, as in MXNet."""
