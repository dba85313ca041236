"""Dtypes: conversion of every spelling that Gluon code uses to a NumPy dtype.

NumPy has no bfloat16, so numparam uses :obj:`ml_dtypes.bfloat16` for it. MXNet 1.9.1 described it
by a structured dtype, ``np.dtype([('bfloat16', np.uint16)])``, and rejected the string; both, and
the type itself, are accepted here. MXNet computes in eight of the types and numparam in all
thirteen, which are those that the ``.params`` format has a number for.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

from numparam.base import MXNetError, mx_real_t

__all__ = [
    "DTYPE_BY_FLAG",
    "FLAG_BY_DTYPE",
    "DTypeLike",
    "UnsupportedDTypeError",
    "as_dtype",
    "as_given",
    "bfloat16",
    "dtype_flag",
    "dtype_from_flag",
    "dtype_name",
]

#: What `as_dtype` accepts, apart from dtypes of other libraries.
DTypeLike: TypeAlias = str | type[Any] | np.dtype[Any] | None

#: The dtype of bfloat16 arrays: one sign bit, eight exponent bits, seven fraction bits.
bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)

#: The number that stands for each dtype in ``.params`` files and in symbol attributes.
DTYPE_BY_FLAG: dict[int, np.dtype[Any]] = {
    0: np.dtype(np.float32),
    1: np.dtype(np.float64),
    2: np.dtype(np.float16),
    3: np.dtype(np.uint8),
    4: np.dtype(np.int32),
    5: np.dtype(np.int8),
    6: np.dtype(np.int64),
    7: np.dtype(np.bool_),
    8: np.dtype(np.int16),
    9: np.dtype(np.uint16),
    10: np.dtype(np.uint32),
    11: np.dtype(np.uint64),
    12: bfloat16,
}

#: The inverse of :data:`DTYPE_BY_FLAG`.
FLAG_BY_DTYPE: dict[np.dtype[Any], int] = {dtype: flag for flag, dtype in DTYPE_BY_FLAG.items()}

_MXNET_BFLOAT16 = np.dtype([("bfloat16", np.uint16)])
_NAMES = ", ".join(sorted(dtype.name for dtype in FLAG_BY_DTYPE))
# ``np.dtype(np.floating)`` is float64 with a deprecation warning: a guess, not an answer.
_ABSTRACT_TYPES = {np.generic, np.number, np.inexact, np.floating, np.complexfloating}
_ABSTRACT_TYPES |= {np.integer, np.signedinteger, np.unsignedinteger, np.flexible, np.character}
# The spellings met in practice, so that the usual call is one dictionary look-up.
_BY_SPELLING: dict[Any, np.dtype[Any]] = {
    spelling: dtype
    for dtype in FLAG_BY_DTYPE
    for spelling in (dtype, dtype.type, dtype.name, dtype.str)
    if spelling != bfloat16.str  # '<V2', which is any two bytes
}
_BY_SPELLING[_MXNET_BFLOAT16] = bfloat16
_PYTHON_TYPES = {bool, int, float}


class UnsupportedDTypeError(TypeError, ValueError, KeyError, MXNetError):
    """The dtype is not one of the thirteen that arrays can have.

    It is a TypeError, a ValueError, a KeyError and an MXNetError because MXNet raised one or
    another of them for the same mistake, depending on the function.

    Examples
    --------
    >>> from numparam.types.dtypes import as_dtype
    >>> try:
    ...     as_dtype("complex64")
    ... except KeyError as error:
    ...     print(type(error).__name__)
    UnsupportedDTypeError
    """

    # KeyError shows the repr of its argument, in quotes.
    __str__ = Exception.__str__


def as_dtype(dtype: Any, default: Any = mx_real_t) -> np.dtype[Any]:
    """Return the native-endian NumPy dtype for any spelling of an element type.

    Parameters
    ----------
    dtype : str, type, numpy.dtype, list or None
        A name (``'float32'``, ``'bfloat16'``), a NumPy or Python type, a dtype of any byte order,
        MXNet's structured bfloat16 dtype, a dtype of PyTorch, JAX or TensorFlow, or None.
    default : same, optional
        What None stands for. The default is float32, as in every factory of MXNet.

    Returns
    -------
    numpy.dtype
        One of the values of :data:`DTYPE_BY_FLAG`.

    Raises
    ------
    UnsupportedDTypeError
        If it names no dtype, or one that arrays cannot have. The error is also a TypeError, a
        ValueError, a KeyError and an MXNetError.

    Notes
    -----
    MXNet reads abstract types (``np.floating``) as float64; here they are an error.

    Examples
    --------
    >>> as_dtype("bfloat16"), as_dtype([("bfloat16", "<u2")]), as_dtype(None)
    (dtype(bfloat16), dtype(bfloat16), dtype('float32'))
    >>> as_dtype(">f8"), as_dtype(int), as_dtype(bool)
    (dtype('float64'), dtype('int64'), dtype('bool'))
    """
    try:
        return _BY_SPELLING[dtype]
    except (KeyError, TypeError):  # TypeError for what has no hash: a list of fields
        pass
    if dtype is None:
        if default is None:
            raise _unsupported(dtype, "no dtype was given and there is no default")
        return as_dtype(default, None)
    if isinstance(dtype, type) and dtype in _ABSTRACT_TYPES:
        raise _unsupported(dtype, "it is a family of types, not one type")
    dtype = _of_another_library(dtype)
    try:
        candidate = np.dtype(dtype)
        native = candidate.newbyteorder("=")
    except Exception as error:  # NumPy raises many kinds here, even for strings
        raise _unsupported(dtype, "NumPy does not read it as a dtype of fixed size") from error
    known = _BY_SPELLING.get(native)
    if known is None:
        raise _unsupported(dtype, f"NumPy's {candidate} is not a type of array elements here")
    return known


def _of_another_library(dtype: Any) -> Any:
    """Return the NumPy equivalent of a dtype of PyTorch or TensorFlow; NumPy reads JAX's itself."""
    if hasattr(dtype, "as_numpy_dtype"):  # TensorFlow's
        return dtype.as_numpy_dtype
    written = isinstance(dtype, str) and dtype.startswith("torch.")  # as in configurations
    if written or (type(dtype).__name__ == "dtype" and type(dtype).__module__ == "torch"):
        name = str(dtype).removeprefix("torch.")  # 'torch.bfloat16'
        return _BY_SPELLING.get(name, dtype)
    return dtype


def as_given(dtype: Any) -> Any:
    """Return an element type as it was spelled, or NumPy's type for one of another library.

    Parameters
    ----------
    dtype : str, type, numpy.dtype, list or None
        Whatever :func:`as_dtype` accepts.

    Returns
    -------
    str, type, numpy.dtype, list or None
        What was given, so that code which compares it finds it again. What only another library
        knows, such as ``torch.float16``, becomes a type that NumPy and pickles know.

    Raises
    ------
    UnsupportedDTypeError
        As :func:`as_dtype`, for what is another library's.

    Examples
    --------
    >>> as_given("float16"), as_given(None)
    ('float16', None)
    """
    if dtype is None or isinstance(dtype, (str, np.dtype, list, tuple)):
        return dtype
    if isinstance(dtype, type) and (issubclass(dtype, np.generic) or dtype in _PYTHON_TYPES):
        return dtype
    return as_dtype(dtype).type


def dtype_name(dtype: Any) -> str:
    """Return the name of a dtype, the same for all of its spellings.

    Parameters
    ----------
    dtype : str, type, numpy.dtype, list or None
        Whatever :func:`as_dtype` accepts.

    Returns
    -------
    str
        For example ``'float32'`` or ``'bfloat16'``.

    Raises
    ------
    UnsupportedDTypeError
        As :func:`as_dtype`.

    Examples
    --------
    >>> import numpy as np
    >>> dtype_name(np.float16), dtype_name([("bfloat16", np.uint16)])
    ('float16', 'bfloat16')
    """
    return as_dtype(dtype).name


def dtype_flag(dtype: Any) -> int:
    """Return the number that stands for a dtype in files and in symbol attributes.

    Parameters
    ----------
    dtype : str, type, numpy.dtype, list or None
        Whatever :func:`as_dtype` accepts.

    Returns
    -------
    int
        0 to 12, MXNet's numbering.

    Raises
    ------
    UnsupportedDTypeError
        As :func:`as_dtype`.

    Examples
    --------
    >>> dtype_flag("float32"), dtype_flag("bool"), dtype_flag("bfloat16")
    (0, 7, 12)
    """
    return FLAG_BY_DTYPE[as_dtype(dtype)]


def dtype_from_flag(flag: int) -> np.dtype[Any]:
    """Return the dtype that a number in a file or a symbol attribute stands for.

    Parameters
    ----------
    flag : int
        0 to 12.

    Returns
    -------
    numpy.dtype
        The dtype.

    Raises
    ------
    UnsupportedDTypeError
        If no dtype has this number.

    Examples
    --------
    >>> dtype_from_flag(2)
    dtype('float16')
    """
    try:
        return DTYPE_BY_FLAG[flag]
    except (KeyError, TypeError):
        table = ", ".join(f"{number} {dtype.name}" for number, dtype in DTYPE_BY_FLAG.items())
        raise UnsupportedDTypeError(
            f"No dtype has the number {flag!r:.200}. The numbers are: {table}."
        ) from None


def _unsupported(dtype: Any, reason: str) -> UnsupportedDTypeError:
    return UnsupportedDTypeError(
        f"Unsupported dtype {dtype!r:.200}: {reason}. Use one of: {_NAMES}."
    )
