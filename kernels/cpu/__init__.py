"""Numba kernels for the host.

Importing this package imports Numba, in one piece that no signal breaks off. With
``NUMBA_DISABLE_JIT=1`` in the environment, Numba's switch for debugging and coverage, its modules
are those of `numparam.kernels.reference`: plain Python of the same results.
"""

from __future__ import annotations

import os

from numparam.kernels import _without_signals, reference
from numparam.kernels._callers import warn_caller


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


def _is_disabled() -> bool:
    """Return whether Numba reads ``NUMBA_DISABLE_JIT``, a whole number, as true."""
    try:
        return int(os.environ.get("NUMBA_DISABLE_JIT") or 0) != 0
    except ValueError:
        return False  # Numba warns of it, and compiles


if _is_disabled():
    warn_caller(
        "NUMBA_DISABLE_JIT is set: numparam uses its reference kernels, plain NumPy with the same "
        "results, which are many times slower",
        RuntimeWarning,
    )
    __path__ = list(reference.__path__)
else:
    _without_signals.run(_import_numba)
