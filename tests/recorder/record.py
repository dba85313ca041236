"""Record what MXNet 1.9.1 does in every case of ``cases/``, into ``tests/recorded/<module>.json``.

The recorded values are committed; tests compare numparam with them and never need MXNet. MXNet's
wheels stop at NumPy 1.23, so recording has an environment of its own (Linux, Python 3.8 to 3.11)::

    python3.11 -m venv mxnet-1.9.1
    mxnet-1.9.1/bin/pip install 'numpy==1.23.5' 'mxnet==1.9.1'
    OMP_NUM_THREADS=1 mxnet-1.9.1/bin/python tests/recorder/record.py

Without arguments, the modules whose sources changed are recorded; ``--all`` or names say otherwise.
Each module runs in a process of its own, each case twice: a case whose values differ is refused.
``--check`` needs no MXNet: it exits with 1 if a recorded value has no case, a case has no recorded
value, or a file was recorded from other sources.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import platform
import subprocess
import sys
from importlib import metadata

from harness import Case
from replay import (
    RECORDED_FOLDER,
    cases_of,
    load,
    modules,
    problems,
    run,
    source_hash,
)

VERSIONS = {"mxnet": "1.9.1", "numpy": "1.23.5"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", help="case modules to record")
    parser.add_argument("--all", action="store_true", help="record every module")
    parser.add_argument("--check", action="store_true", help="compare cases and files, record none")
    parser.add_argument("--here", action="store_true", help="record in this process")
    options = parser.parse_args()
    if options.check:
        found = problems()
        print("\n".join(found) or f"{len(modules())} modules: every value has its case")
        return 1 if found else 0
    chosen = options.modules or [name for name in modules() if options.all or is_stale(name)]
    unknown = sorted(set(chosen) - set(modules()))
    if unknown:
        parser.error(f"no such case modules: {unknown}; there are {modules()}")
    if options.here:
        for module in chosen:
            record(module)
        return 0
    failed = [
        module
        for module in chosen
        if subprocess.run([sys.executable, __file__, "--here", module], check=False).returncode
    ]
    print(f"recorded {len(chosen) - len(failed)} modules; failed: {failed or 'none'}")
    return 1 if failed else 0


def is_stale(module: str) -> bool:
    """Whether a module has no recorded file, or one from other sources."""
    if not (RECORDED_FOLDER / f"{module}.json").exists():
        return True
    return load(module)["sources_sha256"] != source_hash(module)


def record(module: str) -> None:
    """Run all cases of one module under MXNet, and write its file."""
    for package, version in VERSIONS.items():
        found = metadata.version(package)
        if found != version:
            raise SystemExit(f"values are recorded with {package} {version}, here is {found}")
    os.environ["MXNET_STORAGE_FALLBACK_LOG_VERBOSE"] = "0"
    import mxnet

    faulthandler.enable()
    values = {case.name.partition(".")[2]: value_of(case, mxnet) for case in cases_of(module)}
    lines = [
        f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(values.items())
    ]
    header = {
        "recorder": "tests/recorder/record.py",
        "sources_sha256": source_hash(module),
        "versions": VERSIONS | {"python": platform.python_version()},
    }
    opening = json.dumps(header, indent=2)[:-2]
    text = opening + ',\n  "cases": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    json.loads(text)
    RECORDED_FOLDER.mkdir(exist_ok=True)
    (RECORDED_FOLDER / f"{module}.json").write_text(text, encoding="utf-8")
    print(f"{module}: {len(values)} cases")


def value_of(case: Case, mxnet: object) -> object:
    """What one case gives under MXNet; a crash is not tried, only described."""
    if case.crashes is not None:
        return {"crashes": case.crashes}
    try:
        first, second = run(case, mxnet), run(case, mxnet)
    except Exception as error:
        raise RuntimeError(f"the case {case.name} failed outside of an outcome()") from error
    if first != second:
        rows = [row for row in first if first[row] != second[row]] if case_has_rows(first) else []
        raise RuntimeError(f"{case.name} gives two different values, in rows {rows}")
    return first


def case_has_rows(value: object) -> bool:
    """Whether a value is a mapping of rows, and not the outcome of a single call."""
    return isinstance(value, dict) and not value.keys() & {"value", "raises"}


if __name__ == "__main__":
    raise SystemExit(main())
