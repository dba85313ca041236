"""Arrays for vector-Jacobian products while the backward pass is itself recorded.

Those are written for NumPy's arrays. Here their inputs are wrapped, and what they do with them is
done by the functions of ``mx.np``, which are recorded. What those cannot do raises a TypeError:
values never leave the tape unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from numparam import numpy as mx_np
from numparam.ndarray.numpy_array import ndarray
from numparam.ndarray.numpy_operations.functions import of_ufunc
from numparam.ndarray.operations import OPERATIONS, invoke
from numparam.ndarray.operations.scattering import added_at

__all__ = ["Traced", "TracingBackend"]


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """An ``mx.np`` array with the interface of NumPy's.

    Attributes
    ----------
    array : numparam.np.ndarray
        What it stands for.
    """

    __slots__ = ("array",)

    def __init__(self, array: ndarray) -> None:
        self.array = array

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.array.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.array.size

    @property
    def T(self) -> Traced:
        """The axes in reverse order."""
        return self.transpose()

    def __len__(self) -> int:
        return len(self.array)

    def __array__(self, *arguments: Any, **keywords: Any) -> Any:
        raise TypeError("its values would leave the tape")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        if method == "reduce" and ufunc is np.add:
            return self.sum(**keywords)
        function = of_ufunc(ufunc)
        if function is None or method != "__call__" or keywords:
            raise TypeError(f"numpy.{ufunc.__name__} is not recorded")
        return _wrapped(function(*self._unwrapped(inputs)))

    def __array_function__(
        self, function: Any, types: Any, arguments: Any, keywords: dict[str, Any]
    ) -> Any:
        known = getattr(mx_np, function.__name__, None)
        if function.__module__ != "numpy" or known is None:
            raise TypeError(f"numpy.{function.__name__} is not recorded")
        return _wrapped(known(*self._unwrapped(arguments), **keywords))

    def _unwrapped(self, values: Any) -> Any:
        """Return values in which traced and NumPy's arrays are replaced by those of ``mx.np``."""
        if isinstance(values, Traced):
            return values.array
        if isinstance(values, (np.ndarray, np.bool_)):
            values = np.asarray(values)
            backend = self.array._backend
            return ndarray.from_buffer(backend.upload(values), self.array._ctx, backend)
        if isinstance(values, np.generic):
            return values.item()
        if isinstance(values, (list, tuple)):
            return type(values)(map(self._unwrapped, values))
        return values

    def apply(self, name: str, **attributes: Any) -> Traced:
        """Compute an operation of the table."""
        return Traced(invoke(OPERATIONS[name], (self.array,), attributes))

    def reshape(self, *shape: Any) -> Traced:
        """Return the elements in another shape."""
        return Traced(self.array.reshape(*shape))

    def transpose(self, *axes: Any) -> Traced:
        """Return the axes in another order."""
        return Traced(self.array.transpose(*axes))

    def swapaxes(self, axis1: int, axis2: int) -> Traced:
        """Exchange two axes."""
        return Traced(self.array.swapaxes(axis1, axis2))

    def astype(self, dtype: Any) -> Traced:
        """Convert the elements."""
        return self if dtype == self.dtype else Traced(self.array.astype(dtype))

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Traced:
        """Add the elements along axes."""
        return Traced(self.array.sum(axis=axis, dtype=dtype, keepdims=keepdims))

    def any(self) -> bool:
        """Return whether any element is nonzero, as a plain bool."""
        return bool(self.array.any())

    def __getitem__(self, key: Any) -> Traced:
        return Traced(self.array[key])


def _wrapped(result: Any) -> Any:
    if isinstance(result, ndarray):
        return Traced(result)
    return type(result)(map(_wrapped, result)) if isinstance(result, (list, tuple)) else result


class TracingBackend:
    """The interface of a backend that the backward pass uses, implemented by recorded operations.

    Parameters
    ----------
    backend, context
        The device that it stands for.
    """

    buffers_are_arrays = True

    def __init__(self, backend: Any, context: Any) -> None:
        self._backend = backend
        self._context = context

    def array(self, buffer: Any, mark: Any = None) -> Traced:
        """Wrap memory of the device, with its mark."""
        array = ndarray.from_buffer(buffer, self._context, self._backend)
        array._marking = mark
        return Traced(array)

    def kept(self, buffer: Any, mark: Any) -> Any:
        """Return what a node kept of an input or of its result.

        A constant that NumPy can read is passed as it is.
        """
        if mark is None and self._backend.buffers_are_arrays:
            return buffer
        return self.array(buffer, mark)

    def from_rows(self, ids: Any, rows: Traced, shape: tuple[int, ...]) -> Traced:
        """Return an array of a shape that is zero but for the sums of some rows."""
        return added_at(rows, ids, shape)  # type: ignore[arg-type, return-value]

    def evaluate(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Call a function of NumPy arrays with traced ones."""
        return function(*arguments, **keywords)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Traced:
        """Return a constant of zeros."""
        return self.array(self._backend.zeros(shape, dtype))

    def moved(self, values: Traced, target: TracingBackend) -> Traced:
        """Copy to another device."""
        return Traced(values.array.as_in_context(target._context))

    def traced(self, array: Any) -> Traced | None:
        """Wrap an array that a rule for arrays returned."""
        if array is None:
            return None
        dense = array if array.stype == "default" else array.tostype("default")
        return Traced(dense.as_np_ndarray())
