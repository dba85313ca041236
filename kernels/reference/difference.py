"""How far two arrays differ: its meaning."""

from __future__ import annotations

import numpy as np

from numparam.kernels import _gate
from numparam.kernels._compared import Compared
from numparam.kernels.reference import cast


def difference(first: object, second: object, rtol: float = 0.0, atol: float = 0.0) -> Compared:
    """Compare two arrays element by element, in float64.

    Parameters and errors are those of `numparam.kernels.cpu.difference.difference`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.reference import difference
    >>> difference.difference(np.float32([1, 2, 4]), np.float32([1, 2, 5]))
    Compared(differing=1, absolute=1.0, relative=0.2, nan=(0, 0))
    """
    one, two = _gate.sources((first, second), "arrays")
    rtol, atol = _gate.tolerances(rtol, atol)
    a, b = cast.cast(one, np.float64), cast.cast(two, np.float64)
    nan_a, nan_b = np.isnan(a), np.isnan(b)
    with np.errstate(all="ignore"):
        # Integers are compared as they are: float64 does not tell all of them apart.
        compared = ~(nan_a | nan_b | np.equal(one, two))
        gap = np.where(compared, np.abs(a - b), 0.0)
        beyond = (gap > atol + rtol * np.abs(b)) | np.isinf(gap)
        proportion = np.divide(gap, np.maximum(np.abs(a), np.abs(b)))
    relative = np.where(np.isinf(gap), np.inf, np.where(gap > 0, proportion, 0.0))
    if rtol == 0 and atol == 0:
        beyond = compared
    differing = (beyond & compared) | (nan_a != nan_b)
    return Compared(
        int(differing.sum()),
        float(np.max(gap, initial=0.0)),
        float(np.max(relative, initial=0.0)),
        (int(nan_a.sum()), int(nan_b.sum())),
    )
