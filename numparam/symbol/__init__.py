"""Symbolic variables: names with attributes, as ``Parameter.var()`` returns them.

numparam has no graph compiler, so there are variables and groups of variables and nothing else.
Any operator, ``mx.sym.FullyConnected`` or ``a + b``, raises :class:`NoGraphCompilerError`.
"""

from __future__ import annotations

from typing import NoReturn

from numparam._missing import near_names
from numparam.symbol import numpy
from numparam.symbol import numpy as np
from numparam.symbol.creation import Group, Variable, load, load_json, var
from numparam.symbol.json_format import SymbolJSONError
from numparam.symbol.symbol import Symbol
from numparam.symbol.without_graph import NoGraphCompilerError

__all__ = [
    "Group",
    "NoGraphCompilerError",
    "Symbol",
    "SymbolJSONError",
    "Variable",
    "load",
    "load_json",
    "np",
    "numpy",
    "var",
]


def __getattr__(name: str) -> NoReturn:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r:.200}")
    raise NoGraphCompilerError(f"mx.sym.{name}", near_names(name, __all__))


def __dir__() -> list[str]:
    return __all__
