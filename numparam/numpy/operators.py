"""The operators of ``mx.np`` arrays, and the functions of two operands behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, Operation, OperationError, invoke
from numparam.ndarray.values import as_host_array

__all__ = ["NUMBERS", "Operators", "binary", "kind_error"]

#: What counts as a number beside an array.
NUMBERS = (bool, int, float, np.number, np.bool_)


def binary(name: str, left: Any, right: Any, out: Any = None) -> Any:
    """Compute a function of two operands, of which at least one is an ``mx.np`` array.

    Parameters
    ----------
    name : str
        A function of `numparam.np`.
    left, right : ndarray, number, list or numpy.ndarray
        The operands. A number or list takes the dtype of the other one; a NumPy array keeps its
        own, and goes to the context of the other one.
    out : ndarray, optional
        Where to write the result.

    Returns
    -------
    ndarray
        Or NotImplemented for an operand that is none of these.

    Raises
    ------
    TypeError
        For a classic array, or something that is no number.
    """
    if not _is_array(left):
        if isinstance(left, NUMBERS):
            return invoke(_row(name, "reflected"), (right,), {"scalar": _python(left)}, out)
        left = _operand(left, right, name)
    elif not _is_array(right):
        if isinstance(right, NUMBERS):
            return invoke(_row(name, "scalar"), (left,), {"scalar": _python(right)}, out)
        right = _operand(right, left, name)
    if left is NotImplemented or right is NotImplemented:
        return NotImplemented
    return invoke(OPERATIONS[f"_np_{name}"], (left, right), {}, out)


def _row(name: str, form: str) -> Operation:
    row = OPERATIONS.get(f"_np_{name}_{form}")
    if row is None:
        raise OperationError(f"{name} takes two arrays; a number is multiplied with *")
    return row


def _is_array(operand: Any) -> bool:
    return isinstance(operand, Operators)


def _python(number: Any) -> Any:
    return number.item() if isinstance(number, np.generic) else number


def _operand(operand: Any, array: Any, name: str) -> Any:
    if isinstance(operand, NDArray):
        raise kind_error(name, operand)
    if isinstance(operand, np.ndarray):
        host = as_host_array(operand, operand.dtype)
    elif isinstance(operand, (list, tuple)):
        host = as_host_array(operand, array.dtype).astype(array.dtype)
    elif isinstance(operand, str) or (operand is None and name not in ("equal", "not_equal")):
        raise TypeError(
            f"{name} takes mx.np arrays and numbers, not {type(operand).__name__} {operand!r}"
        )
    else:
        return NotImplemented
    backend = array._backend
    return array._array_class.from_buffer(backend.upload(host), array._ctx, backend)


def kind_error(name: str, array: Any) -> TypeError:
    """Word the refusal of an array that is not one of ``mx.np``."""
    if isinstance(array, NDArray) and array.stype == "default":
        hint = "; pass its as_np_ndarray(), which shares its memory"
    elif isinstance(array, NDArray):
        hint = f"; it is sparse ({array.stype}): convert with tostype('default').as_np_ndarray()"
    else:
        hint = "; make one with mx.np.array(values)"
    return TypeError(f"{name} takes mx.np arrays, not {type(array).__name__}{hint}")


def _forward(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        return binary(name, self, other)

    return operator


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        return binary(name, other, self)

    return operator


def _in_place(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        self._require_writable()
        return binary(name, self, other, out=self)

    return operator


def _of_one(name: str) -> Callable[[Any], Any]:
    def operator(self: Any) -> Any:
        return invoke(OPERATIONS[f"_np_{name}"], (self,), {})

    return operator


class Operators:
    """The part of ``mx.np.ndarray`` behind the operators.

    Arrays of different dtypes mix; comparisons give booleans. In-place forms write into the
    array's memory and keep its dtype: a result of another dtype is refused.
    """

    __slots__ = ()

    __add__ = _forward("add")
    __sub__ = _forward("subtract")
    __mul__ = _forward("multiply")
    __truediv__ = _forward("divide")
    __floordiv__ = _forward("floor_divide")
    __mod__ = _forward("remainder")
    __pow__ = _forward("power")
    __matmul__ = _forward("matmul")
    __and__ = _forward("bitwise_and")
    __or__ = _forward("bitwise_or")
    __xor__ = _forward("bitwise_xor")
    __eq__ = _forward("equal")
    __ne__ = _forward("not_equal")
    __lt__ = _forward("less")
    __le__ = _forward("less_equal")
    __gt__ = _forward("greater")
    __ge__ = _forward("greater_equal")

    __radd__ = _reflected("add")
    __rsub__ = _reflected("subtract")
    __rmul__ = _reflected("multiply")
    __rtruediv__ = _reflected("divide")
    __rfloordiv__ = _reflected("floor_divide")
    __rmod__ = _reflected("remainder")
    __rpow__ = _reflected("power")
    __rmatmul__ = _reflected("matmul")
    __rand__ = _reflected("bitwise_and")
    __ror__ = _reflected("bitwise_or")
    __rxor__ = _reflected("bitwise_xor")

    __iadd__ = _in_place("add")
    __isub__ = _in_place("subtract")
    __imul__ = _in_place("multiply")
    __itruediv__ = _in_place("divide")
    __ifloordiv__ = _in_place("floor_divide")
    __imod__ = _in_place("remainder")
    # No `**=`: as in MXNet it makes a new array.
    __imatmul__ = _in_place("matmul")
    __iand__ = _in_place("bitwise_and")
    __ior__ = _in_place("bitwise_or")
    __ixor__ = _in_place("bitwise_xor")

    __neg__ = _of_one("negative")
    __pos__ = _of_one("positive")
    __abs__ = _of_one("abs")
    __invert__ = _of_one("invert")
    __floor__ = _of_one("floor")
    __ceil__ = _of_one("ceil")
    __trunc__ = _of_one("trunc")

    def __round__(self: Any, ndigits: int = 0) -> Any:
        return invoke(OPERATIONS["_np_around"], (self,), {"decimals": ndigits})

    def __hash__(self) -> int:
        return id(self) >> 4
