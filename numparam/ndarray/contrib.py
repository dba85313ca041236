"""The operations that MXNet keeps in ``nd.contrib``."""

from __future__ import annotations

from typing import Any

from numparam.ndarray.functions import functions, late_function

_functions = functions("contrib.")
globals().update(_functions)
__all__ = sorted(_functions)


def __getattr__(name: str) -> Any:
    return late_function(name, "contrib.")
