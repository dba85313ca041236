"""From arrays to other arrays, and to NumPy and Python."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from numparam.base import MXNetError
from numparam.context import Context
from numparam.types.dtypes import as_dtype

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["Conversions"]


class Conversions:
    """The part of `NDArray` that makes something else of an array."""

    __slots__ = ()

    # To NumPy and Python

    def asnumpy(self: Any) -> np.ndarray:
        """Copy the array to the host.

        Returns
        -------
        numpy.ndarray
            A new array of the same shape and dtype.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.array([1, 2]).asnumpy()
        array([1., 2.], dtype=float32)
        """
        return self._backend.download(self._buffer)

    def asscalar(self: Any) -> Any:
        """Give the only element.

        Returns
        -------
        numpy.generic
            A NumPy scalar of the array's dtype.

        Raises
        ------
        ValueError
            If there is not exactly one element.

        Examples
        --------
        >>> import numparam as mx
        >>> print(mx.nd.array([3]).asscalar())
        3.0
        """
        if self.size != 1:
            raise ValueError(
                f"asscalar needs an array of one element; this one has {self.size}, in shape "
                f"{self.shape}. Use asnumpy() for all of them, or an index for one"
            )
        return self.asnumpy().reshape(1)[0]

    def item(self: Any, *index: int) -> Any:
        """Give one element as a Python number.

        Parameters
        ----------
        *index : int
            Which element, as for `numpy.ndarray.item`; none if there is only one.

        Returns
        -------
        int, float or bool
            The element.
        """
        if not index:
            return self.asscalar().item()
        return self.asnumpy().item(*index)

    def tolist(self: Any) -> Any:
        """Give all elements as nested lists of Python numbers.

        Returns
        -------
        list
            As `numpy.ndarray.tolist`.
        """
        return self.asnumpy().tolist()

    def __bool__(self: Any) -> bool:
        if self.size == 0:
            return False
        if self.size == 1:
            return bool(self.asscalar())
        raise ValueError(
            f"an array of {self.size} elements is neither true nor false; compare, for example "
            "(a > 0).sum(), or look at one element"
        )

    def __float__(self: Any) -> float:
        return float(self._only_element("float"))

    def __int__(self: Any) -> int:
        return int(self._only_element("int"))

    def __index__(self: Any) -> int:
        if self._buffer.dtype.kind not in "iu":
            raise TypeError(
                f"only integer arrays serve as an index; this one holds {self._buffer.dtype}"
            )
        return int(self._only_element("index"))

    def _only_element(self: Any, wanted: str) -> Any:
        if self.size != 1:
            raise TypeError(f"{wanted}() needs an array of one element; the shape is {self.shape}")
        return self.asscalar()

    # To other arrays

    def astype(self: Any, dtype: Any, copy: bool = True) -> Any:
        """Convert the elements.

        Parameters
        ----------
        dtype : str, type or numpy.dtype
            The new dtype. Floats become integers by dropping the fraction; narrower floats are
            rounded to nearest, ties to even.
        copy : bool, default True
            With False, an array that has the dtype already is returned itself.

        Returns
        -------
        NDArray
            On the same context.

        Raises
        ------
        UnsupportedDTypeError
            If there is no such dtype; also a TypeError.

        Notes
        -----
        MXNet cuts bits off when it converts to bfloat16; here they are rounded.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.array([1.7, -2.7]).astype('int32')
        <BLANKLINE>
        [ 1 -2]
        <NDArray 2 @cpu(0)>
        """
        wanted = as_dtype(dtype)
        if not copy and wanted == self._buffer.dtype:
            return self
        backend = self._backend
        return self.from_buffer(backend.converted(self._buffer, wanted), self._ctx, backend)

    def copy(self: Any) -> Any:
        """Copy the array, on its context.

        Returns
        -------
        NDArray
            Equal elements in memory of its own.
        """
        return self.copyto(self._ctx)

    def __copy__(self: Any) -> Any:
        return self._array_class.from_buffer(self._buffer, self._ctx, self._backend, self.writable)

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        duplicate = self.copy()
        memo[id(self)] = duplicate
        if self._marking is not None and self._marking.grad_req is not None:
            grad = self._marking.grad
            if grad is not None:
                known = memo.get(id(grad))
                grad = grad.__deepcopy__(memo) if known is None else known
            duplicate._mark(grad, self._marking.grad_req)
            duplicate._fresh_grad = self._fresh_grad
        return duplicate

    def copyto(self: Any, other: Any) -> Any:
        """Copy the elements into another array, or to another context.

        Parameters
        ----------
        other : NDArray or Context
            An array of the same shape, of any dtype and on any context, which is written in place
            and returned; or the context of a new array.

        Returns
        -------
        NDArray
            The array that was written.

        Raises
        ------
        TypeError
            If `other` is something else.
        MXNetError
            If the shapes differ.

        Notes
        -----
        Copying an array to itself warns and returns False, as in MXNet.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.array([1, 2]).copyto(mx.cpu(1)).context
        cpu(1)
        """
        if isinstance(other, Context):
            return self._to_context(other)
        if not hasattr(other, "_buffer"):
            raise TypeError(
                f"copyto writes into an NDArray or onto a Context, not {type(other).__name__}"
            )
        if other is self or other._buffer is self._buffer:
            warnings.warn("an array was copied to itself", RuntimeWarning, stacklevel=2)
            return False
        if other.stype != "default":
            return self.tostype(other.stype).copyto(other)
        if other.shape != self.shape:
            raise MXNetError(
                f"copyto needs an array of shape {self.shape} to write into; "
                f"the one given has {other.shape}"
            )
        other._require_writable()
        source, backend = self._buffer, other._backend
        if backend is not self._backend:
            source = backend.upload(self._backend.download(source))
        backend.convert_into(source, other._buffer)
        return other

    def _to_context(self: Any, context: Context) -> Any:
        result = self._array_class.from_buffer(None, context)
        if result._backend is self._backend:
            result._bound = self._backend.copied(self._buffer)
        else:
            result._bound = result._backend.upload(self._backend.download(self._buffer))
        return result

    def as_in_context(self: Any, context: Context) -> Any:
        """Give the array on a context: itself if it is there, else a copy.

        Parameters
        ----------
        context : Context
            Where it is wanted.

        Returns
        -------
        NDArray
            On `context`.
        """
        return self if self._ctx == context else self.copyto(context)

    def as_in_ctx(self: Any, ctx: Context) -> Any:
        """Give the array on a context; the same as `as_in_context`.

        Parameters
        ----------
        ctx : Context
            Where it is wanted.

        Returns
        -------
        NDArray
            On `ctx`.
        """
        return self.as_in_context(ctx)

    def as_np_ndarray(self: Any) -> Any:
        """Give an ``mx.np.ndarray`` that shares this array's memory.

        Returns
        -------
        numparam.np.ndarray
            With NumPy's shapes and indexing.
        """
        from numparam import numpy as mx_numpy

        return self._as_class(mx_numpy.ndarray)

    def as_nd_ndarray(self) -> NDArray:
        """Give the array as an `NDArray`: itself.

        Returns
        -------
        NDArray
            This array.
        """
        return cast("NDArray", self)

    def _as_class(self: Any, array_class: Any) -> Any:
        """Give a handle of another class on the same memory, with the same marking."""
        result = array_class.from_buffer(self._buffer, self._ctx, self._backend, self.writable)
        result._marking = self._marking
        return result

    def tostype(self: Any, stype: str) -> Any:
        """Convert to a storage type.

        Parameters
        ----------
        stype : {'default', 'row_sparse', 'csr'}
            The storage type wanted; ``'csr'`` needs two dimensions.

        Returns
        -------
        NDArray, RowSparseNDArray or CSRNDArray
            A copy.

        Raises
        ------
        ValueError
            If there is no such storage type, or the array does not fit it.
        """
        if stype == "default":
            return self.copy()
        from numparam.ndarray import sparse

        return sparse.from_dense(self, stype)

    def detach(self: Any) -> Any:
        """Give an array that shares the memory, but no marking for gradients.

        Returns
        -------
        NDArray
            A new handle on the same memory.
        """
        return self.from_buffer(self._buffer, self._ctx, self._backend, self.writable)

    def wait_to_read(self: Any) -> None:
        """Wait until the array's values are there."""
        self._backend.synchronize()
