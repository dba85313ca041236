"""Small things that Gluon's blocks and parameters share."""

from __future__ import annotations

from collections.abc import Iterable

from numparam.shapes import shape_is_known

__all__ = ["shape_is_known"]


def _indent(text: str, spaces: int) -> str:
    """Indent all lines but the first, so that a repr can stand inside another."""
    return text.replace("\n", "\n" + " " * spaces)


def _brief_print_list(items: Iterable[object], limit: int = 7) -> str:
    """Quote names for a message; of more than ``limit``, the first and the last ones."""
    names = [f"'{item}'" for item in items]
    if len(names) > limit:
        names = [*names[: limit // 2], "...", *names[-limit // 2 :]]
    return ", ".join(names)
