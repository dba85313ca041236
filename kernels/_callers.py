"""Warnings that point at the line outside numparam which led to them."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

__all__ = ["warn_caller"]

#: Modules that stand between a user's line and a warning.
_PASSED_OVER = ("numparam", "numba", "importlib")


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points at the innermost line outside numparam and Numba.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    category : type, default UserWarning
        Class of the warning.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_caller("as an example", UserWarning)
    >>> [str(warning.message) for warning in caught]
    ['as an example']
    """
    frame: FrameType | None = sys._getframe()
    level = 0
    while frame is not None:
        file = frame.f_code.co_filename
        if not ("importlib" in file and "_bootstrap" in file):  # which Python does not count
            level += 1
            if str(frame.f_globals.get("__name__")).partition(".")[0] not in _PASSED_OVER:
                break
        frame = frame.f_back
    warnings.warn(message, category, stacklevel=level)
