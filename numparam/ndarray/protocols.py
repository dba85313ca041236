"""NumPy's and DLPack's protocols: how arrays share memory with other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.ndarray import capsules
from numparam.types.dtypes import bfloat16

__all__ = ["Protocols"]


class Protocols:
    """The part of `NDArray` that other array libraries call."""

    __slots__ = ()

    # Before numpy.ndarray in mixed expressions.
    __array_priority__ = 1000.0

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Give the array to NumPy.

        Host memory is shared unless a copy is asked for or another dtype needs one; memory of
        another device is copied only if `copy` is True.
        """
        if copy is False or (copy is None and self._shares_host_memory):
            shared = self._host_memory()
            if dtype is None or np.dtype(dtype) == shared.dtype:
                return shared
            if copy is False:
                raise ValueError(
                    f"a copy is needed to give this {shared.dtype} array as {np.dtype(dtype)}; "
                    "allow it with copy=True, or call astype first"
                )
            return shared.astype(dtype)
        if copy is None:
            raise TypeError(
                f"the array is on {self._ctx}, not on the host; asnumpy() copies it to the host"
            )
        host = self.asnumpy()
        return host if dtype is None else host.astype(dtype, copy=False)

    @property
    def _shares_host_memory(self: Any) -> bool:
        return isinstance(self._buffer, np.ndarray)

    def _host_memory(self: Any) -> np.ndarray:
        """Give the host array that shares the memory; read-only if this array is."""
        try:
            shared = self._backend.on_host(self._buffer).view()
        except MXNetError as error:
            raise ValueError(
                f"the memory of an array on {self._ctx} cannot be shared with the host: {error}"
            ) from error
        if not self.writable:
            shared.flags.writeable = False
        return shared

    @property
    def __array_interface__(self: Any) -> dict[str, Any]:
        if not self._shares_host_memory:
            raise AttributeError(f"an array on {self._ctx} has no __array_interface__")
        if self._buffer.dtype == bfloat16:
            # Its type string says no more than two bytes, and NumPy asks here before __array__.
            raise AttributeError("__array_interface__ cannot describe bfloat16; use np.asarray")
        return self._host_memory().__array_interface__

    def __dlpack__(self: Any, **keywords: Any) -> Any:
        return capsules.exported(self._host_memory(), **keywords)

    def __dlpack_device__(self: Any) -> tuple[int, int]:
        self._host_memory()
        return (1, 0)

    def to_dlpack_for_read(self: Any) -> Any:
        """Give a DLPack capsule for reading; another library makes an array of it.

        Returns
        -------
        PyCapsule
            It can be used once.
        """
        return capsules.exported(self._host_memory())

    def to_dlpack_for_write(self: Any) -> Any:
        """Give a DLPack capsule for writing into the array's memory.

        Returns
        -------
        PyCapsule
            It can be used once.
        """
        self._require_writable()
        return capsules.exported(self._host_memory())

    def __array_ufunc__(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **kw: Any) -> Any:
        from numparam.ndarray.operations.numpy_functions import apply_ufunc

        return apply_ufunc(self, ufunc, method, inputs, kw)
