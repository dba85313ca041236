"""Operations that Gluon-era code calls by internal names, such as ``_plus_scalar``."""

from __future__ import annotations

from typing import Any

from numparam.ndarray.functions import function_of, names_of

__all__ = names_of("_")


def __getattr__(name: str) -> Any:
    function = globals()[name] = function_of(name, "_")
    return function


def __dir__() -> list[str]:
    return __all__
