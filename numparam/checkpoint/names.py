"""Selection of arrays by name, and renaming."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from numparam._missing import close_matches
from numparam.checkpoint.errors import CheckpointPlanError, MissingArrayError
from numparam.formats.quoting import quoted
from numparam.formats.streams import ArrayHeader

__all__ = ["chosen", "missing", "renamed", "without_prefixes"]

#: A pattern such as ``'*_weight'``, or a function of a name and an `ArrayHeader`.
Choice = str | Callable[[str, ArrayHeader], Any]


def chosen(
    headers: Mapping[str, ArrayHeader], choices: Iterable[Choice], *, all_must_match: bool
) -> set[str]:
    """Return the names that match one of the choices.

    Parameters
    ----------
    headers : mapping of str to ArrayHeader
        All arrays.
    choices : iterable of str or callable
        Names, patterns as for `fnmatch`, or predicates of name and header.
    all_must_match : bool
        Whether a pattern that fits nothing is an error, as a plain name always is.

    Raises
    ------
    MissingArrayError
        If a name or a pattern fits nothing.
    """
    found: set[str] = set()
    for choice in choices:
        if isinstance(choice, str):
            # A name that looks like a pattern is meant as it is.
            fits = {choice} & headers.keys() or {
                name for name in headers if fnmatch.fnmatchcase(name, choice)
            }
            if not fits and (all_must_match or not re.search(r"[*?\[]", choice)):
                raise missing(choice, headers)
        elif callable(choice):
            fits = {name for name, header in headers.items() if choice(name, header)}
        else:
            raise TypeError(
                "expected a pattern (str) or a function of name and header, got "
                f"{type(choice).__name__}"
            )
        found |= fits
    return found


def missing(name: str, names: Iterable[str]) -> MissingArrayError:
    """Return the error for a name or pattern that matches no array; to be raised."""
    names = list(names)
    near = close_matches(name[:200], names[:1000], count=3, cutoff=0.5)
    shown = near or names[:3]
    hint = (
        f"Did you mean {' or '.join(map(quoted, near))}?"
        if near
        else (
            f"It has {', '.join(map(quoted, shown))}{', …' if len(names) > 3 else ''}"
            if names
            else "It is empty"
        )
    )
    return MissingArrayError(f"no array has the name {quoted(name)}. {hint}")


def without_prefixes(name: str, prefixes: Iterable[str]) -> str:
    """Return a name without the first of the given prefixes that it begins with."""
    for prefix in prefixes:
        if prefix and name.startswith(prefix):
            return name[len(prefix) :]
    return name


def renamed(names: Iterable[str], rename: Callable[[str], str]) -> dict[str, str]:
    """Return the new name of each array.

    Raises
    ------
    CheckpointPlanError
        If two arrays would have one name, or one would have none.
    """
    new: dict[str, str] = {}
    old_by_new: dict[str, str] = {}
    for name in names:
        to = rename(name)
        if not isinstance(to, str):
            raise TypeError(f"names are str; {quoted(name)} would become {type(to).__name__}")
        if not to:
            raise CheckpointPlanError(f"the new name would be empty for {quoted(name)}")
        if to in old_by_new:
            raise CheckpointPlanError(
                f"{quoted(old_by_new[to])} and {quoted(name)} would both be named {quoted(to)}: "
                "rename or drop one of them"
            )
        old_by_new[to] = name
        new[name] = to
    return new
