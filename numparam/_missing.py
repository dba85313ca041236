"""Errors for unknown names of modules, which suggest what to use instead.

A module's ``__getattr__`` raises what `missing` returns. For ``from numparam import optimizer``
Python does not show that: it looks for a module of the name, and reports only that there is none.
The finder here is asked last, and repeats the text in an ImportError.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["explain_imports", "missing"]

_PACKAGE = __package__


def missing(module: str, name: str, names: Iterable[str], advice: str) -> AttributeError:
    """Return the error for a name that a module does not have.

    Parameters
    ----------
    module : str
        What users call the module, such as ``mx.nd``.
    name : str
        What was asked for.
    names : iterable of str
        The names that the module has, for a suggestion.
    advice : str
        One or more sentences: what the module is for, what to use instead.

    Returns
    -------
    AttributeError
        For the module's ``__getattr__`` to raise.

    Examples
    --------
    >>> str(missing("mx.nd", "zeross", ["zeros", "ones"], "It has arrays."))
    "mx.nd has no 'zeross'. Did you mean 'zeros'? It has arrays."
    """
    import difflib  # late: few programs ask for names that do not exist

    near = difflib.get_close_matches(name[:100], list(names), 3)
    hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    return AttributeError(f"{module} has no {name!r:.200}. {hint}{advice}", name=name)


class _MissingModules:
    """A finder that finds nothing, but turns a package's AttributeError into an ImportError."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parent, _, attribute = name.rpartition(".")
        package = sys.modules.get(parent)
        if parent.partition(".")[0] != _PACKAGE or attribute.startswith("_") or package is None:
            return None
        look_up = vars(package).get("__getattr__")
        # Tools that look for modules in other folders ask all finders, too: pytest, for one.
        elsewhere = list(path or ()) != list(getattr(package, "__path__", ()))
        if look_up is None or elsewhere:
            return None
        try:
            known = vars(package).get(attribute) or look_up(attribute)
        except AttributeError as error:
            # With the module's name in it, Python would drop the error and make one of its own.
            raise ModuleNotFoundError(str(error)) from None
        if isinstance(known, ModuleType) and known.__name__ != name:
            raise ModuleNotFoundError(
                f"{attribute!r} is a short name of the module {known.__name__}: import from that, "
                f"or write from {parent} import {attribute}"
            )
        return None


def explain_imports() -> None:
    """Install the finder after all others, once."""
    if not any(type(finder).__module__ == __name__ for finder in sys.meta_path):
        sys.meta_path.append(_MissingModules())
