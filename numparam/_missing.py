"""Errors for unknown names of modules, which suggest what to use instead.

A module's ``__getattr__`` raises what `missing` returns; a module that only has what stands in it
calls `show_public_names` at its end instead. For ``from numparam import optimizer``
Python does not show that: it looks for a module of the name, and reports only that there is none.
The finder here is asked last, and repeats the text in an ImportError.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["close_matches", "explain_imports", "missing", "near_names", "show_public_names"]

_PACKAGE = __package__

# How many names an error lists; for more, it names `dir`.
_LISTED = 12


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
    return AttributeError(
        f"{module} has no {name!r:.200}. {near_names(name, names)}{advice}", name=name
    )


def near_names(name: str, names: Iterable[str]) -> str:
    """Return a question with the names that are near a given one and a space, or nothing.

    Examples
    --------
    >>> near_names("zeross", ["zeros", "ones"])
    "Did you mean 'zeros'? "
    """
    asked, known = name[:100], sorted(names)
    near = close_matches(asked, known, 3, cutoff=0.7)
    if not near and len(asked) > 2:
        near = [one for one in known if one.lower().startswith(asked.lower())][:3]
    return f"Did you mean {' or '.join(map(repr, near))}? " if near else ""


def close_matches(
    name: str, names: Iterable[str], count: int = 3, cutoff: float = 0.6
) -> list[str]:
    """Return up to `count` names that are similar to a given one, the most similar first.

    Examples
    --------
    >>> close_matches("zeross", ["zeros", "ones"])
    ['zeros']
    """
    try:
        import difflib  # late: few programs ask for names that do not exist
    except ImportError:  # where the interpreter ends, nothing can be imported
        return []
    return difflib.get_close_matches(name, list(names), count, cutoff)


def show_public_names(module: str) -> None:
    """Let `dir` list only the public names of a module, and errors for others suggest near ones.

    Parameters
    ----------
    module : str
        Its ``__name__``; its ``__all__`` is complete by now. If it has a ``__getattr__`` or
        ``__dir__`` of its own, that stays.
    """
    space = vars(sys.modules[module])
    names: list[str] = space["__all__"]

    def look_up(name: str) -> Any:
        if name.startswith("_"):  # asked for by tools, which expect that it is missing
            raise AttributeError(f"module {module!r} has no attribute {name!r:.200}", name=name)
        listed = sorted(known for known in names if not known.startswith("_"))
        if len(listed) > _LISTED:
            advice = f"dir({module}) lists its names"
        else:
            advice = f"It has {', '.join(listed)}"
        raise missing(module, name, listed, advice)

    def list_names() -> list[str]:
        return [name for name in names if not name.startswith("_")]

    space.setdefault("__getattr__", look_up)
    space.setdefault("__dir__", list_names)
    # For ``from module import name`` Python asks finders, and so ours, only below packages.
    space.setdefault("__path__", [])


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
