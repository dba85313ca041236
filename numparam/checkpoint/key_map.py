r"""Maps from one project's names of arrays to another's, as data.

A map is a TOML or JSON file. Either it maps names to names, or it has rules::

    description = "…"
    drop = ['num_batches_tracked$']       # regular expressions
    [[rules]]
    from = '(^|[._])gamma$'               # a regular expression, replaced where it is found
    to = '\1weight'
    beside = '\1running_mean'             # optional: only where an array of that name exists, too
    [[back]]                              # the rules of the way back, with drop_back
    …

The rules apply to each name one after the other.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from importlib import resources
from typing import Any, NamedTuple

from numparam.checkpoint.errors import CheckpointPlanError
from numparam.formats.quoting import shown_path

__all__ = ["KeyMap", "Rule", "preset_names", "read_key_map"]


class Rule(NamedTuple):
    """One replacement in names."""

    pattern: re.Pattern[str]
    to: str
    beside: str | None


class KeyMap(NamedTuple):
    """How names are mapped.

    Attributes
    ----------
    names : dict of str to str
        Whole names, which come first.
    rules : list of Rule
        Applied one after the other to all other names.
    drop : list of re.Pattern
        Arrays whose names match are left out.
    """

    names: dict[str, str]
    rules: list[Rule]
    drop: list[re.Pattern[str]]

    def drops(self, name: str) -> bool:
        """Return whether an array is left out."""
        return any(pattern.search(name) for pattern in self.drop)

    def new_name(self, name: str, all_names: set[str]) -> str:
        """Return the new name of an array among others."""
        if name in self.names:
            return self.names[name]
        # Prefixes of kinds differ between an array and its neighbours.
        plain = {other.removeprefix("arg:").removeprefix("aux:") for other in all_names}
        original, beside = name.removeprefix("arg:").removeprefix("aux:"), plain
        for rule in self.rules:
            if rule.beside is not None:
                found = rule.pattern.search(original)
                if found is None:
                    continue
                neighbour = original[: found.start()] + found.expand(rule.beside)
                if neighbour not in beside:
                    continue
            name = rule.pattern.sub(rule.to, name)
        return name


def preset_names() -> list[str]:
    """Return the names of the maps that come with numparam."""
    folder = resources.files("numparam.checkpoint") / "key_maps"
    return sorted(
        file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")
    )


def read_key_map(name_or_path: str | os.PathLike[str], back: bool = False) -> KeyMap:
    """Read a map that comes with numparam, or a file.

    Parameters
    ----------
    name_or_path : str or os.PathLike
        A preset's name, such as ``'torch'``, or the path of a ``.toml`` or ``.json`` file.
    back : bool, default False
        The way back.

    Returns
    -------
    KeyMap
        The map.

    Raises
    ------
    CheckpointPlanError
        If there is no such preset or file, or if the file is no map.
    """
    import tomllib  # late: few read maps

    text = os.fspath(name_or_path)
    shown = shown_path(text)
    presets = preset_names()
    try:
        if text in presets:
            folder = resources.files("numparam.checkpoint") / "key_maps"
            contents = tomllib.loads((folder / f"{text}.toml").read_text("utf-8"))
        else:
            with open(text, "rb") as file:
                contents = json.load(file) if text.endswith(".json") else tomllib.load(file)
        return _key_map(contents, back)
    except FileNotFoundError:
        raise CheckpointPlanError(
            f"there is no file {shown}, and no preset of that name; presets are "
            f"{', '.join(presets)}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, re.error) as error:
        raise CheckpointPlanError(f"{shown} is not a map of names: {error}") from error


def _key_map(contents: dict[str, Any], back: bool) -> KeyMap:
    if not isinstance(contents, dict):
        raise ValueError("expected a table of names, or of rules")
    if not {"rules", "drop", "back", "drop_back"} & contents.keys():
        names = {old: new for old, new in contents.items() if old != "description"}
        if not all(isinstance(new, str) for new in names.values()):
            raise ValueError("expected names mapped to names")
        return KeyMap(_inverse(names) if back else names, [], [])
    rules = contents.get("back" if back else "rules", ())
    drop = contents.get("drop_back" if back else "drop", ())
    return KeyMap({}, list(_rules(rules)), [re.compile(each) for each in drop])


def _rules(rules: Iterable[dict[str, str]]) -> Iterable[Rule]:
    for rule in rules:
        unknown = rule.keys() - {"from", "to", "beside"}
        if unknown:
            raise ValueError(f"a rule has from, to and beside, not {', '.join(sorted(unknown))}")
        yield Rule(re.compile(rule["from"]), rule["to"], rule.get("beside"))


def _inverse(names: dict[str, str]) -> dict[str, str]:
    inverse = {new: old for old, new in names.items()}
    if len(inverse) != len(names):
        raise ValueError("two names are mapped to one, so that there is no way back")
    return inverse
