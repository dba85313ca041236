"""Warnings that point at the line that called numparam."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn_caller"]


def warn_caller(message: str, category: type[Warning]) -> None:
    """Issue a warning that points at the innermost line outside numparam.

    Parameters
    ----------
    message : str
        The text.
    category : type
        The class of the warning.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_caller("as an example", UserWarning)
    >>> [str(warning.message) for warning in caught]
    ['as an example']
    """
    level, frame = 1, sys._getframe()
    while frame is not None and _is_own(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    warnings.warn(message, category, stacklevel=level)


def _is_own(module: str) -> bool:
    return module == "numparam" or module.startswith("numparam.")
