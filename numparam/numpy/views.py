"""The same memory in another shape, as NumPy gives it."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from numparam.ndarray.operations import OPERATIONS, OperationError, invoke
from numparam.ndarray.operations.axes import axes_of, axis_of, integers

__all__ = ["Views", "c_order"]


def c_order(order: str | None, name: str, *, of_new: bool = False) -> None:
    """Refuse every order of memory but C's.

    Parameters
    ----------
    order : str or None
        The order that was asked for.
    name : str
        The function, for the message.
    of_new : bool, default False
        Whether there is no array whose order 'A' and 'K' would mean.

    Raises
    ------
    NotImplementedError
        For another order.
    """
    if order != "C" and (of_new or order not in ("K", "A", None)):
        raise NotImplementedError(f"{name} gives arrays in C order only, not in order {order!r}")


class Views:
    """The part of ``mx.np.ndarray`` that reshapes, transposes and copies.

    ``reshape``, ``ravel`` and ``squeeze`` share the array's memory; MXNet's give copies.
    """

    __slots__ = ()

    def reshape(self: Any, *shape: Any, order: str = "C") -> Any:
        """Give the same memory in another shape.

        Parameters
        ----------
        *shape : int, or one tuple
            The new lengths; one of them may be -1, for what is left.
        order : {'C'}
            The order of the elements.

        Returns
        -------
        ndarray
            It shares this array's memory.

        Raises
        ------
        ValueError
            If the elements do not fit; also an MXNetError.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.np.zeros((2, 3)).reshape(-1, 2).shape
        (3, 2)
        """
        c_order(order, "reshape")
        lengths = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return self._in_shape(_completed(tuple(map(operator.index, lengths)), self.shape))

    def ravel(self: Any, order: str = "C") -> Any:
        """Give the same memory in one dimension.

        Parameters
        ----------
        order : {'C'}
            The order of the elements.

        Returns
        -------
        ndarray
            It shares this array's memory.
        """
        c_order(order, "ravel")
        return self._in_shape((self.size,))

    def flatten(self: Any, order: str = "C") -> Any:
        """Copy the elements into one dimension.

        Parameters
        ----------
        order : {'C'}
            The order of the elements.

        Returns
        -------
        ndarray
            A copy.
        """
        c_order(order, "flatten")
        return invoke(OPERATIONS["_np_flatten"], (self,), {})

    def squeeze(self: Any, axis: int | Sequence[int] | None = None) -> Any:
        """Give the same memory without axes of length 1.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Which; all of them if not given.

        Returns
        -------
        ndarray
            It shares this array's memory.

        Raises
        ------
        ValueError
            If an axis is longer, or does not exist; also an MXNetError.
        """
        shape = self.shape
        if axis is None:
            return self._in_shape(tuple(length for length in shape if length != 1))
        try:
            axes = axes_of(axis, len(shape)) if integers(axis) else ()
        except ValueError as error:
            raise OperationError(str(error)) from None
        for number in axes:
            if shape[number] != 1:
                raise OperationError(
                    f"axis {number} of shape {shape} has length {shape[number]}; only axes of "
                    "length 1 can be left out"
                )
        return self._in_shape(tuple(n for number, n in enumerate(shape) if number not in axes))

    def _expanded(self: Any, axis: int | Sequence[int]) -> Any:
        """Give the same memory with new axes of length 1, where they are in the result."""
        numbers = integers(axis)
        try:
            places = {axis_of(number, self.ndim + len(numbers)) for number in numbers}
        except ValueError as error:
            raise OperationError(str(error)) from None
        if len(places) < len(numbers):
            raise OperationError(f"axis {axis} names an axis twice")
        rest = iter(self.shape)
        total = self.ndim + len(numbers)
        return self._in_shape(tuple(1 if at in places else next(rest) for at in range(total)))

    def transpose(self: Any, *axes: Any) -> Any:
        """Give a copy with the axes in another order.

        Parameters
        ----------
        *axes : int, or one tuple
            The order; the reverse one if not given.

        Returns
        -------
        ndarray
            A copy.
        """
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))):
            order = axes[0]
        else:
            order = axes or None
        return invoke(OPERATIONS["_np_transpose"], (self,), {"axes": order})

    def copy(self: Any, order: str = "C") -> Any:
        """Copy the array, on its context.

        Parameters
        ----------
        order : {'C'}
            The order of the memory.

        Returns
        -------
        ndarray
            Equal elements in memory of its own.
        """
        c_order(order, "copy")
        return self.copyto(self._ctx)


def _completed(wanted: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Put the length that is left in place of -1."""
    size = math.prod(shape)
    given = math.prod(length for length in wanted if length != -1)
    unknown = wanted.count(-1)
    problem = None
    if any(length < -1 for length in wanted):
        problem = "lengths are not negative, but for one -1"
    elif unknown > 1:
        problem = "only one -1 can be worked out"
    elif unknown and (given == 0 or size % given):
        problem = "no whole number stands for -1"
    elif not unknown and given != size:
        problem = f"that takes {given} elements"
    if problem is not None:
        raise OperationError(
            f"the {size} elements of shape {shape} cannot be arranged as {wanted}: {problem}"
        )
    return tuple(size // given if length == -1 else length for length in wanted)
