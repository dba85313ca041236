"""Numba kernels for the host.

Importing this package imports Numba, in one piece that no signal breaks off. With
``NUMBA_DISABLE_JIT=1`` in the environment, Numba's switch for debugging and coverage, its modules
are those of `numparam.kernels.reference`: plain Python of the same results.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any

from numparam.kernels import _without_signals, reference
from numparam.kernels._first_use import notify


def _import_numba() -> None:
    # All of it that kernels use, and what Numba imports when it first types an array: here, where
    # no signal arrives, since an interrupted import of Numba cannot be repeated.
    import numba
    import numba.core.caching
    import numba.core.cgutils
    import numba.core.errors
    import numba.extending
    import numpy as np

    numba.typeof(np.empty(0))


# What all code for x86-64 consists of: without it, LLVM ends the process.
_NEEDED = {"64bit", "cx8", "sse", "sse2"} if platform.machine() in ("x86_64", "AMD64") else set()


def _fit_processor() -> None:
    """Raise unless this processor runs what Numba's settings have it compile.

    LLVM ends the process where a feature has no sign, or one is excluded that all code needs, and
    the processor where it lacks one. The name of a newer processor stands for features, too: those
    that this one lacks are excluded.
    """
    import llvmlite.binding  # late: not where Numba is told not to compile
    import numba

    config: Any = numba.config  # whose settings are made at run time
    given = config.CPU_FEATURES
    if given is None:
        return  # Numba takes the features of this processor, whatever name is set
    try:
        host = llvmlite.binding.get_host_cpu_features()
    except RuntimeError:  # LLVM cannot tell on this kind of processor
        host = {}
    features = given.split(",") if given else []
    for feature in features:
        _check_feature(feature, host)
    if str(config.CPU_NAME).lower() == "generic":
        return
    named = {feature[1:] for feature in features}
    implied = [f"-{name}" for name, there in host.items() if not there and name not in named]
    config.CPU_FEATURES = ",".join(
        [*features, *implied, *(f"+{name}" for name in sorted(_NEEDED - named))]
    )


def _check_feature(feature: str, host: Mapping[str, bool]) -> None:
    sign, name = feature[:1], feature[1:]
    if sign not in ("+", "-") or not name:
        raise ValueError(
            "the environment variable NUMBA_CPU_FEATURES is a list such as +avx2,-avx512f, "
            f"each with a sign; {feature!r:.100} has none"
        )
    if sign == "+" and host.get(name) is False:
        raise ValueError(
            f"the environment variable NUMBA_CPU_FEATURES asks for {name!r}, which this "
            "processor does not have"
        )
    if sign == "-" and name in _NEEDED:
        raise ValueError(
            f"the environment variable NUMBA_CPU_FEATURES excludes {name!r}, which all code for "
            "this kind of processor needs"
        )


def _is_disabled() -> bool:
    """Return whether Numba reads ``NUMBA_DISABLE_JIT``, a whole number, as true."""
    try:
        return int(os.environ.get("NUMBA_DISABLE_JIT") or 0) != 0
    except ValueError:
        return False  # Numba warns of it, and compiles


if _is_disabled():
    notify(
        "NUMBA_DISABLE_JIT is set: numparam uses its reference kernels, plain NumPy with the same "
        "results, which are many times slower"
    )
    __path__ = list(reference.__path__)
else:
    _without_signals.run(_import_numba)
    _fit_processor()
