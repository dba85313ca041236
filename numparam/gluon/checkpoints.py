"""Loading all parameters of a dictionary: everything is compared first, then written."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from numparam.formats import ParamsReader
from numparam.gluon import contexts, hooks
from numparam.gluon.checks import as_array
from numparam.gluon.errors import (
    IncompatibleDataError,
    IncompleteLoadError,
    LoadError,
    NoNamedArraysError,
    ParameterConflictError,
    UnnamedArraysError,
)
from numparam.gluon.loading import ArraySource, FileSource, LoadPlan, ValueSource
from numparam.gluon.utils import _brief_print_list

__all__ = ["Options", "load_arrays", "load_file"]


class Options(NamedTuple):
    """The options of `ParameterDict.load` and `ParameterDict.load_dict`; see there."""

    allow_missing: bool
    ignore_extra: bool
    restore_prefix: str
    ctx: Any
    cast_dtype: bool
    dtype_source: str


def load_file(own: Mapping[str, Any], filename: str | os.PathLike[Any], options: Options) -> None:
    """Load parameters from a file; see `ParameterDict.load`."""
    with ParamsReader(filename) as reader:
        if reader.names is None:
            if reader.headers:
                raise UnnamedArraysError(
                    f"expected named arrays, and there is a list of {len(reader.headers)} "
                    "without names. Save a dict, or load the list with nd.load and pass a "
                    "dict to load_dict.",
                    source=os.fspath(filename) if _is_path(filename) else None,
                )
            names: list[str] = []
        else:
            names = [_without_kind(name) for name in reader.names]
        sources: dict[str, ValueSource] = {
            name: FileSource(reader, header)
            for name, header in zip(names, reader.headers, strict=True)
        }
        where = f"file '{os.fsdecode(filename)}'" if _is_path(filename) else "the given bytes"
        _load(own, sources, where, options)


def load_arrays(
    own: Mapping[str, Any],
    param_dict: Mapping[str, Any] | Iterable[tuple[str, Any]],
    filename: str | None,
    options: Options,
) -> None:
    """Load parameters from arrays in memory; see `ParameterDict.load_dict`."""
    sources: dict[str, ValueSource] = {
        name: ArraySource(as_array(value, name)) for name, value in _named_arrays(param_dict)
    }
    where = f"file '{filename}'" if filename else "the given dict"
    _load(own, sources, where, options)


def _load(
    own: Mapping[str, Any], sources: dict[str, ValueSource], where: str, options: Options
) -> None:
    """Compare everything with everything, then write."""
    own = dict(own)
    prefix, ctx = options.restore_prefix, contexts.read_once(options.ctx)
    if not isinstance(prefix, str):
        raise TypeError(
            f"restore_prefix must be a string; got {prefix!r} of type {type(prefix).__name__}."
        )
    if prefix:
        for name in own:
            if not name.startswith(prefix):
                raise ParameterConflictError(
                    f"restore_prefix is '{prefix}', and Parameter '{name}' does not begin with "
                    "it. Pass the prefix that all parameters of this dictionary share."
                )
        sources = {prefix + name: source for name, source in sources.items()}
    missing = [] if options.allow_missing else [name for name in own if name not in sources]
    unexpected = [] if options.ignore_extra else [name for name in sources if name not in own]
    plans: dict[str, LoadPlan] = {}
    mismatched = []
    for name, source in sources.items():
        if name in own:
            try:
                plans[name] = LoadPlan(
                    own[name], source, ctx, options.cast_dtype, options.dtype_source
                )
            except IncompatibleDataError as error:
                mismatched.append((name, str(error)))
    if missing or unexpected or mismatched:
        cut = len(prefix)
        raise LoadError(
            _report(where, list(own), list(sources), missing, unexpected, mismatched, cut),
            [name[cut:] for name in missing],
            [name[cut:] for name in unexpected],
            [(name[cut:], reason) for name, reason in mismatched],
        )
    changed: list[str] = []
    for name, plan in plans.items():
        try:
            if hooks.is_replaced(own[name], "_load_init"):
                plan.carry_out_by_load_init()
            else:
                plan.carry_out()
        except Exception as error:
            reason = str(error).rstrip(".")
            raise IncompleteLoadError(
                f"Parameter '{name}' could not be loaded from {where}: {reason}. All names, "
                "shapes and dtypes had been checked before. "
                f"{_progress(changed, name, plan.in_place)}",
                changed,
                name if plan.in_place else None,
            ) from error
        changed.append(name)


def _is_path(source: Any) -> bool:
    return isinstance(source, (str, os.PathLike))


def _named_arrays(param_dict: Any) -> list[tuple[str, Any]]:
    """Return the pairs of a mapping, whose names may begin with a kind, or pairs as they are."""
    of_mapping = isinstance(param_dict, Mapping) or hasattr(param_dict, "items")
    try:
        pairs = [
            (name, value) for name, value in (param_dict.items() if of_mapping else param_dict)
        ]
    except (TypeError, ValueError) as error:
        raise NoNamedArraysError(
            "load_dict takes a mapping of names to arrays, or pairs of a name and an array; got "
            f"{type(param_dict).__name__}: {error}."
        ) from error
    for name, _ in pairs:
        if not isinstance(name, str):
            raise NoNamedArraysError(
                f"load_dict takes arrays by their names, which are strings; got the name {name!r}."
            )
    return [(_without_kind(name), value) for name, value in pairs] if of_mapping else pairs


def _without_kind(name: str) -> str:
    return name[4:] if name.startswith(("arg:", "aux:")) else name


def _progress(changed: list[str], name: str, in_place: bool) -> str:
    before = (
        f"Loaded before it: {_brief_print_list(changed)}."
        if changed
        else "No parameter was loaded."
    )
    if in_place:
        return f"{before} The values of '{name}' may be partly new; the others are unchanged."
    return f"{before} The others, with '{name}', are unchanged."


def _report(
    where: str,
    own: list[str],
    given: list[str],
    missing: list[str],
    unexpected: list[str],
    mismatched: list[tuple[str, str]],
    cut: int,
) -> str:
    """List all that is wrong, with the nearest names; `cut` characters of a name are its prefix."""
    lines = [f"{where[0].upper()}{where[1:]} does not fit the parameters. Nothing was loaded."]
    if missing:
        lines.append(
            f"Missing in {where}: {_suggested(missing, given, cut)}. It has: "
            f"{_brief_print_list(name[cut:] for name in given) or 'no arrays'}. "
            "Set allow_missing=True to keep these parameters as they are."
        )
    if unexpected:
        lines.append(
            f"Unexpected in {where}: {_suggested(unexpected, own, cut)}. The parameters are: "
            f"{_brief_print_list(name[cut:] for name in own) or '(none)'}. "
            "Set ignore_extra=True to skip these arrays."
        )
    lines.extend(f"Mismatched: {reason}" for _, reason in mismatched)
    if missing or unexpected:
        lines.append(
            "If only the beginnings of the names differ, see restore_prefix here and strip_prefix "
            "of save()."
        )
    return "\n".join(lines)


def _suggested(names: list[str], others: list[str], cut: int) -> str:
    """Quote names, the first of them with the nearest other name."""
    shown = []
    candidates = [name[cut:] for name in others if name not in names]
    for name in names[:10]:
        near = difflib.get_close_matches(name[cut:], candidates, 1)
        shown.append(f"'{name[cut:]}'" + (f" (nearest: '{near[0]}')" if near else ""))
    if len(names) > 10:
        shown.append(f"and {len(names) - 10} more")
    return ", ".join(shown)
