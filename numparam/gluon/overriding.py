"""Whether a parameter has its own way of doing something."""

from __future__ import annotations

from typing import Any

from numparam.gluon import parameter

__all__ = ["is_overridden"]


def is_overridden(member: Any, method: str) -> bool:
    """Tell whether a parameter, or its class, replaces a method of `Parameter`.

    Parameters prepare what they do before they change, and dictionaries check all of theirs before
    they change one. A parameter that does it in its own way is asked to.

    Parameters
    ----------
    member : Parameter
        The parameter.
    method : str
        The method's name.

    Returns
    -------
    bool
        True if the method must be called.
    """
    # Rows is the last class before Parameter, which may have been patched itself.
    function = getattr(getattr(member, method), "__func__", None)
    return function is not getattr(parameter.Rows, method)
