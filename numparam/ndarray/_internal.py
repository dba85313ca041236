"""Operations that Gluon-era code calls by internal names, such as ``_plus_scalar``."""

from __future__ import annotations

from typing import Any

from numparam.ndarray.functions import function_of, names_of
from numparam.ndarray.zipfian import sample_unique_zipfian

_sample_unique_zipfian = sample_unique_zipfian

__all__ = [*names_of("_"), "_sample_unique_zipfian"]


def __getattr__(name: str) -> Any:
    function = globals()[name] = function_of(name, "_")
    return function


def __dir__() -> list[str]:
    return __all__
