"""Replay recorded cases against a library, and compare. Needs no MXNet.

`modules` and `load` find cases and values; `mismatch` runs one case and says what differs.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness import CASES, Case, encode

RECORDER = Path(__file__).resolve().parent
CASE_FOLDER = RECORDER / "cases"
RECORDED_FOLDER = RECORDER.parent / "recorded"


def modules() -> list[str]:
    """The names of all case modules."""
    return sorted(path.stem for path in CASE_FOLDER.glob("*.py"))


def cases_of(module: str) -> list[Case]:
    """The cases of one module, sorted by name."""
    if str(CASE_FOLDER) not in sys.path:
        sys.path.insert(0, str(CASE_FOLDER))
    importlib.import_module(module)
    prefix = f"{module}."
    return [CASES[name] for name in sorted(CASES) if name.startswith(prefix)]


def source_hash(module: str) -> str:
    """SHA-256 of the harness's source followed by the case module's."""
    digest = hashlib.sha256((RECORDER / "harness.py").read_bytes())
    digest.update((CASE_FOLDER / f"{module}.py").read_bytes())
    return digest.hexdigest()


def load(module: str) -> dict[str, Any]:
    """The recorded file of one module."""
    return json.loads((RECORDED_FOLDER / f"{module}.json").read_text(encoding="utf-8"))


def problems() -> list[str]:
    """Every disagreement between cases and recorded files: missing, left over, stale."""
    found = []
    recorded_modules = {path.stem for path in RECORDED_FOLDER.glob("*.json")}
    with_own_recorder = {path.stem.removeprefix("record_") for path in RECORDER.glob("record_*.py")}
    for module in sorted(recorded_modules - set(modules()) - with_own_recorder):
        found.append(f"{module}.json: recorded values without a case module")
    for module in modules():
        if module not in recorded_modules:
            found.append(f"{module}: a case module without recorded values")
            continue
        recorded = load(module)
        names = {case.name.removeprefix(f"{module}.") for case in cases_of(module)}
        for name in sorted(set(recorded["cases"]) - names):
            found.append(f"{module}.{name}: a recorded value without a case")
        for name in sorted(names - set(recorded["cases"])):
            found.append(f"{module}.{name}: a case without a recorded value")
        if recorded["sources_sha256"] != source_hash(module):
            found.append(f"{module}: recorded from other sources than harness.py and {module}.py")
    return found


def run(case: Case, library: Any) -> Any:
    """What the case sees under `library`, as it reads back from JSON."""
    return json.loads(json.dumps(encode(case.function(library))))


def mismatch(case: Case, recorded: Any, library: Any) -> str | None:
    """Run one case and compare it with the recorded value or, where it says so, the fixed one.

    Parameters
    ----------
    case : Case
        What to run.
    recorded : object
        What MXNet gave; not looked at for a case that crashes it.
    library : module
        ``numparam``.

    Returns
    -------
    str or None
        Where and how they differ.
    """
    actual = run(case, library)
    if callable(case.fixed):
        return _check(case.fixed, actual)
    if not _has_rows(actual):
        if case.fix is None:
            return difference(recorded, actual, case.rtol)
        return _difference_or_check(case.fixed, actual, case.rtol)
    fixed = case.fixed or {}
    expected = {} if case.crashes else dict(recorded)
    unknown = set(fixed) - set(actual if case.crashes else expected)
    if unknown:
        return f"'fixed' names rows that the case does not have: {sorted(unknown)}"
    expected.update(fixed)
    if expected.keys() != actual.keys():
        return f"rows {sorted(expected.keys() ^ actual.keys())} are on one side only"
    found = {row: _difference_or_check(expected[row], actual[row], case.rtol) for row in expected}
    return "\n".join(f"{row}: {what}" for row, what in found.items() if what) or None


def _has_rows(value: Any) -> bool:
    return isinstance(value, Mapping) and not value.keys() & {"value", "raises", "array"}


def _difference_or_check(expected: Any, actual: Any, rtol: float | None) -> str | None:
    if callable(expected):
        return _check(expected, actual)
    return difference(json.loads(json.dumps(encode(expected))), actual, rtol)


def _check(check: Callable[[Any], bool], actual: Any) -> str | None:
    """Call the check of a fix; one that does not find what it looks at is not satisfied."""
    try:
        satisfied = check(actual)
    except (AttributeError, LookupError, TypeError):
        satisfied = False
    return None if satisfied else f"the check of the fix refuses {_short(actual)}"


def difference(expected: Any, actual: Any, rtol: float | None = None) -> str | None:
    """Where two encodings differ; None if nowhere.

    An exception agrees if it can be caught as everything that the expected one can be caught as.
    """
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        if "raises" in expected and "raises" in actual:
            missing = set(expected["raises"]) - set(actual["raises"]) - {"Exception"}
            if missing:
                return f"raised {actual['raises']}, not catchable as {sorted(missing)}"
            keys = {"warns"}
        else:
            keys = set(expected) | set(actual)
        for key in sorted(keys):
            if key not in expected and key not in actual:
                continue
            if key not in expected or key not in actual:
                return f"expected {_short(expected)}, got {_short(actual)}"
            numeric = key in ("data", "value", "float") and isinstance(expected[key], str)
            compare = _numbers_differ if numeric else difference
            found = compare(expected[key], actual[key], rtol)
            if found:
                return f"{key}: {found}"
        return None
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return f"expected {_short(expected)}, got {_short(actual)}"
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            found = difference(one, other, rtol)
            if found:
                return f"[{index}]: {found}"
        return None
    if type(expected) is type(actual) and expected == actual:
        return None
    return f"expected {_short(expected)}, got {_short(actual)}"


def _numbers_differ(expected: str, actual: Any, rtol: float | None) -> str | None:
    if expected == actual:
        return None
    message = f"expected {_short(expected)}, got {_short(actual)}"
    if rtol is None or not isinstance(actual, str):
        return message
    try:
        pairs = list(zip(map(float, expected.split()), map(float, actual.split()), strict=True))
    except ValueError:
        return message
    for one, other in pairs:
        same = one == other or (one != one and other != other)
        close = math.isfinite(one) and abs(one - other) <= rtol * abs(one) + 1e-30
        if not same and not close:
            return message
    return None


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 400 else f"{text[:400]}..."
