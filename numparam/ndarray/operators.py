"""Factories for the operator methods of array classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from numparam.ndarray.operations.binary import BinaryFunction
from numparam.ndarray.operations.invoke import invoke
from numparam.ndarray.operations.operation import Operation

if TYPE_CHECKING:
    from numparam.ndarray.ndarray import NDArray

__all__ = ["forward", "in_place", "plain", "reflected", "unary"]

A = TypeVar("A", bound="NDArray")


def forward(function: BinaryFunction) -> Callable[[A, Any], A]:
    """Return the method for ``self + other``, or another operator."""
    arrays, scalar = function.arrays, function.scalar

    def operator(self: Any, other: Any) -> Any:
        kind = type(other)
        if kind is type(self):
            return invoke(arrays, (self, other), {})
        if scalar is not None and (kind is int or kind is float):
            return invoke(scalar, (self,), {"scalar": other})
        return function(self, other)

    return operator


def plain(function: Callable[..., Any]) -> Callable[[A, Any], A]:
    """Return the method for ``self + other``, or another operator, that calls the function."""

    def operator(self: Any, other: Any) -> Any:
        return function(self, other)

    return operator


def reflected(function: BinaryFunction | Callable[..., Any]) -> Callable[[A, Any], A]:
    """Return the method for ``other + self``, or another operator."""

    def operator(self: Any, other: Any) -> Any:
        return function(other, self)

    return operator


def in_place(function: BinaryFunction | Callable[..., Any]) -> Callable[[A, Any], A]:
    """Return the method for ``self += other``, or another operator; it writes into the array."""

    def operator(self: Any, other: Any) -> Any:
        self._require_writable()
        return function(self, other, self)

    return operator


def unary(row: Operation) -> Callable[[A], A]:
    """Return the method for ``-self``, or another operator."""

    def operator(self: Any) -> Any:
        return invoke(row, (self,), {})

    return operator
