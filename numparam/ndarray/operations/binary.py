"""Binary functions: the operations for two arrays, and for an array and a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from numparam.ndarray.operations.invoke import OperationError, invoke
from numparam.ndarray.operations.operation import Operation
from numparam.ndarray.values import NUMBERS

__all__ = ["BinaryFunction"]


class BinaryFunction(NamedTuple):
    """A function of two arrays, numbers, lists or NumPy arrays, at least one of them an array.

    Attributes
    ----------
    name : str
        What messages call it.
    arrays : Operation
        Of two arrays.
    scalar, reflected : Operation or None
        Of an array and a number, and of a number and an array; None if there is none.
    accepts : callable
        ``accepts(operand)`` is true for the arrays that `arrays` takes.
    converted : callable
        ``converted(operand, array, name)`` makes of an operand that is neither a number nor
        accepted an array beside `array`, or returns NotImplemented.
    """

    name: str
    arrays: Operation
    scalar: Operation | None
    reflected: Operation | None
    accepts: Callable[[Any], bool]
    converted: Callable[[Any, Any, str], Any]

    def __call__(self, left: Any, right: Any, out: Any = None) -> Any:
        """Compute the function.

        Parameters
        ----------
        left, right : NDArray, number, list or numpy.ndarray
            The operands.
        out : NDArray, optional
            Where to write the result.

        Returns
        -------
        NDArray
            Or NotImplemented for an operand that is none of these.
        """
        if not self.accepts(left):
            if isinstance(left, NUMBERS):
                return self._with_number(self.reflected, right, left, out)
            left = self.converted(left, right, self.name)
        elif not self.accepts(right):
            if isinstance(right, NUMBERS):
                return self._with_number(self.scalar, left, right, out)
            right = self.converted(right, left, self.name)
        if left is NotImplemented or right is NotImplemented:
            return NotImplemented
        return invoke(self.arrays, (left, right), {}, out)

    def _with_number(self, row: Operation | None, array: Any, number: Any, out: Any) -> Any:
        if row is None:
            raise OperationError(f"{self.name} takes two arrays; a number is multiplied with *")
        return invoke(row, (array,), {"scalar": number}, out)
