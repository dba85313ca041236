"""Run the tests of threads with a switch of threads after every microsecond.

Python lets another thread run every 5 milliseconds, longer than most calls take; with a microsecond
it does so in the middle of nearly each::

    python tests/hardening/fast_switching.py                 # all tests of threads
    python tests/hardening/fast_switching.py tests/numparam/gluon/test_state.py

What is given is passed to pytest.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_INTERVAL = 1e-6
#: Words in the names of tests that start threads.
WORDS = ("thread", "others", "at_once", "lock", "while", "meanwhile", "half_written", "busy")


class FastSwitching:
    """Sets the interval before each test, since some set one of their own."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """Set the interval."""
        sys.setswitchinterval(_INTERVAL)


def main(arguments: list[str]) -> int:
    """Run pytest with fast switching and return its exit status."""
    if not arguments:
        arguments = [str(_ROOT / "tests"), "-k", " or ".join(WORDS)]
    options = ["-q", "-n", "0", f"--rootdir={_ROOT}"]
    return int(pytest.main([*options, *arguments], plugins=[FastSwitching()]))


if __name__ == "__main__":
    sys.path.insert(0, str(_ROOT))
    sys.exit(main(sys.argv[1:]))
