"""Attributes of variables: those with two names, and the text form of shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from numparam.base import MXNetError
from numparam.types.shapes import as_integers

__all__ = ["HIDDEN_KEYS", "canonical_key", "read_shape", "with_short_names", "write_shape"]

#: Attributes that are kept as ``__key__`` and may be asked for as ``key`` too.
HIDDEN_KEYS = ("ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage")

_INTEGER = re.compile(r"\s*(-?\d+)L?\s*")
_SEQUENCE = re.compile(r"\s*(?:\(([^()\[\]]*)\)|\[([^()\[\]]*)\])\s*")


def canonical_key(key: str) -> str:
    """Return the name under which an attribute is stored.

    Parameters
    ----------
    key : str
        The name as the user writes it.

    Returns
    -------
    str
        ``__lr_mult__`` for ``lr_mult``, and so on; other names as they are.

    Raises
    ------
    MXNetError
        For a name like ``weight_lr_mult``, which once meant an attribute of another variable.

    Examples
    --------
    >>> canonical_key("lr_mult"), canonical_key("layout")
    ('__lr_mult__', 'layout')
    """
    for hidden in HIDDEN_KEYS:
        if key == hidden:
            return f"__{hidden}__"
        if key.endswith(hidden):
            raise MXNetError(
                f"The attribute {key!r} would set {hidden!r} of another variable, which is no "
                f"longer possible. Set it where that variable is made: var(name, {hidden}=...)."
            )
    return key


def with_short_names(attributes: dict[str, str]) -> dict[str, str]:
    """Copy attributes, with ``lr_mult`` next to ``__lr_mult__`` and so on.

    Parameters
    ----------
    attributes : dict of str to str
        As they are kept.

    Returns
    -------
    dict of str to str
        As ``list_attr`` and ``attr_dict`` show them.

    Examples
    --------
    >>> with_short_names({"__lr_mult__": "2"})
    {'__lr_mult__': '2', 'lr_mult': '2'}
    """
    shown = dict(attributes)
    for hidden in HIDDEN_KEYS:
        if f"__{hidden}__" in attributes:
            shown[hidden] = attributes[f"__{hidden}__"]
    return shown


def write_shape(shape: Any) -> str:
    """Return the text of a ``__shape__`` attribute for a shape.

    Parameters
    ----------
    shape : sequence of int, or int
        Elements along each axis; 0 and -1 stand for unknown ones.

    Returns
    -------
    str
        What ``str`` gives for the tuple or list; the same for NumPy's integers, whose ``str`` is
        longer.

    Raises
    ------
    TypeError
        If it is not made of integers.

    Examples
    --------
    >>> import numpy as np
    >>> write_shape((2, np.int64(3))), write_shape([4])
    ('(2, 3)', '[4]')
    """
    try:
        sizes = as_integers(shape)
    except TypeError:
        raise TypeError(
            f"A variable's shape must be a tuple of integers; got {shape!r} of type "
            f"{type(shape).__name__}."
        ) from None
    if isinstance(shape, list):
        return str(list(sizes))
    return str(sizes if isinstance(shape, Iterable) and getattr(shape, "ndim", 1) > 0 else sizes[0])


def read_shape(text: str) -> tuple[int, ...] | None:
    """Return the shape in the text of a ``__shape__`` attribute.

    Parameters
    ----------
    text : str
        A tuple or list of integers, one integer, or ``'None'``.

    Returns
    -------
    tuple of int, or None
        None if the shape is unknown.

    Raises
    ------
    MXNetError
        If the text is none of these.

    Examples
    --------
    >>> read_shape("(2, 3)"), read_shape("4"), read_shape("None")
    ((2, 3), (4,), None)
    """
    if text.strip() == "None":
        return None
    sequence = _SEQUENCE.fullmatch(text)
    inner = text if sequence is None else sequence[1] if sequence[2] is None else sequence[2]
    parts = inner.split(",")
    if sequence is not None and not parts[-1].strip():
        parts.pop()
    sizes = [_INTEGER.fullmatch(part) for part in parts]
    if (sequence is None and len(parts) != 1) or not all(sizes):
        raise MXNetError(f"The attribute __shape__ is {text!r}; a shape looks like '(2, 3)'.")
    return tuple(int(size[1]) for size in sizes if size)
