"""All cases, by name."""

from __future__ import annotations

from cases import (
    arrays,
    calls,
    checkpoints,
    files,
    kernels,
    parameters,
    processes,
    sparse,
    tape,
    training,
)
from cases.case import Case

MODULES = (
    kernels, calls, processes, arrays, sparse, tape, files, checkpoints, parameters, training,
)  # fmt: skip


def all_cases() -> dict[str, Case]:
    """Return all cases by name, in the order of the comparison's table."""
    cases = [case for module in MODULES for case in module.CASES]
    named = {case.name: case for case in cases}
    if len(named) < len(cases):
        raise ValueError("two cases have the same name")
    return named
