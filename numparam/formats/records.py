"""The records of ``.params`` files, one for each array, as plain NumPy arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

__all__ = [
    "CSRRecord",
    "DenseRecord",
    "Record",
    "RowSparseRecord",
]

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(slots=True, eq=False)
class DenseRecord:
    """A dense array of a file.

    Parameters
    ----------
    data : numpy.ndarray
        The values, of any shape.
    dev_type : int, default 1
        The device type of the context it was saved from: 1 cpu, 2 gpu, 3 cpu_pinned, 5 cpu_shared.
    dev_id : int, default 0
        The device id of that context.
    version : int, default 2
        The record's version in the file it was read from, 0 to 3. The writer ignores it.

    Examples
    --------
    >>> import numparam as mx
    >>> import numpy as np
    >>> mx.formats.DenseRecord(np.zeros((2, 3), np.float16)).dtype
    dtype('float16')
    """

    data: Array
    dev_type: int = 1
    dev_id: int = 0
    version: int = 2

    storage: ClassVar[str] = "default"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return tuple(self.data.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        return self.data.dtype


@dataclass(slots=True, eq=False)
class RowSparseRecord:
    """A row-sparse array of a file.

    Parameters
    ----------
    shape : tuple of int
        The shape of the whole array.
    data : numpy.ndarray
        The stored rows, ``(stored rows, *shape[1:])``.
    indices : numpy.ndarray
        The ids of the stored rows, ``(stored rows,)``, integers, strictly ascending.
    dev_type, dev_id, version : int
        As in :class:`DenseRecord`.

    Examples
    --------
    >>> import numparam as mx
    >>> import numpy as np
    >>> mx.formats.RowSparseRecord((5, 2), np.ones((1, 2), np.float32), np.array([3])).storage
    'row_sparse'
    """

    shape: tuple[int, ...]
    data: Array
    indices: Array
    dev_type: int = 1
    dev_id: int = 0
    version: int = 2

    storage: ClassVar[str] = "row_sparse"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        return self.data.dtype


@dataclass(slots=True, eq=False)
class CSRRecord:
    """A compressed-sparse-row matrix of a file.

    Parameters
    ----------
    shape : tuple of int
        The shape of the whole matrix.
    data : numpy.ndarray
        The stored values, ``(stored values,)``.
    indptr : numpy.ndarray
        Where each row's values begin, ``(shape[0] + 1,)``, integers from 0 to the number of stored
        values, never descending.
    indices : numpy.ndarray
        The column of each stored value, ``(stored values,)``, integers.
    dev_type, dev_id, version : int
        As in :class:`DenseRecord`.

    Examples
    --------
    >>> import numparam as mx
    >>> import numpy as np
    >>> mx.formats.CSRRecord((1, 3), np.ones(1), np.array([0, 1]), np.array([2])).storage
    'csr'
    """

    shape: tuple[int, ...]
    data: Array
    indptr: Array
    indices: Array
    dev_type: int = 1
    dev_id: int = 0
    version: int = 2

    storage: ClassVar[str] = "csr"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        return self.data.dtype


Record = DenseRecord | RowSparseRecord | CSRRecord
