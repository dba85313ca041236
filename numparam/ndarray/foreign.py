"""Conversion of other libraries' arrays to NumPy, without importing these libraries.

An array of PyTorch may require gradients, be sparse, of bfloat16, or on another device; a sparse
matrix of SciPy has no ``__array__``; JAX's arrays speak DLPack's first version. What is here asks
for what an object can do, not for its class.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.ndarray import capsules

__all__ = ["host_array", "is_foreign"]


def is_foreign(value: object) -> bool:
    """Return whether a value is an array of a library other than NumPy and numparam.

    Returns
    -------
    bool
        True for objects with a shape and with ``__dlpack__``, ``__array__`` or ``tocsr``.
    """
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "_array_class"):
        return False
    if isinstance(value, type):
        return False
    return hasattr(value, "shape") and (
        hasattr(value, "__array__") or hasattr(value, "__dlpack__") or hasattr(value, "tocsr")
    )


def host_array(value: Any) -> np.ndarray:
    """Return the values of another library's array in host memory.

    Parameters
    ----------
    value : object
        What `is_foreign` is true of.

    Returns
    -------
    numpy.ndarray
        Of the same dtype; it shares the memory where that is possible, and must not be written.

    Raises
    ------
    TypeError
        If the library does not give the values.
    """
    try:
        plain = _plain(value)
    except MemoryError:
        raise
    except Exception as error:  # whatever another library raises
        raise TypeError(_not_given(value, error)) from error
    refusal: Exception | None = None
    if hasattr(plain, "__dlpack__"):
        try:
            return capsules.imported_from(plain, trusted=True)  # it is not written
        except Exception as error:
            refusal = error  # a dtype that DLPack lacks, or an old version of the library
    try:
        return np.asarray(plain)
    except MemoryError:
        raise
    except Exception as error:
        raise TypeError(_not_given(value, refusal or error)) from error


def _plain(value: Any) -> Any:
    """Return a dense array on the host that does not require gradients."""
    if hasattr(value, "tocsr"):  # SciPy's sparse matrices
        return value.toarray()
    if not hasattr(value, "detach"):
        return value
    # PyTorch exports nothing that requires gradients, and its layouts but one are sparse.
    value = value.detach()
    if getattr(value, "is_quantized", False):
        value = value.dequantize()
    if str(getattr(value, "layout", "torch.strided")) != "torch.strided":
        value = value.to_dense()
    for method in ("resolve_conj", "resolve_neg", "cpu"):
        if hasattr(value, method):
            value = getattr(value, method)()
    return value


def _not_given(value: Any, error: Exception) -> str:
    return f"a {type(value).__name__} does not give its values: {str(error)[:300]}"
