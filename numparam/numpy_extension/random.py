"""``numparam.npx.random``: the seed of the process's random numbers."""

from __future__ import annotations

from typing import Any

from numparam.random import seed

__all__ = ["seed"]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"mx.npx.random has no {name!r}; mx.np.random has the distributions")
