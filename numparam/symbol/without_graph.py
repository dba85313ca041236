"""Operators and methods of symbols that raise errors, since there is no graph compiler."""

from __future__ import annotations

from typing import Any, NoReturn

from numparam.base import MXNetError, NotImplementedForSymbol

__all__ = ["NoGraphCompilerError", "SymbolWithoutGraph"]


class NoGraphCompilerError(MXNetError, TypeError, AttributeError):
    """An operation on a symbol would build a graph.

    Also a TypeError, like an operator that a type lacks, and an AttributeError, so that
    ``hasattr`` says that the method is not there.

    Parameters
    ----------
    operation : str
        What was asked for.
    hint : str, default ''
        A sentence on names that are near, and a space.
    """

    def __init__(self, operation: str, hint: str = "") -> None:
        super().__init__(
            f"{hint}{operation} would build a graph, and numparam has no graph compiler: its "
            "symbols are variables and groups of variables. Compute with NDArray instead."
        )


class SymbolWithoutGraph:
    """The operators, methods and protocols of MXNet's symbols that only raise here."""

    __slots__ = ()

    __array_priority__ = 1000.0
    # NumPy's operators give way, so that `array + symbol` raises what `symbol + array` raises.
    __array_ufunc__ = None
    # As in MXNet, where `==` makes a symbol.
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> NoReturn:
        raise NotImplementedForSymbol("__bool__", "bool")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r:.200}")
        raise NoGraphCompilerError(f"Symbol.{name}")


def _needs_values(method: str, alias: str | None = None) -> Any:
    def fail(self: SymbolWithoutGraph, *args: object, **kwargs: object) -> NoReturn:
        raise NotImplementedForSymbol(method, alias, *args)

    fail.__name__ = method
    fail.__doc__ = "Raise NotImplementedForSymbol: a symbol has no values."
    return fail


def _needs_graph(method: str, sign: str) -> Any:
    def fail(self: SymbolWithoutGraph, *args: object) -> NoReturn:
        raise NoGraphCompilerError(f"The operator {sign} on {self!r}")

    fail.__name__ = method
    fail.__doc__ = "Raise NoGraphCompilerError."
    return fail


_NEED_VALUES = ("asnumpy", "asscalar", "wait_to_read", "copy", "as_in_context", "detach")
_BINARY = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "mod": "%", "pow": "**"}
_UNARY = {"neg": "-", "abs": "abs"}
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

for _method in (*_NEED_VALUES, "backward"):
    setattr(SymbolWithoutGraph, _method, _needs_values(_method))
for _stem, _sign in _BINARY.items():
    for _method in (f"__{_stem}__", f"__r{_stem}__"):
        setattr(SymbolWithoutGraph, _method, _needs_graph(_method, _sign))
    setattr(SymbolWithoutGraph, f"__i{_stem}__", _needs_values(f"__i{_stem}__", f"{_sign}="))
for _stem, _sign in (_UNARY | _COMPARISONS).items():
    setattr(SymbolWithoutGraph, f"__{_stem}__", _needs_graph(f"__{_stem}__", _sign))
