"""The methods of arrays that are more than an operation of the table."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from numparam.ndarray.operations import OPERATIONS, OperationError, invoke
from numparam.ndarray.operations.axes import integers
from numparam.ndarray.operations.shapes import coded_shape

__all__ = ["Methods"]


class MissingShapeError(TypeError, AssertionError):
    """No shape was given to `reshape`; also an AssertionError, as in MXNet."""


class CannotReshapeError(OperationError):
    """The elements do not fit the new shape: an MXNetError and a ValueError."""


class Methods:
    """The part of `NDArray` that gives views in other shapes, and methods of special form."""

    __slots__ = ()

    def reshape(self: Any, *shape: Any, **keywords: Any) -> Any:
        """Give the same memory in another shape.

        Parameters
        ----------
        *shape : int, or one tuple
            The new lengths. 0 keeps a length, -1 stands for what is left, -2 for all remaining
            dimensions, -3 for the product of two, -4 for one split into the two numbers after it.
        reverse : bool, default False
            Whether these codes are matched from the last dimension to the first.

        Returns
        -------
        NDArray
            It shares this array's memory.

        Raises
        ------
        ValueError
            If the elements do not fit; also an MXNetError.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.nd.zeros((2, 3, 4)).reshape((0, -1)).shape
        (2, 12)
        """
        reverse = bool(keywords.pop("reverse", False))
        if not shape:
            if "shape" not in keywords:
                raise MissingShapeError("reshape needs a shape, such as reshape((2, -1))")
            shape = (keywords.pop("shape"),)
        if keywords:
            raise TypeError(
                f"reshape has no argument {', '.join(keywords)}; it has shape and reverse"
            )
        if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
            shape = tuple(shape[0])
        codes = tuple(map(operator.index, shape))
        try:
            wanted = coded_shape(self.shape, codes, reverse)
        except ValueError as error:
            raise CannotReshapeError(f"cannot reshape {self.shape} as asked: {error}") from None
        return self._in_shape(wanted)

    def _in_shape(self: Any, shape: tuple[int, ...]) -> Any:
        backend = self._backend
        buffer = backend.view(self._buffer, 0, shape)
        return self._array_class.from_buffer(buffer, self._ctx, backend, self.writable)

    def reshape_like(self: Any, rhs: Any, **keywords: Any) -> Any:
        """Give a copy in the shape of another array.

        Parameters
        ----------
        rhs : NDArray
            The array with the shape.
        **keywords : int
            ``lhs_begin``, ``lhs_end``, ``rhs_begin``, ``rhs_end``: which dimensions of this array
            are replaced by which of the other.

        Returns
        -------
        NDArray
            A copy.
        """
        return invoke(OPERATIONS["reshape_like"], (self, rhs), keywords)

    def transpose(self: Any, axes: Any = (), *more: int) -> Any:
        """Give a copy with the axes in another order.

        Parameters
        ----------
        axes : tuple of int, or int, default ()
            The order; reversed if not given. A number is the one axis of a vector.
        *more : int
            Not allowed: the axes are one tuple.

        Returns
        -------
        NDArray
            A copy.

        Raises
        ------
        TypeError
            If the axes are not one tuple.
        """
        if more:
            raise TypeError("axes must be one tuple, such as transpose((1, 0))")
        return invoke(OPERATIONS["transpose"], (self,), {"axes": integers(axes)})

    def flip(self: Any, axis: Any) -> Any:
        """Give a copy in reverse order along axes.

        Parameters
        ----------
        axis : int or tuple of int
            The axes.

        Returns
        -------
        NDArray
            A copy.
        """
        return invoke(OPERATIONS["flip"], (self,), {"axis": axis})

    def broadcast_to(self: Any, shape: Any) -> Any:
        """Give a copy stretched along axes of length 1, with new axes in front.

        Parameters
        ----------
        shape : tuple of int
            The new shape.

        Returns
        -------
        NDArray
            A copy.

        Raises
        ------
        ValueError
            If the array does not stretch to `shape`; also an MXNetError.
        """
        wanted = integers(shape)
        missing = len(wanted) - self.ndim
        if missing < 0:
            raise OperationError(f"an array of shape {self.shape} does not stretch to {wanted}")
        stretched = self._in_shape((1,) * missing + tuple(self.shape)) if missing else self
        return invoke(OPERATIONS["broadcast_to"], (stretched,), {"shape": wanted})

    def broadcast_like(self: Any, other: Any) -> Any:
        """Give a copy stretched to the shape of another array, as `broadcast_to` does.

        Parameters
        ----------
        other : NDArray
            The array with the shape.

        Returns
        -------
        NDArray
            A copy.
        """
        return self.broadcast_to(other.shape)

    def split_v2(
        self: Any, indices_or_sections: Any, axis: int = 0, squeeze_axis: bool = False
    ) -> Any:
        """Split along an axis; see `numparam.nd.split_v2`."""
        from numparam.ndarray.shaping import split_v2

        return split_v2(self, indices_or_sections, axis, squeeze_axis)

    def slice_assign(self: Any, rhs: Any, begin: Any, end: Any, step: Any = ()) -> Any:
        """Write an array into a part of this one, and return this one."""
        keywords = {"begin": begin, "end": end, "step": step}
        return invoke(OPERATIONS["_slice_assign"], (self, rhs), keywords, out=self)

    def slice_assign_scalar(self: Any, value: float, begin: Any, end: Any, step: Any = ()) -> Any:
        """Write a number into a part of this array, and return the array."""
        keywords = {"scalar": value, "begin": begin, "end": end, "step": step}
        return invoke(OPERATIONS["_slice_assign_scalar"], (self,), keywords, out=self)

    def _full(self: Any, value: float) -> Any:
        """Write one number everywhere, and return the array."""
        self[:] = value
        return self

    def _sync_copyfrom(self: Any, source_array: Any) -> None:
        """Write host values of the same shape."""
        host = np.asarray(source_array)
        if host.shape != self.shape:
            raise ValueError(f"expected values of shape {self.shape}, got {host.shape}")
        self[:] = host
