"""``numparam.npx.random``: the seed of the process's random numbers."""

from __future__ import annotations

from typing import Any

from numparam._missing import missing, show_public_names
from numparam.random import seed

__all__ = ["seed"]


def __getattr__(name: str) -> Any:
    raise missing("mx.npx.random", name, __all__, "mx.np.random has the distributions")


show_public_names(__name__)
