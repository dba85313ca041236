"""The jitted body that converts an array to another element kind."""

from __future__ import annotations

from collections.abc import Callable

from numparam.kernels.cuda._convert import convert
from numparam.kernels.cuda._elements import load, span, store
from numparam.kernels.cuda._jit import inline, kernel_per_kind
from numparam.kernels.cuda._lanes import load_lanes, store_lanes


@kernel_per_kind
def convert_lanes(given, wanted, lanes):
    """Convert `lanes` elements a thread, whose addresses are multiples of 16 if there are several.

    Source and target may be the same memory, where elements are of one size.
    """
    many = _converted(given, wanted, lanes)

    def convert_lanes(source, target, size):
        number, step = span()
        whole = size & -lanes
        i = number * lanes
        while i < whole:
            store_lanes(target, i, many(load_lanes(source, i, given, lanes)), wanted, lanes)
            i += step * lanes
        i = whole + number
        while i < size:
            store(target, i, convert(load(source, i, given), given, wanted), wanted)
            i += step

    return convert_lanes


def _converted(given: str, wanted: str, lanes: int) -> Callable:
    """Return a helper that converts lanes one by one."""
    if lanes == 1:

        @inline
        def one(values):
            return (convert(values[0], given, wanted),)

        return one
    half = lanes // 2
    part = _converted(given, wanted, half)

    @inline
    def both(values):
        return part(values[:half]) + part(values[half:])

    return both
