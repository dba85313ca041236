"""Finders that make numparam's modules available under other names of the package.

``sys.modules["mxnet"] = numparam`` lets code run that says ``import mxnet``. By itself Python would
then load ``mxnet.context`` from numparam's folder once more: a second `Context`, which is not the
first one, and a second current context. The finder here gives numparam's own module instead.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["find_by_any_name"]

_PACKAGE = __package__


class _OwnModules:
    """Finds ``other.x`` as ``numparam.x`` where ``other`` is a name of the package."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        other, _, inside = name.partition(".")
        if not inside or other == _PACKAGE:
            return None
        package = sys.modules.get(_PACKAGE)
        if package is None or sys.modules.get(other) is not package:
            return None
        try:
            module = importlib.import_module(f"{_PACKAGE}.{inside}")
        except ModuleNotFoundError as error:
            if error.name != f"{_PACKAGE}.{inside}":
                raise
            return None
        return ModuleSpec(name, _Given(module))  # type: ignore[arg-type]


class _Given:
    """Loads a module that is loaded already."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # importing replaced it by one with the other name


def find_by_any_name() -> None:
    """Install the finder before Python's own, once."""
    if not any(type(finder).__module__ == __name__ for finder in sys.meta_path):
        sys.meta_path.insert(0, _OwnModules())
