"""The operators of arrays: ``+ - * / % **``, comparison, and their in-place forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Operators"]


def _forward(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        return _binary(name, self, other)

    return operator


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        return _binary(name, other, self)

    return operator


def _in_place(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        self._require_writable()
        return _binary(name, self, other, out=self)

    return operator


def _binary(name: str, left: Any, right: Any, out: Any = None) -> Any:
    from numparam.ndarray.operations.arithmetic import binary

    return binary(name, left, right, out)


class Operators:
    """The part of `NDArray` behind the operators.

    Operands have one dtype; a number is converted to the array's. Comparisons give 0 and 1 in that
    dtype, and quotients of integers are cut off toward zero. In-place forms write into the array's
    memory and keep its dtype.
    """

    __slots__ = ()

    __add__ = _forward("add")
    __sub__ = _forward("subtract")
    __mul__ = _forward("multiply")
    __truediv__ = _forward("divide")
    __mod__ = _forward("modulo")
    __pow__ = _forward("power")
    __eq__ = _forward("equal")
    __ne__ = _forward("not_equal")
    __lt__ = _forward("lesser")
    __le__ = _forward("lesser_equal")
    __gt__ = _forward("greater")
    __ge__ = _forward("greater_equal")

    __radd__ = _reflected("add")
    __rsub__ = _reflected("subtract")
    __rmul__ = _reflected("multiply")
    __rtruediv__ = _reflected("divide")
    __rmod__ = _reflected("modulo")
    __rpow__ = _reflected("power")

    __iadd__ = _in_place("add")
    __isub__ = _in_place("subtract")
    __imul__ = _in_place("multiply")
    __itruediv__ = _in_place("divide")
    __imod__ = _in_place("modulo")
    # No `**=`: as in MXNet it makes a new array, so that a parameter under another name stays.

    def __neg__(self: Any) -> Any:
        return self * -1.0

    def __abs__(self: Any) -> Any:
        return self.abs()

    def __hash__(self) -> int:
        return id(self) >> 4
