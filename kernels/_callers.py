"""Warnings that point at the line outside the package which led to them."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

__all__ = ["warn_caller"]

_PASSED_OVER = ("numparam", "numba", "importlib")


def warn_caller(message: str) -> None:
    """Issue a RuntimeWarning that points at the innermost line outside numparam and Numba."""
    frame: FrameType | None = sys._getframe()
    level = 0
    while frame is not None:
        file = frame.f_code.co_filename
        if not ("importlib" in file and "_bootstrap" in file):  # which Python does not count
            level += 1
            if str(frame.f_globals.get("__name__")).partition(".")[0] not in _PASSED_OVER:
                break
        frame = frame.f_back
    warnings.warn(message, RuntimeWarning, stacklevel=level)
