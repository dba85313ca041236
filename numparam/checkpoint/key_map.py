r"""Maps from one project's names of arrays to another's, as data.

A map is a TOML or JSON file. Either it maps names to names, or it has rules::

    description = "…"
    drop = ['num_batches_tracked$']       # regular expressions
    [[rules]]
    from = '(^|[._])gamma$'               # a regular expression, replaced where it is found
    to = '\1weight'
    beside = '\1running_mean'             # optional: only where an array of that name exists, too
    shared = true                         # optional: only where all names match with the same text
    [[back]]                              # the rules of the way back, with drop_back
    …

The rules apply to each name one after the other. In TOML, names with dots are written in quotes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any, NamedTuple

from numparam.checkpoint.errors import CheckpointPlanError
from numparam.formats.quoting import quoted, shown_path

__all__ = ["KeyMap", "Rule", "preset_names", "read_key_map"]


_PARTS = {"rules", "drop", "back", "drop_back"}
_IN_RULES = {"from", "to", "beside", "shared"}


class Rule(NamedTuple):
    """One replacement in names.

    Attributes
    ----------
    pattern : re.Pattern
        What is replaced.
    to : str
        By what, as for `re.sub`.
    beside : str or None
        The neighbour that an array must have.
    shared : bool
        Whether it applies only if all names match with the same text, such as a common prefix.
    """

    pattern: re.Pattern[str]
    to: str
    beside: str | None
    shared: bool


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

    def new_names(self, names: Iterable[str]) -> dict[str, str]:
        """Return the new name of each array; it may depend on the others."""
        new = {name: self.names.get(name, name) for name in names}
        others = [name for name in new if name not in self.names]
        # Prefixes of kinds differ between an array and its neighbours.
        plain = {name: name.removeprefix("arg:").removeprefix("aux:") for name in others}
        beside = set(plain.values())
        for rule in self.rules:
            if rule.shared and not _share_a_match(rule.pattern, [new[name] for name in others]):
                continue
            for name in others:
                if rule.beside is None or _has_neighbour(rule, plain[name], beside):
                    new[name] = rule.pattern.sub(rule.to, new[name])
        return new


def _share_a_match(pattern: re.Pattern[str], names: Iterable[str]) -> bool:
    matches = [pattern.search(name) for name in names]
    return len({found and (found.start(), found.group()) for found in matches}) == 1


def _has_neighbour(rule: Rule, name: str, names: set[str]) -> bool:
    found = rule.pattern.search(name)
    return found is not None and name[: found.start()] + found.expand(rule.beside or "") in names


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
                is_json = text.lower().endswith(".json")
                contents = json.load(file) if is_json else tomllib.load(file)
        return _key_map(contents, back)
    except FileNotFoundError:
        raise CheckpointPlanError(
            f"there is no file {shown}, and no preset of that name; presets are "
            f"{', '.join(presets)}"
        ) from None
    except RecursionError:
        raise CheckpointPlanError(f"{shown} is not a map of names: it is nested too deep") from None
    except (OSError, ValueError, re.error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CheckpointPlanError(f"{shown} is not a map of names: {reason}") from error


def _key_map(contents: Any, back: bool) -> KeyMap:
    if not isinstance(contents, dict):
        raise ValueError("expected a table of names, or of rules")
    if not _PARTS & contents.keys():
        names = {old: new for old, new in contents.items() if old != "description"}
        for old, new in names.items():
            if not isinstance(new, str):
                raise ValueError(
                    f"expected names mapped to names, and {quoted(old)} is mapped to a "
                    f"{type(new).__name__}; in TOML, names with dots are written in quotes"
                )
        return KeyMap(_inverse(names) if back else names, [], [])
    unknown = contents.keys() - _PARTS - {"description"}
    if unknown:
        raise ValueError(
            f"beside rules there is {', '.join(sorted(map(quoted, unknown)))}; a map has either "
            "names or rules, and a rule for one name is '^name$'"
        )
    if back and not {"back", "drop_back"} & contents.keys():
        raise ValueError("it has no rules for the way back; they are named 'back'")
    # All are read, so that a mistake in those of the other way is found, too.
    rules = {each: list(_rules(contents.get(each, ()))) for each in ("rules", "back")}
    drop = {each: _patterns(contents.get(each, ()), each) for each in ("drop", "drop_back")}
    return KeyMap({}, rules["back" if back else "rules"], drop["drop_back" if back else "drop"])


def _rules(rules: Any) -> Iterator[Rule]:
    if not isinstance(rules, (list, tuple)):
        raise ValueError("rules are a list: [[rules]] in TOML")
    for rule in rules:
        if not isinstance(rule, dict) or not {"from", "to"} <= rule.keys() <= _IN_RULES:
            raise ValueError("a rule is a table with from and to, and perhaps beside and shared")
        pattern, to, beside = rule["from"], rule["to"], rule.get("beside")
        shared = rule.get("shared", False)
        texts = (pattern, to) if beside is None else (pattern, to, beside)
        if not all(isinstance(text, str) for text in texts) or not isinstance(shared, bool):
            raise ValueError("from, to and beside are texts, and shared is true or false")
        compiled = re.compile(pattern)
        for text in texts[1:]:
            compiled.sub(text, "")  # whether the groups that it names exist
        yield Rule(compiled, to, beside, shared)


def _patterns(texts: Any, name: str) -> list[re.Pattern[str]]:
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{name} is a list of regular expressions")
    return [re.compile(text) for text in texts]


def _inverse(names: dict[str, str]) -> dict[str, str]:
    inverse = {new: old for old, new in names.items()}
    if len(inverse) != len(names):
        raise ValueError("two names are mapped to one, so that there is no way back")
    return inverse
