"""Loading of all parameters of a dictionary: everything is checked before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from numparam._missing import close_matches
from numparam.formats import ParamsReader
from numparam.formats.quoting import quoted
from numparam.gluon import contexts, hooks
from numparam.gluon.checks import as_array
from numparam.gluon.errors import (
    IncompatibleDataError,
    IncompleteLoadError,
    IncompleteLoadMemoryError,
    LoadError,
    NoNamedArraysError,
    ParameterConflictError,
    UnnamedArraysError,
)
from numparam.gluon.loading import ArraySource, FileSource, LoadPlan, ValueSource, read_together
from numparam.gluon.overlap import WrittenMemory
from numparam.gluon.utils import _brief_print_list

__all__ = ["Options", "load_arrays", "load_file"]

# Similar names are looked for among so many of such a length: it takes time.
_COMPARED = 1000
_COMPARED_LENGTH = 200


class Options(NamedTuple):
    """The options of `ParameterDict.load` and `ParameterDict.load_dict`; see there."""

    allow_missing: bool
    ignore_extra: bool
    restore_prefix: str
    ctx: Any
    cast_dtype: bool
    dtype_source: str


def load_file(
    own: Mapping[str, Any], filename: Any, options: Options, encoding: str, errors: str
) -> None:
    """Load parameters from a file; see `ParameterDict.load`."""
    # Late, with zipfile and more: nothing else of parameters needs the formats.
    from numparam.formats.array_files import is_params_source

    where = (
        f"file {quoted(os.fsdecode(filename), 300)}" if _is_path(filename) else "the given bytes"
    )
    if not is_params_source(filename):
        from numparam.checkpoint import Checkpoint  # late: most files are .params files

        with Checkpoint(filename) as checkpoint:
            arrays = [
                NamedSource(name, ArraySource(array), True) for name, array in checkpoint.items()
            ]
        _load(own, arrays, where, options)
        return
    with ParamsReader(filename, encoding, errors) as reader:
        if reader.names is None and reader.headers:
            raise UnnamedArraysError(
                f"expected named arrays, and there is a list of {len(reader.headers)} "
                "without names. Save a dict, or load the list with nd.load and pass a "
                "dict to load_dict.",
                source=os.fspath(filename) if _is_path(filename) else None,
            )
        named = [
            NamedSource(name, FileSource(reader, header), True)
            for name, header in zip(reader.names or (), reader.headers, strict=True)
        ]
        _load(own, named, where, options, reader)


def load_arrays(
    own: Mapping[str, Any],
    param_dict: Mapping[str, Any] | Iterable[tuple[str, Any]],
    filename: str | None,
    options: Options,
) -> None:
    """Load parameters from arrays in memory; see `ParameterDict.load_dict`."""
    named = [
        NamedSource(name, ArraySource(as_array(value, name)), by_kind)
        for name, value, by_kind in _named_arrays(param_dict)
    ]
    where = f"file {quoted(filename, 300)}" if filename else "the given dict"
    _load(own, named, where, options)


class NamedSource(NamedTuple):
    """An array that is loaded.

    Attributes
    ----------
    name : str
        Its name, as it was given.
    source : ValueSource
        Its values.
    by_kind : bool
        Whether its name may begin with a kind, ``arg:`` or ``aux:``.
    """

    name: str
    source: ValueSource
    by_kind: bool


def _load(
    own: Mapping[str, Any],
    named: list[NamedSource],
    where: str,
    options: Options,
    reader: ParamsReader | None = None,
) -> None:
    """Compare all arrays with all parameters, then write."""
    own = dict(list(own.items()))
    prefix, ctx = options.restore_prefix, contexts.read_once(options.ctx)
    _check_prefix(own, prefix)
    found, unknown, mismatched = _assigned(own, named, where, prefix)
    missing = [] if options.allow_missing else _missing(own, found)
    unexpected = [] if options.ignore_extra else unknown
    plans: dict[str, LoadPlan] = {}
    for name, source in found.items():
        try:
            plans[name] = LoadPlan(own[name], source, ctx, options.cast_dtype, options.dtype_source)
        except IncompatibleDataError as error:
            mismatched.append((name, str(error)))
    if missing or unexpected or mismatched:
        cut = len(prefix)
        in_file = [
            (_without_kind(one.name) if one.by_kind else one.name, one.name) for one in named
        ]
        raise LoadError(
            _report(where, list(own), in_file, missing, unexpected, mismatched, cut),
            [name[cut:] for name in missing],
            [name[cut:] for name in unexpected],
            [(name[cut:], reason) for name, reason in mismatched],
        )
    written = WrittenMemory(array for plan in plans.values() for array in plan.written)
    for plan in plans.values():
        plan.keep_apart(written)
    for plan in plans.values():
        plan.check_ids()
    done = set() if reader is None else read_together(reader, plans)
    changed: list[str] = list(done)
    for name, plan in plans.items():
        if name in done:
            continue
        try:
            if hooks.is_replaced(own[name], "_load_init"):
                plan.carry_out_by_load_init()
            else:
                plan.carry_out()
        except Exception as error:
            reason = str(error).rstrip(".")
            short = isinstance(error, MemoryError)
            raise (IncompleteLoadMemoryError if short else IncompleteLoadError)(
                f"Parameter {quoted(name)} could not be loaded from {where}: {reason}. All names, "
                "shapes and dtypes had been checked before. "
                f"{_progress(changed, name, plan.in_place)}",
                changed,
                name if plan.in_place else None,
            ) from error
        changed.append(name)


def _check_prefix(own: Mapping[str, Any], prefix: Any) -> None:
    if not isinstance(prefix, str):
        raise TypeError(
            f"restore_prefix must be a string; got {prefix!r} of type {type(prefix).__name__}."
        )
    for name, parameter in own.items():
        if not name.startswith(prefix) and not parameter.name.startswith(prefix):
            raise ParameterConflictError(
                f"restore_prefix is '{prefix}', and Parameter {quoted(name)} does not begin with "
                "it. Pass the prefix that all parameters of this dictionary share."
            )


def _assigned(
    own: Mapping[str, Any], named: list[NamedSource], where: str, prefix: str
) -> tuple[dict[str, ValueSource], list[str], list[tuple[str, str]]]:
    """Find the parameter of each array.

    Returns
    -------
    dict
        Sources by the keys of parameters.
    list of str
        Names of arrays that are for no parameter.
    list of (str, str)
        Keys of parameters for which there are several arrays, each with an explanation.
    """
    keys = _keys_by_name(own)
    found: dict[str, ValueSource] = {}
    unknown: dict[str, None] = {}
    names: dict[str, list[str]] = {}
    for name, source, by_kind in named:
        # The name as it is counts first; a parameter may itself be named arg:weight.
        key, shown = keys.get(prefix + name), name
        if key is None and by_kind:
            shown = _without_kind(name)
            key = keys.get(prefix + shown)
        if key is None:
            unknown[prefix + shown] = None
        else:
            found.setdefault(key, source)
            names.setdefault(key, []).append(name)
    several = [
        (
            key,
            f"Parameter '{key}' is in {where} {len(given)} times, as "
            f"{' and '.join(map(quoted, given[:5]))}, and only one can be loaded. Keep one.",
        )
        for key, given in names.items()
        if len(given) > 1
    ]
    return found, list(unknown), several


def _keys_by_name(own: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys of parameters by the names of arrays.

    `save` writes parameters under their own names, so these count first where they are unique.
    """
    owners: dict[str, list[str]] = {}
    for key, parameter in own.items():
        owners.setdefault(parameter.name, []).append(key)
    keys = {
        name: name if name in found else found[0]
        for name, found in owners.items()
        if len({id(own[key]) for key in found}) == 1
    }
    for key in own:
        keys.setdefault(key, key)
    return keys


def _missing(own: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return the keys of parameters without an array; a parameter may have several keys."""
    loaded = {id(own[key]) for key in found}
    return [key for key, parameter in own.items() if id(parameter) not in loaded]


def _is_path(source: Any) -> bool:
    return isinstance(source, (str, os.PathLike))


def _named_arrays(param_dict: Any) -> list[tuple[str, Any, bool]]:
    """Return names, arrays, and whether names may begin with a kind, as in mappings."""
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
    return [(name, value, of_mapping) for name, value in pairs]


def _without_kind(name: str) -> str:
    return name[4:] if name.startswith(("arg:", "aux:")) else name


def _progress(changed: list[str], name: str, in_place: bool) -> str:
    before = (
        f"Loaded before it: {_brief_print_list(changed)}."
        if changed
        else "No parameter was loaded."
    )
    if in_place:
        return f"{before} The values of {quoted(name)} may be partly new; the others are unchanged."
    return f"{before} The others, with {quoted(name)}, are unchanged."


def _report(
    where: str,
    own: list[str],
    in_file: list[tuple[str, str]],
    missing: list[str],
    unexpected: list[str],
    mismatched: list[tuple[str, str]],
    cut: int,
) -> str:
    """Return a report of all problems, with similar names; a prefix has `cut` characters.

    Of each array, `in_file` has the name that is compared, without its kind, and its name as given.
    """
    lines = [f"{where[0].upper()}{where[1:]} does not fit the parameters. Nothing was loaded."]
    if missing:
        lacking = [(name[cut:], name[cut:]) for name in missing]
        lines.append(
            f"Missing in {where}: {_suggested(lacking, in_file)}. It has: "
            f"{_brief_print_list(name for _, name in in_file) or 'no arrays'}. "
            "Set allow_missing=True to keep these parameters as they are."
        )
    if unexpected:
        # A kind that does not help is part of the name.
        shown = dict(in_file[::-1])
        extra = [(name[cut:], shown.get(name[cut:], name[cut:])) for name in unexpected]
        parameters = [(name[cut:], name[cut:]) for name in own]
        lines.append(
            f"Unexpected in {where}: {_suggested(extra, parameters)}. The parameters are: "
            f"{_brief_print_list(name[cut:] for name in own) or '(none)'}. "
            "Set ignore_extra=True to skip these arrays."
        )
    lines.extend(f"Mismatched: {reason}" for _, reason in mismatched[:10])
    if len(mismatched) > 10:
        lines.append(f"Mismatched: {len(mismatched) - 10} more.")
    if missing or unexpected:
        lines.append(
            "If only the beginnings of the names differ, see restore_prefix here and strip_prefix "
            "of save()."
        )
    return "\n".join(lines)


def _suggested(names: list[tuple[str, str]], others: list[tuple[str, str]]) -> str:
    """Quote names, the first ones with the most similar other name.

    Of each, the first form is compared and the second is shown.
    """
    quotations = []
    known = {compared for compared, _ in names}
    candidates = {
        compared: shown
        for compared, shown in others[:_COMPARED]
        if compared not in known and len(compared) <= _COMPARED_LENGTH
    }
    for compared, shown in names[:10]:
        near = []
        if len(compared) <= _COMPARED_LENGTH:
            near = close_matches(compared, candidates, 1)
        hint = f" (nearest: {quoted(candidates[near[0]])})" if near else ""
        quotations.append(quoted(shown) + hint)
    if len(names) > 10:
        quotations.append(f"and {len(names) - 10} more")
    return ", ".join(quotations)
