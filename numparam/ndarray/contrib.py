"""The operations of ``nd.contrib``."""

from __future__ import annotations

from typing import Any

from numparam.ndarray.functions import function_of, names_of
from numparam.ndarray.updates import (
    adamw_update,
    mp_adamw_update,
    multi_adamw_update,
    multi_lamb_update,
    multi_mp_adamw_update,
    multi_mp_lamb_update,
)
from numparam.ndarray.zipfian import rand_zipfian

__all__ = [
    "adamw_update",
    "mp_adamw_update",
    "multi_adamw_update",
    "multi_lamb_update",
    "multi_mp_adamw_update",
    "multi_mp_lamb_update",
    "rand_zipfian",
    *names_of("contrib."),
]


def __getattr__(name: str) -> Any:
    function = globals()[name] = function_of(name, "contrib.")
    return function


def __dir__() -> list[str]:
    return __all__
