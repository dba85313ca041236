"""Reading and writing parts of dense arrays by index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.base import MXNetError
from numparam.modes.np_mode import is_np_shape
from numparam.ndarray import keys
from numparam.ndarray.values import host_value

__all__ = ["Indexing"]

_WHOLE = slice(None)


class Indexing:
    """The part of `NDArray` behind ``array[key]`` and ``array[key] = value``.

    Keys are NumPy's. What is contiguous in memory shares it; the rest is copied. Where NumPy gives
    a scalar, an array of shape ``(1,)`` comes, or ``()`` with NumPy shapes on.
    """

    __slots__ = ()

    def __getitem__(self: Any, key: Any) -> Any:
        if type(key) is int:
            return self._at(key)
        if (type(key) is tuple and not key) or (isinstance(key, slice) and key == _WHOLE):
            return self
        shape = self.shape
        parts = keys.expanded(key, shape)
        if keys.is_advanced(parts):
            return self._gathered(keys.bound(parts, shape, self._backend))
        basic = keys.Basic(parts, shape)
        result_shape = basic.result_shape or _scalar_shape()
        backend = self._backend
        if basic.contiguous:
            buffer = backend.view(self._buffer, basic.start, result_shape)
            return self._array_class.from_buffer(buffer, self._ctx, backend, self.writable)
        index = basic.index

        def slice_of(array: np.ndarray) -> np.ndarray:
            return array[index].reshape(result_shape)

        buffer = backend.apply(slice_of, self._buffer)
        return self._array_class.from_buffer(buffer, self._ctx, backend)

    def _gathered(self: Any, bound: keys.Bound) -> Any:
        def gather(array: np.ndarray, *indexes: np.ndarray) -> np.ndarray:
            found = np.asarray(array[bound.index(array.shape, indexes)])
            return found if found.ndim else found.reshape(_scalar_shape())

        buffer = self._backend.apply(gather, self._buffer, *bound.buffers)
        return self._array_class.from_buffer(buffer, self._ctx, self._backend)

    def _at(self: Any, position: int) -> Any:
        """Row `position`, sharing memory."""
        shape = self.shape
        if not shape:
            raise IndexError(keys.too_many(1, shape))
        row = keys.checked(position, 0, shape[0])
        size = math.prod(shape[1:])
        buffer = self._backend.view(self._buffer, row * size, shape[1:] or _scalar_shape())
        return self._array_class.from_buffer(buffer, self._ctx, self._backend, self.writable)

    def _slice(self: Any, start: int | None, stop: int | None) -> Any:
        """Rows from `start` to `stop`, sharing memory."""
        return self[start:stop]

    def __setitem__(self: Any, key: Any, value: Any) -> None:
        self._require_writable()
        target = self._buffer
        value, buffers = host_value(value, self)
        shape = self.shape
        if key is Ellipsis or (isinstance(key, slice) and key == _WHOLE):
            if not buffers:
                self._fill(value)
                return
            bound = keys.Bound((), ())
        elif keys.is_advanced(parts := keys.expanded(key, shape)):
            bound = keys.bound(parts, shape, self._backend)
        else:
            bound = keys.Bound(keys.Basic(parts, shape).key, ())
        # The ellipsis keeps the part of one element an array, which takes arrays of one element.
        bound.parts = (*bound.parts, Ellipsis)
        indexes = len(bound.buffers)

        def assign(array: np.ndarray, *given: np.ndarray) -> None:
            source = given[indexes] if buffers else value
            index = bound.index(array.shape, given[:indexes])
            with np.errstate(all="ignore"):
                try:
                    if source.dtype != array.dtype:
                        source = source.astype(array.dtype)
                    array[index] = source
                except ValueError as error:
                    raise _misfit(source, np.shape(array[index]), array.shape) from error

        self._backend.update(assign, target, *bound.buffers, *buffers)

    def _fill(self: Any, value: np.ndarray) -> None:
        """Write a host value everywhere; it needs a transfer and no computation on the device."""
        target = self._buffer
        shape, dtype = target.shape, target.dtype
        host = value
        if value.dtype != dtype:
            with np.errstate(all="ignore"):
                host = value.astype(dtype)
        missing = host.ndim - len(shape)
        if missing > 0 and host.shape[:missing] == (1,) * missing:
            host = host.reshape(host.shape[missing:])
        if host.ndim and host.shape != shape:
            try:
                host = np.broadcast_to(host, shape)
            except ValueError as error:
                raise _misfit(value, shape, shape) from error
        self._backend.write(target, host)

    def __iter__(self: Any) -> Any:
        if not self.shape:
            raise TypeError("an array without dimensions cannot be iterated over")
        return map(self._at, range(self.shape[0]))

    def _require_writable(self: Any) -> None:
        """Refuse to write what must not be written; every in-place operation asks first.

        Raises
        ------
        ValueError
            If the memory was given for reading only.
        MXNetError
            If gradients are being recorded and the array is one of those that get some.
        """
        if not self.writable:
            raise ValueError(
                "the array shares memory that must not be written (it was made from a read-only "
                "array or capsule); write into a copy()"
            )
        if self._grad_req is not None:
            from numparam.recording.scopes import is_recording

            if is_recording():
                raise MXNetError(
                    "an array that gets gradients was written in place while operations are "
                    "recorded; write under autograd.pause(), or into detach()"
                )


class ValueMisfitError(ValueError, MXNetError):
    """A value does not stretch to the part it is written to."""


def _misfit(value: np.ndarray, part: tuple[int, ...], shape: tuple[int, ...]) -> ValueMisfitError:
    return ValueMisfitError(
        f"a value of shape {value.shape} does not fit into the part of shape {part} that the key "
        f"selects of an array of shape {shape}"
    )


def _scalar_shape() -> tuple[int, ...]:
    return () if is_np_shape() else (1,)
