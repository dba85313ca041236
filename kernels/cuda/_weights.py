"""Loads and stores of single weights in optimizer steps, with and without float32 masters."""

from __future__ import annotations

from collections.abc import Callable

from numparam.kernels.cuda._jit import inline
from numparam.kernels.cuda._lanes import load_lanes, newer, store_lanes


def weight_access(kind: str, mixed: bool) -> tuple[Callable, Callable]:
    """Return helpers that load and store a weight, ``(weight, low, at)`` and with a value behind.

    With masters, `weight` is the address of the master, and `low` that of the weight itself: what
    was written there since the last step is loaded.
    """
    held = "float32" if mixed else kind
    if mixed:

        @inline
        def weight_at(weight, low, at):
            return newer(load_lanes(weight, at, held, 1), load_lanes(low, at, kind, 1), kind)[0]

        @inline
        def put(weight, low, at, value):
            store_lanes(weight, at, (value,), held, 1)
            store_lanes(low, at, (value,), kind, 1)

        return weight_at, put

    @inline
    def weight_alone(weight, low, at):
        return load_lanes(weight, at, held, 1)[0]

    @inline
    def put_alone(weight, low, at, value):
        store_lanes(weight, at, (value,), held, 1)

    return weight_alone, put_alone
