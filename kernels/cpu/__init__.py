"""Numba kernels for the host.

Importing this package imports Numba, in one piece that no signal breaks off. With
``NUMBA_DISABLE_JIT=1`` in the environment, Numba's switch for debugging and coverage, its modules
are those of `numparam.kernels.reference`: plain Python of the same results.
"""

from __future__ import annotations

import os

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


def _check_features(given: str) -> None:
    """Raise unless code for these features of a processor runs here.

    LLVM ends the process where one has no sign, and the processor where it lacks one.
    """
    import llvmlite.binding  # late: not where Numba is told not to compile

    host = llvmlite.binding.get_host_cpu_features()
    for feature in given.split(",") if given else ():
        if feature[:1] not in ("+", "-") or not feature[1:]:
            raise ValueError(
                "the environment variable NUMBA_CPU_FEATURES is a list such as +avx2,-avx512f, "
                f"each with a sign; {feature!r:.100} has none"
            )
        if feature[0] == "+" and host.get(feature[1:]) is False:
            raise ValueError(
                f"the environment variable NUMBA_CPU_FEATURES asks for {feature[1:]!r}, which this "
                "processor does not have"
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
    _check_features(os.environ.get("NUMBA_CPU_FEATURES", ""))
