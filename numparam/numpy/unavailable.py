"""Errors for names of NumPy that ``mx.np`` lacks, which say what to use instead."""

from __future__ import annotations

import sys
from typing import NoReturn

import numpy as np

from numparam._missing import near_names

__all__ = ["refuse"]

_INSTEAD = {
    "asarray": "mx.np.array(values)",
    "ascontiguousarray": "mx.np.array(values); arrays are always contiguous",
    "bfloat16": "the name 'bfloat16', as in mx.np.zeros(shape, dtype='bfloat16')",
    "dtype": "numpy.dtype",
    "float": "mx.np.float64",
    "fromfile": "mx.np.load",
    "frombuffer": "mx.np.array(numpy.frombuffer(...))",
    "int": "mx.np.int64",
    "may_share_memory": "numpy.may_share_memory(numpy.asarray(a), numpy.asarray(b))",
    "object": "arrays of numbers",
    "savez": "mx.np.save(file, {name: array})",
    "shares_memory": "numpy.shares_memory(numpy.asarray(a), numpy.asarray(b))",
}


def refuse(name: str) -> NoReturn:
    """Raise the error for a name that ``mx.np`` does not have.

    Raises
    ------
    AttributeError
        It says what to use instead.
    """
    if name in _INSTEAD:
        instead = f"use {_INSTEAD[name]}"
    elif name in dir(np):
        instead = f"call numpy.{name} with array.asnumpy(), and mx.np.array on its result"
    else:
        near = near_names(name, dir(sys.modules[__package__]))
        instead = f"{near}NumPy has none, either; dir(mx.np) lists the names"
    raise AttributeError(f"mx.np has no {name!r:.200}: {instead}")
