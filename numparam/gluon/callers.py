"""Warnings that point at the code which called numparam."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn"]


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points at the nearest caller outside the package.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    category : type, default UserWarning
        Class of the warning.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        level += 1
        if not str(frame.f_globals.get("__name__")).startswith("numparam."):
            break
    warnings.warn(message, category, stacklevel=level)
