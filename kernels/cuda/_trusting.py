"""The jitted body that turns norms into LAMB's rates."""

from __future__ import annotations

from numparam.kernels._coefficients import RATE
from numparam.kernels.cuda._elements import load, root, span, store
from numparam.kernels.cuda._jit import kernel


@kernel
def trust(coefficients, count, width, weights, updates):
    """Multiply the rate in each row of coefficients by a ratio of roots of sums of squares."""
    i, step = span()
    while i < count:
        row = coefficients + 8 * width * i
        size = root(load(weights, i, "float64"))
        least = load(row, width - 2, "float64")
        most = load(row, width - 1, "float64")
        # As NumPy's maximum and minimum: NaN stays.
        if size == size and size < least:
            size = least
        if size == size and size > most:
            size = most
        change = root(load(updates, i, "float64"))
        if size > 0.0 and change > 0.0:
            store(row, RATE, load(row, RATE, "float64") * (size / change), "float64")
        i += step
