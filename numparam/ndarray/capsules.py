"""DLPack capsules of host memory, with the two things that NumPy's own support lacks.

NumPy has no bfloat16, and treats every capsule of DLPack's first version as read-only, since that
version cannot say otherwise. Here bfloat16 travels as NumPy's uint16 with the dtype code in the
capsule changed on the way, and memory is writable unless the capsule says that it is not.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from numparam.types.dtypes import bfloat16

__all__ = ["exported", "imported"]

_HOST = (1, 0)
_UNSIGNED, _BFLOAT = 1, 4
_FIRST, _VERSIONED = b"dltensor", b"dltensor_versioned"
# DLManagedTensorVersioned starts with version, context, deleter and flags.
_HEADER_OF_VERSIONED = 32
_FLAGS_OF_VERSIONED = 24
_READ_ONLY = 1
# In DLTensor, after data, device and ndim.
_CODE = 20

_get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_get_pointer.restype, _get_pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
_is_valid = ctypes.pythonapi.PyCapsule_IsValid
_is_valid.restype, _is_valid.argtypes = ctypes.c_int, (ctypes.py_object, ctypes.c_char_p)


def exported(host: np.ndarray, **keywords: Any) -> Any:
    """Make a capsule of a host array.

    Parameters
    ----------
    host : numpy.ndarray
        The memory, of any dtype of arrays.
    **keywords : object
        Those of ``__dlpack__``: stream, max_version, dl_device, copy.

    Returns
    -------
    PyCapsule
        It keeps the memory alive.
    """
    if host.dtype != bfloat16:
        return host.__dlpack__(**keywords)
    capsule = host.view(np.uint16).__dlpack__(**keywords)
    _code_of(capsule).value = _BFLOAT
    return capsule


class _Exporter:
    """What `numpy.from_dlpack` asks for, around a capsule."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **keywords: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return _HOST


class _Writable:
    """Memory that NumPy holds as read-only, described as writable."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        interface = dict(array.__array_interface__)
        interface["data"] = (interface["data"][0], False)
        self.__array_interface__ = interface


def imported(capsule: Any) -> np.ndarray:
    """Make a host array of a capsule of host memory.

    Parameters
    ----------
    capsule : PyCapsule
        It is used up.

    Returns
    -------
    numpy.ndarray
        It shares the memory and keeps it alive.

    Raises
    ------
    TypeError
        If it is not a DLPack capsule, or was used before.
    """
    versioned = bool(_is_valid(capsule, _VERSIONED))
    if not versioned and not _is_valid(capsule, _FIRST):
        raise TypeError(f"expected a DLPack capsule that was not used yet, not {capsule!r}")
    code = _code_of(capsule)
    of_bfloat16 = code.value == _BFLOAT
    if of_bfloat16:
        code.value = _UNSIGNED
    writable = not versioned or not _flags_of(capsule) & _READ_ONLY
    array = np.from_dlpack(_Exporter(capsule))
    if writable and not array.flags.writeable:
        array = np.asarray(_Writable(array))
    return array.view(bfloat16) if of_bfloat16 else array


def _code_of(capsule: Any) -> ctypes.c_uint8:
    """Find the dtype code in the memory of a capsule."""
    if _is_valid(capsule, _VERSIONED):
        address = _get_pointer(capsule, _VERSIONED) + _HEADER_OF_VERSIONED
    else:
        address = _get_pointer(capsule, _FIRST)
    return ctypes.c_uint8.from_address(address + _CODE)


def _flags_of(capsule: Any) -> int:
    address = _get_pointer(capsule, _VERSIONED) + _FLAGS_OF_VERSIONED
    return ctypes.c_uint64.from_address(address).value
