"""Conversion of loaded values from any element kind to any other."""

from __future__ import annotations

from numba import types
from numba.extending import intrinsic

from numparam.kernels import _conversions


def _type(kind: str) -> types.Type:
    """Return the Numba type of a loaded element."""
    if kind == "bool":
        return types.boolean
    return types.float32 if kind in ("float16", "bfloat16") else getattr(types, kind)


@intrinsic(prefer_literal=True)
def convert(typing_context, value, source, target):
    """Convert a loaded value from kind `source` to kind `target`, which are constant strings.

    For float16 and bfloat16 the result is a float32, which `store` still has to round.
    """
    given, wanted = source.literal_value, target.literal_value

    def codegen(context, builder, signature, arguments):
        return _conversions.converted(builder, arguments[0], given, wanted)

    return _type(wanted)(_type(given), source, target), codegen
