"""Relative and absolute tolerances by dtype.

The values are those of MXNet 1.9.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.types.dtypes import bfloat16

__all__ = [
    "default_atols",
    "default_numeric_eps",
    "default_rtols",
    "effective_dtype",
    "get_atol",
    "get_etol",
    "get_rtol",
    "get_tolerance",
    "get_tols",
]

_EXACT = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


def default_rtols() -> dict[np.dtype, float]:
    """Return the relative tolerances by dtype; 0 for integers and booleans."""
    inexact = {"float16": 1e-2, "float32": 1e-4, "float64": 1e-5}
    return _by_dtype(inexact) | {np.dtype(bfloat16): 1e-1}


def default_atols() -> dict[np.dtype, float]:
    """Return the absolute tolerances by dtype; 0 for integers and booleans."""
    inexact = {"float16": 1e-1, "float32": 1e-3, "float64": 1e-20}
    return _by_dtype(inexact) | {np.dtype(bfloat16): 1e-1}


def default_numeric_eps() -> dict[np.dtype, float]:
    """Return the steps for gradients by finite differences, by dtype: powers of two."""
    return {
        np.dtype("float16"): 2.0**-6,
        np.dtype("float32"): 2.0**-9,
        np.dtype("float64"): 2.0**-14,
    }


def _by_dtype(inexact: dict[str, float]) -> dict[np.dtype, float]:
    return {np.dtype(name): value for name, value in (inexact | dict.fromkeys(_EXACT, 0)).items()}


def effective_dtype(dat: Any) -> np.dtype:
    """Return the dtype whose precision an array's values have.

    Parameters
    ----------
    dat : NDArray or array_like
        The values.

    Returns
    -------
    numpy.dtype
        The array's own; float64 for Python's floats.
    """
    dtype = getattr(dat, "dtype", None)
    return np.asarray(dat).dtype if dtype is None else np.dtype(dtype)


def get_tolerance(dat: Any, tol: float | None, default_tol: dict[np.dtype, float]) -> float:
    """Return a tolerance for an array.

    Parameters
    ----------
    dat : NDArray or array_like
        Whose dtype counts.
    tol : float or None
        The tolerance, if the caller has one.
    default_tol : dict
        Those by dtype.

    Returns
    -------
    float
        `tol`, unless it is None.
    """
    return default_tol[effective_dtype(dat)] if tol is None else tol


def get_tols(x: Any, y: Any, rtol: float | None, atol: float | None) -> tuple[float, float]:
    """Return the tolerances for comparing two arrays.

    Parameters
    ----------
    x, y : NDArray or array_like
        The arrays. A number counts as precise as the array it is compared with.
    rtol, atol : float or None
        What the caller asked for; None takes the looser of the arrays' defaults.

    Returns
    -------
    rtol, atol : float
        Relative to `y`, and absolute.

    Examples
    --------
    >>> import numpy as np
    >>> import numparam as mx
    >>> mx.test_utils.get_tols(np.zeros(2, "float32"), np.zeros(2), None, None)
    (0.0001, 0.001)
    """
    arrays = [array for array in (x, y) if not isinstance(array, (bool, int, float))] or [1.0]
    if rtol is None:
        rtol = max(get_tolerance(array, None, default_rtols()) for array in arrays)
    if atol is None:
        atol = max(get_tolerance(array, None, default_atols()) for array in arrays)
    return rtol, atol


def get_rtol(rtol: float | None = None, dtype: Any = np.float64) -> float:
    """Return `rtol`, or a dtype's default where it is None."""
    return default_rtols()[np.dtype(dtype)] if rtol is None else rtol


def get_atol(atol: float | None = None, dtype: Any = np.float64) -> float:
    """Return `atol`, or a dtype's default where it is None."""
    return default_atols()[np.dtype(dtype)] if atol is None else atol


def get_etol(etol: float | None = None) -> float:
    """Return the share of elements that may differ: `etol`, or 0."""
    return 0 if etol is None else etol
