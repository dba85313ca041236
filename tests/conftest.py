"""Settings of the whole suite."""

from __future__ import annotations

import os

from hypothesis import settings

# No deadline: a first call compiles, and machines are shared. In CI the examples are always the
# same, so that a failure is the change's and not the draw's.
settings.register_profile("numparam", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("numparam")
