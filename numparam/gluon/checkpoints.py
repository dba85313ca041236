"""Saving all parameters of a dictionary to a file, and loading them back."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from typing import Any

from numparam.formats import FormatError, ParamsReader
from numparam.formats.quoting import quoted
from numparam.gluon import saving
from numparam.gluon.changes import as_array
from numparam.gluon.errors import (
    IncompatibleDataError,
    IncompleteLoadError,
    LoadError,
    ParameterConflictError,
)
from numparam.gluon.loading import ArraySource, FileSource, Plan, ValueSource, read_together
from numparam.gluon.overriding import is_overridden
from numparam.gluon.utils import _brief_print_list

__all__ = ["Checkpoints"]


class UnnamedArraysError(FormatError, TypeError):
    """The file holds a list of arrays, whose names are not known."""


class NoNamedArraysError(TypeError, ValueError, AttributeError):
    """Something else came than arrays by name."""


# Similar names are looked for among so many of such a length: it takes time.
_COMPARED = 1000
_COMPARED_LENGTH = 200


class Checkpoints:
    """The part of `ParameterDict` that knows files."""

    _params: Any

    def save(self, filename: Any, strip_prefix: str = "") -> None:
        """Write all parameters to a ``.params`` file.

        Parameters
        ----------
        filename : str, os.PathLike or binary file object
            The file. It is replaced at the end; a failed save leaves the old one.
        strip_prefix : str, default ''
            Cut off the beginning of each name.

        Raises
        ------
        ValueError
            If a name does not begin with `strip_prefix`, or two parameters have one name.
        RuntimeError
            If a parameter is not initialised; or, as an OSError too, if the file cannot be
            written.

        Notes
        -----
        Where there are copies on several contexts, their mean is written. The bytes are those of
        MXNet 1.9.1.

        Examples
        --------
        >>> import os, tempfile
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict("net_")
        >>> _ = parameters.get("weight", shape=(2,), init="ones")
        >>> parameters.initialize()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "net.params")
        ...     parameters.save(path, strip_prefix="net_")
        ...     list(mx.nd.load(path))
        ['weight']
        """
        saving.save(self._params.values(), filename, strip_prefix)

    def load(
        self,
        filename: Any,
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        cast_dtype: bool = False,
        dtype_source: str = "current",
        encoding: str = "utf-8",
        errors: str = "strict",
    ) -> None:
        """Read parameters from a ``.params`` file.

        Parameters
        ----------
        filename : str, os.PathLike, bytes-like or binary file object
            The file, or its contents.
        ctx : Context or list of Context, optional
            Where parameters go that are not initialised; ``cpu(0)`` if not given. Of the others it
            must be the contexts.
        allow_missing : bool, default False
            Whether the file may lack parameters, which stay as they are.
        ignore_extra : bool, default False
            Whether the file may have arrays that belong to no parameter.
        restore_prefix : str, default ''
            Put before each name of the file.
        cast_dtype : bool, default False
            Whether dtypes may differ.
        dtype_source : {'current', 'saved'}, default 'current'
            With `cast_dtype`: whose dtype a parameter has afterwards.
        encoding, errors : str
            How the file's names are encoded; as for `numparam.nd.load`.

        Raises
        ------
        LoadError
            If names, shapes, dtypes, storage types or contexts do not fit: an AssertionError, a
            ValueError and an MXNetError. It has the lists ``missing``, ``unexpected`` and
            ``mismatched``. Nothing was changed.
        FormatError, FileAccessError
            If the file is damaged or cannot be read. Nothing was changed.
        IncompleteLoadError
            If reading fails after all this was found to be right; it says which parameters have
            changed.

        Notes
        -----
        All headers are read and compared with all parameters, and the ids of sparse arrays checked,
        before the first value is read; values then go straight into the parameters' memory. Files
        of any version are read in any mode.
        """
        with ParamsReader(filename, encoding, errors) as reader:
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
            where = (
                f"file {quoted(os.fsdecode(filename), 300)}"
                if _is_path(filename)
                else "the given bytes"
            )
            options = (ctx, cast_dtype, dtype_source)
            self._load(sources, where, allow_missing, ignore_extra, restore_prefix, options, reader)

    def load_dict(
        self,
        param_dict: Mapping[str, Any] | Iterable[tuple[str, Any]],
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        filename: str | None = None,
        cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:
        """Take parameters from arrays in memory.

        Parameters
        ----------
        param_dict : mapping of str to NDArray or numpy.ndarray, or pairs
            The arrays by name; they are copied. Of a mapping, the beginnings ``arg:`` and ``aux:``
            of names do not count.
        ctx, allow_missing, ignore_extra, restore_prefix, cast_dtype, dtype_source
            As for `load`.
        filename : str, optional
            Where the arrays are from, for messages.

        Raises
        ------
        LoadError
            As for `load`.
        TypeError
            If a value is not an array.

        Examples
        --------
        >>> import numpy as np
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict("net_")
        >>> weight = parameters.get("weight", shape=(2,))
        >>> parameters.load_dict({"net_weight": np.float32([1, 2])})
        >>> weight.data().asnumpy()
        array([1., 2.], dtype=float32)
        """
        sources: dict[str, ValueSource] = {
            name: ArraySource(as_array(value, name)) for name, value in _named_arrays(param_dict)
        }
        where = f"file {quoted(filename, 300)}" if filename else "the given dict"
        options = (ctx, cast_dtype, dtype_source)
        self._load(sources, where, allow_missing, ignore_extra, restore_prefix, options)

    def _load(
        self,
        sources: dict[str, ValueSource],
        where: str,
        allow_missing: bool,
        ignore_extra: bool,
        prefix: str,
        options: tuple[Any, bool, str],
        reader: ParamsReader | None = None,
    ) -> None:
        """Compare everything with everything, then write."""
        own = self._params
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
        missing = [] if allow_missing else [name for name in own if name not in sources]
        unexpected = [] if ignore_extra else [name for name in sources if name not in own]
        plans: dict[str, Plan] = {}
        mismatched = []
        for name, source in sources.items():
            if name in own:
                try:
                    plans[name] = Plan(own[name], source, *options)
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
        for plan in plans.values():
            plan.check_ids()
        done = set() if reader is None else read_together(reader, plans)
        changed: list[str] = list(done)
        for name, plan in plans.items():
            if name in done:
                continue
            try:
                if is_overridden(own[name], "_load_init"):
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
    before = f"Loaded before it: {_brief_print_list(changed)}." if changed else "None was loaded."
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
    """Describe all mismatches, with similar names; `cut` characters of a name are its prefix."""
    lines = [f"{where[0].upper()}{where[1:]} does not fit the parameters. Nothing was loaded."]
    if missing:
        lines.append(
            f"Missing in {where}: {_suggested(missing, given, cut)}. It has: "
            f"{_brief_print_list(name[cut:] for name in given) or 'nothing'}. "
            "Set allow_missing=True to keep these parameters as they are."
        )
    if unexpected:
        lines.append(
            f"Unexpected in {where}: {_suggested(unexpected, own, cut)}. The parameters are: "
            f"{_brief_print_list(name[cut:] for name in own) or 'none'}. "
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


def _suggested(names: list[str], others: list[str], cut: int) -> str:
    """Quote names, the first of them with the nearest other name."""
    shown = []
    known = set(names)
    candidates = [name[cut:] for name in others[:_COMPARED] if name not in known]
    candidates = [name for name in candidates if len(name) <= _COMPARED_LENGTH]
    for name in names[:10]:
        name = name[cut:]
        near = []
        if len(name) <= _COMPARED_LENGTH:
            near = difflib.get_close_matches(name, candidates, 1)
        shown.append(quoted(name) + (f" (nearest: {quoted(near[0])})" if near else ""))
    if len(names) > 10:
        shown.append(f"and {len(names) - 10} more")
    return ", ".join(shown)
