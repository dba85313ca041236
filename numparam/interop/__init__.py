"""Other libraries' models on parameters' memory; each module is imported only when asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from numparam._missing import show_public_names

__all__ = ["jax", "torch"]

if TYPE_CHECKING:
    from numparam.interop import jax, torch
else:

    def __getattr__(name: str) -> Any:
        # Late: each needs a library that may be missing, and takes long to import.
        if name not in __all__:
            raise AttributeError(
                f"numparam.interop has no {name!r:.200}. It has jax and torch", name=name
            )
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ImportError as error:
            raise AttributeError(f"numparam.interop.{name}: {error}", name=name) from error


show_public_names(__name__)
