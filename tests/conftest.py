"""Settings of the whole suite."""

from __future__ import annotations

import gc
import os

from hypothesis import settings

# No deadline: a first call compiles, and machines are shared. In CI the examples are always the
# same, so that a failure is the change's and not the draw's.
settings.register_profile("numparam", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("numparam")


def pytest_collection_finish() -> None:
    """Take the thousands of tests out of what the garbage collector looks at, again and again."""
    gc.collect()
    gc.freeze()
