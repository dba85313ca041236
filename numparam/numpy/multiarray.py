"""The array of ``mx.np``: a handle on a buffer of some device, with NumPy's interface."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.context import Context
from numparam.ndarray.ndarray import NDArray
from numparam.numpy.indexing import Indexing
from numparam.numpy.operators import Operators
from numparam.numpy.presentation import Presentation
from numparam.numpy.views import Views

__all__ = ["ndarray"]


class ndarray(Operators, Indexing, Views, Presentation, NDArray):
    """A dense array of one dtype in the memory of one context, with NumPy's semantics.

    Made by `numparam.np.array` and the other factories of `numparam.np`, by operations on such
    arrays, and by ``as_np_ndarray()`` of a classic array, which shares its memory.

    Notes
    -----
    Against classic arrays: ``()`` and lengths of 0 are ordinary shapes, whatever the mode; results
    of one element have shape ``()``; comparisons give booleans, which select as masks; arrays of
    different dtypes mix. The two kinds do not mix: convert with ``as_np_ndarray()`` and
    ``as_nd_ndarray()``. As in MXNet a number takes the dtype of the array it meets, so that an
    int32 array times 1.5 is the array times 1.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.np.array([[1, 2], [3, 4]])
    >>> weight[weight > 2] = 0
    >>> weight
    array([[1., 2.],
           [0., 0.]])
    >>> weight.sum().shape
    ()
    """

    __slots__ = ()

    def __new__(cls, *arguments: object, **keywords: object) -> ndarray:
        """Raise; the factories make arrays.

        ``ndarray(None)``, of which MXNet's pickles make an array by their state, is an exception.
        """
        if arguments == (None,) and not keywords:
            return object.__new__(cls)
        raise TypeError(
            "mx.np.ndarray is not made by calling it; use mx.np.array(values), mx.np.zeros(shape), "
            "or another factory"
        )

    @property
    def dtype(self) -> Any:
        """The element type, as `numpy.dtype`."""
        return self._buffer.dtype

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return int(self._buffer.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return int(self._buffer.nbytes)

    @property
    def grad(self) -> Any:
        """The array that gradients of this one are written to; None if it has none."""
        grad = super().grad
        return None if grad is None or grad.stype != "default" else grad.as_np_ndarray()

    def attach_grad(self, grad_req: str = "write") -> None:  # type: ignore[override]
        """Give the array a gradient array of zeros.

        Parameters
        ----------
        grad_req : {'write', 'add', 'null'}, default 'write'
            What happens to incoming gradients.

        Raises
        ------
        KeyError
            If there is no such `grad_req`.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.np.ones((2,))
        >>> weight.attach_grad()
        >>> weight.grad
        array([0., 0.])
        """
        super().attach_grad(grad_req)

    def astype(  # type: ignore[override]
        self,
        dtype: Any,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> Any:
        """Convert the elements.

        Parameters
        ----------
        dtype : str, type or numpy.dtype
            The new dtype.
        order : {'K', 'C', 'A'}
            Accepted for NumPy's sake; the memory is in C order.
        casting : {'unsafe'}
            Accepted for NumPy's sake; every conversion is allowed.
        subok : bool
            Accepted for NumPy's sake.
        copy : bool, default True
            With False, an array that has the dtype already is returned itself.

        Returns
        -------
        ndarray
            On the same context.

        Raises
        ------
        UnsupportedDTypeError
            If there is no such dtype; also a TypeError.
        NotImplementedError
            For another `order` or `casting`.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.np.array([1.7, -2.7]).astype('int32')
        array([ 1, -2], dtype=int32)
        """
        if order == "F" or casting != "unsafe":
            raise NotImplementedError(
                f"astype is there for order='K' and casting='unsafe', not for order={order!r} and "
                f"casting={casting!r}"
            )
        return super().astype(dtype, copy=copy)

    def copyto(self, other: Any) -> Any:
        """Copy the elements into another array, or to another context.

        Parameters
        ----------
        other : ndarray or Context
            An array of the same shape, of any dtype and on any context, which is written in place
            and returned; or the context of a new array.

        Returns
        -------
        ndarray
            The array that was written.

        Raises
        ------
        TypeError
            If `other` is something else; also for a classic array.
        MXNetError
            If the shapes differ.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.np.ones((2,)).copyto(mx.np.zeros((2,)))
        array([1., 1.])
        """
        if not isinstance(other, (ndarray, Context)):
            hint = "; pass it as_np_ndarray()" if isinstance(other, NDArray) else ""
            raise TypeError(
                "an mx.np array is copied into another one or to a Context, not into "
                f"{type(other).__name__}{hint}"
            )
        return super().copyto(other)

    def as_np_ndarray(self) -> ndarray:
        """Give the array as an ``mx.np`` array: itself.

        Returns
        -------
        ndarray
            This array.
        """
        return self

    def as_nd_ndarray(self) -> NDArray:
        """Give a classic array that shares this array's memory.

        Returns
        -------
        NDArray
            With MXNet's older rules for shapes, dtypes and indexes.

        Examples
        --------
        >>> import numparam as mx
        >>> weight = mx.np.zeros((2,))
        >>> weight.as_nd_ndarray()[:] = 5
        >>> weight
        array([5., 5.])
        """
        return self._as_class(NDArray)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        from numparam.numpy.functions import of_ufunc

        function = of_ufunc(ufunc)
        out = keywords.get("out")
        to_numpy = out is not None and any(isinstance(target, np.ndarray) for target in out)
        if function is None or method != "__call__" or set(keywords) - {"out"} or to_numpy:
            return super().__array_ufunc__(ufunc, method, *inputs, **keywords)
        return function(*inputs, out=None if out is None else out[0])


ndarray.__module__ = "numparam.numpy"
ndarray._array_class = ndarray
