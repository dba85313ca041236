"""Operations of linear algebra: ``numparam.nd.linalg``."""

from __future__ import annotations

from typing import Any

from numparam.ndarray.functions import function_of, names_of

__all__ = names_of("linalg.")


def __getattr__(name: str) -> Any:
    function = globals()[name] = function_of(name, "linalg.")
    return function


def __dir__() -> list[str]:
    return __all__
