"""6,000 corrupted files in a process of limited memory; `fuzz.py` runs more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from numparam import formats

FUZZ = Path(__file__).resolve().parent / "fuzz.py"
KINDS = {
    "read",
    "CountMismatchError",
    "GitLfsPointerError",
    "HtmlPageError",
    "ImpossibleShapeError",
    "NameEncodingError",
    "NoneArrayError",
    "NotAParamsFileError",
    "RecordMagicError",
    "SparseIndexError",
    "TruncatedFileError",
    "UnknownDtypeError",
    "UnknownStorageTypeError",
    "ZipArchiveError",
}


def run_fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(formats.__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, str(FUZZ), *arguments],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_corrupted_files_are_read_or_refused_and_take_little_memory():
    run = run_fuzz("--variants", "6000", "--seed", "0")
    assert run.returncode == 0, run.stdout + run.stderr
    rows = re.findall(r"^ *(\d+) (\w+)$", run.stdout, re.MULTILINE)
    assert {kind for _, kind in rows} == KINDS, "the variants reach every kind of damage"
    assert sum(int(count) for count, _ in rows) == 6_000


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set from /proc")
def test_the_fuzzing_process_is_limited_in_memory():
    assert "64 more" in run_fuzz("--variants", "1").stdout
