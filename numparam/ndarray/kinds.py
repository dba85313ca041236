"""Access to sparse and ``mx.np`` arrays for dense ones, whose module cannot import theirs.

`NDArray` converts to sparse arrays and to ``mx.np`` arrays, and their modules import it. So that
no import runs in a circle, those modules enter their part here when they are loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["enter", "enter_numpy_array", "numpy_array", "numpy_array_from", "sparse"]

_F = TypeVar("_F", bound=Callable[..., Any])
_C = TypeVar("_C", bound=type)

_sparse: dict[str, Callable[..., Any]] = {}
_numpy_array: list[type] = []
_import_numpy_array: list[Callable[[], object]] = []


def enter(task: str) -> Callable[[_F], _F]:
    """Register the function that does a task for sparse arrays.

    Parameters
    ----------
    task : {'array', 'zeros', 'convert', 'of_record'}
        ``array(source, ctx, dtype)`` copies a sparse array; ``zeros(stype, shape, ctx, dtype)``
        makes an empty one; ``convert(array, stype)`` converts from a storage type to another;
        ``of_record(record, ctx)`` reads one from a file's record.
    """

    def decorate(function: _F) -> _F:
        _sparse[task] = function
        return function

    return decorate


def sparse(task: str) -> Callable[..., Any]:
    """Return the function that does a task for sparse arrays; see `enter`."""
    return _sparse[task]


def enter_numpy_array(array_class: _C) -> _C:
    """Register the class of ``mx.np`` arrays."""
    _numpy_array[:] = [array_class]
    return array_class


def numpy_array_from(import_module: Callable[[], object]) -> None:
    """Take the function that imports the class of ``mx.np`` arrays, when it is first needed."""
    _import_numpy_array[:] = [import_module]


def numpy_array() -> type[NDArray]:
    """Return the class of ``mx.np`` arrays."""
    if not _numpy_array:
        _import_numpy_array[0]()
    return _numpy_array[0]
