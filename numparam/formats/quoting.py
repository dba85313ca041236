"""Quoting of untrusted text in messages, such as names in a file."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["quoted", "shown", "shown_path"]

_NAME_LIMIT = 100
_PATH_LIMIT = 300


def quoted(text: object, limit: int = _NAME_LIMIT) -> str:
    r"""Quote a name for a message.

    Parameters
    ----------
    text : object
        The name. Anything but a string is shown by its type alone.
    limit : int, default 100
        The most characters of it that are shown.

    Returns
    -------
    str
        As ``repr`` writes it, so that no control character of a file reaches a terminal.

    Examples
    --------
    >>> print(quoted("conv0_weight"), quoted("\x1b[2J"), quoted("w" * 1000, limit=10))
    'conv0_weight' '\x1b[2J' 'wwwww…wwwww' (1000 characters)
    """
    if not isinstance(text, str):
        return f"an object of type {type(text).__name__}"
    if len(text) <= limit:
        return repr(text)
    return f"{text[: limit // 2] + '…' + text[-(limit // 2) :]!r} ({len(text)} characters)"


def shown(text: Any, newlines: bool = False) -> str:
    r"""Return a name as tables and ``repr`` show it: as it is, or quoted if it cannot be printed.

    Parameters
    ----------
    text : object
        The name.
    newlines : bool, default False
        Whether it may have several lines.

    Examples
    --------
    >>> print(shown("conv0_weight"), shown("\x1b[2J"))
    conv0_weight '\x1b[2J'
    """
    plain = text.replace("\n", "") if newlines and isinstance(text, str) else text
    if isinstance(text, str) and plain.isprintable() and len(text) <= _PATH_LIMIT:
        return text
    return quoted(text, _PATH_LIMIT)


def shown_path(path: str | os.PathLike[Any]) -> str:
    r"""Return a path as messages show it: as it is, or quoted if it cannot be printed.

    Examples
    --------
    >>> print(shown_path("net.params"), shown_path("a\nb"))
    net.params 'a\nb'
    """
    text = os.fsdecode(path)
    return text if text.isprintable() and len(text) <= _PATH_LIMIT else quoted(text, _PATH_LIMIT)
