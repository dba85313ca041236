"""What sparse arrays refuse, because it needs a dense array."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from numparam.base import NotSupportedForSparseNDArray
from numparam.ndarray.sparse.errors import StorageTypePairError

__all__ = ["Refusals"]


class Refusals:
    """The part of sparse arrays that says no, and what to do instead."""

    __slots__ = ()

    # NumPy's operators leave expressions with sparse arrays to the methods of their class.
    __array_ufunc__: Any = None

    @property
    def size(self: Any) -> int:
        """Refused: stored elements and all elements are different numbers.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            f"a {self.stype} array has no single size: data.size counts what is stored, and the "
            "product of shape all elements"
        )

    # To NumPy and Python

    def __bool__(self: Any) -> bool:
        raise ValueError(
            f"a {self.stype} array is neither true nor false; look at data, or at asnumpy()"
        )

    def asscalar(self: Any) -> NoReturn:
        """Refuse: see `size`.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            f"asscalar needs a dense array; this one is {self.stype}. Use tostype('default') first"
        )

    def _only_element(self: Any, wanted: str) -> NoReturn:
        raise TypeError(f"{wanted}() needs a dense array; this one is {self.stype}")

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy:
            host = self.asnumpy()
            return host if dtype is None else host.astype(dtype, copy=False)
        kind = ValueError if copy is False else TypeError
        raise kind(
            f"a {self.stype} array does not become dense silently; asnumpy() makes a dense copy"
        )

    @property
    def __array_interface__(self: Any) -> NoReturn:
        raise AttributeError(f"a {self.stype} array has no __array_interface__")

    @property
    def _shares_host_memory(self: Any) -> bool:
        return False

    def _host_memory(self: Any) -> NoReturn:
        raise StorageTypePairError(
            f"a {self.stype} array has no memory to share with the host; share its data"
        )

    def _as_class(self: Any, array_class: Any) -> NoReturn:
        raise NotSupportedForSparseNDArray("as_np_ndarray", None, self)

    # Dense arrays only

    def _in_shape(self: Any, shape: tuple[int, ...]) -> NoReturn:
        raise NotSupportedForSparseNDArray("reshape", None, self)

    def reshape(self: Any, *shape: Any, **keywords: Any) -> NoReturn:
        """Refuse: it would need other ids.

        Raises
        ------
        NotSupportedForSparseNDArray
            Always; an MXNetError.
        """
        raise NotSupportedForSparseNDArray(self.reshape, None, *shape)

    def _at(self: Any, position: int) -> Any:
        raise NotSupportedForSparseNDArray(self._at, None, position)

    def _slice(self: Any, start: int | None, stop: int | None) -> Any:
        raise NotSupportedForSparseNDArray(self._slice, None, start, stop)

    def _sync_copyfrom(self: Any, source_array: Any) -> NoReturn:
        raise NotSupportedForSparseNDArray(self._sync_copyfrom, None, source_array)
