"""DLPack capsules of host memory.

NumPy's own support lacks bfloat16, and changes or uses up a capsule before all of it is checked.
Here a capsule is checked field by field and taken in one step. Memory is written through what was
taken only if the capsule says that it may be: capsules of DLPack's first version cannot say that,
so that they give read-only arrays, except those that were exported here for writing.
"""

from __future__ import annotations

import ctypes
import math
import weakref
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from numparam.base import MXNetError
from numparam.ndarray.protection import may_be_written
from numparam.types.dtypes import bfloat16

__all__ = [
    "UnshareableError",
    "capsule_of",
    "device_of",
    "exported",
    "exported_at",
    "exported_for_writing",
    "imported",
    "imported_by",
    "imported_from",
]

_DEVICES = (1, 3)  # kDLCPU, kDLCUDAHost
_NOWHERE = np.zeros(1)  # where arrays without elements are
_BFLOAT = 4
_READ_ONLY = 1
_VERSION = 1

_DTYPES: dict[tuple[int, int], np.dtype[Any]] = {
    **{(0, bits): np.dtype(f"i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{(1, bits): np.dtype(f"u{bits // 8}") for bits in (8, 16, 32, 64)},
    **{(2, bits): np.dtype(f"f{bits // 8}") for bits in (16, 32, 64)},
    (_BFLOAT, 16): bfloat16,
    (6, 8): np.dtype(np.bool_),
}
# DLPack's types from 7 on; arrays have none of these dtypes, but take their values.
_NARROW = (
    "float8_e3m4",
    "float8_e4m3",
    "float8_e4m3b11fnuz",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
)
_KINDS = ("int", "uint", "float", "opaque", "bfloat", "complex", "bool", *_NARROW)
_DTYPES.update(
    ((code, 8), np.dtype(getattr(ml_dtypes, name)))
    for code, name in enumerate(_NARROW, 7)
    if hasattr(ml_dtypes, name)
)


class UnshareableError(MXNetError, ValueError):
    """The memory cannot be shared as it is."""


class _Tensor(ctypes.Structure):
    """DLTensor."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("byte_offset", ctypes.c_uint64),
    )


class _Managed(ctypes.Structure):
    """DLManagedTensor, of DLPack's first version."""

    _fields_ = (
        ("tensor", _Tensor),
        ("manager", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    )


class _ManagedVersioned(ctypes.Structure):
    """DLManagedTensorVersioned."""

    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("manager", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    )


# The names of capsules that wait to be taken, what they hold, and their names afterwards.
_FORMS: tuple[tuple[bytes, type[_Managed | _ManagedVersioned], bytes], ...] = (
    (b"dltensor_versioned", _ManagedVersioned, b"used_dltensor_versioned"),
    (b"dltensor", _Managed, b"used_dltensor"),
)
# A capsule keeps the address of its name, so the names of taken ones must live forever.
for _form in _FORMS:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_form[2]))

_get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_get_pointer.restype, _get_pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
_is_valid = ctypes.pythonapi.PyCapsule_IsValid
_is_valid.restype, _is_valid.argtypes = ctypes.c_int, (ctypes.py_object, ctypes.c_char_p)
_set_name = ctypes.pythonapi.PyCapsule_SetName
_set_name.restype, _set_name.argtypes = ctypes.c_int, (ctypes.py_object, ctypes.c_char_p)
_Deleter = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)  # it is called with the GIL held

# Arrays that capsules of the first version were made of for writing, by id, which such a capsule
# holds. It keeps the array alive, so that an id that is found here is that of the capsule's array.
_for_writing: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()

# The capsules that are being taken, by id, each with a token of the call that takes it.
_in_progress: dict[int, tuple[Any]] = {}


def exported(
    host: np.ndarray,
    *,
    max_version: tuple[int, int] | None = None,
    copy: bool | None = None,
    **keywords: Any,
) -> Any:
    """Return a capsule of a host array.

    Parameters
    ----------
    host : numpy.ndarray
        The memory, of any dtype of arrays.
    max_version : tuple of int, optional
        The newest version of DLPack that the consumer knows; None means the first.
    copy : bool, optional
        True copies the memory, False never does, and None only if it is read-only: PyTorch, for
        one, writes into memory of which it was told that it is.
    **keywords : object
        The others of ``__dlpack__``: stream, dl_device.

    Returns
    -------
    PyCapsule
        It keeps the memory alive. Copies of read-only memory are marked as read-only if the
        consumer's version can be told.

    Raises
    ------
    BufferError
        If the memory is read-only and `copy` is False.
    """
    if not host.flags.writeable and not copy:
        if copy is False:
            raise BufferError(
                "read-only memory is handed on through DLPack as a copy, since consumers write "
                "into it whatever they are told, and copy=False forbids that; numpy.asarray(a) "
                "shares it with NumPy"
            )
        host = host.copy()
        host.flags.writeable = max_version is None or max_version[0] < _VERSION
        copy = None
    return _capsule(host, max_version=max_version, copy=copy, **keywords)


def exported_for_writing(host: np.ndarray) -> Any:
    """Return a capsule of DLPack's first version whose memory `imported` may write."""
    view = host.view(np.uint16 if host.dtype == bfloat16 else host.dtype)
    capsule = view.__dlpack__()
    if host.dtype == bfloat16:
        _tensor_of(capsule).code = _BFLOAT
    _for_writing[id(view)] = view
    return capsule


def exported_at(
    buffer: Any,
    device: tuple[int, int],
    max_version: tuple[int, int] | None,
    for_writing: bool = False,
) -> Any:
    """Return a capsule of the memory of another device, which NumPy never touches.

    Parameters
    ----------
    buffer : object with ``__cuda_array_interface__``
        C-contiguous. It is kept alive.
    device : tuple of int
        DLPack's number of the device type, and the device's number.
    max_version : tuple of int, optional
        The newest version of DLPack that the consumer knows; None means the first.
    for_writing : bool, default False
        Whether `imported_by` may write into the memory of a capsule of the first version.
    """
    described = dict(buffer.__cuda_array_interface__)
    bits = np.dtype(f"u{buffer.dtype.itemsize}") if buffer.dtype == bfloat16 else buffer.dtype
    size = math.prod(described["shape"])
    owner = _Owner(
        {
            "version": 3,
            "data": (described["data"][0] if size else _NOWHERE.ctypes.data, False),
            "shape": described["shape"],
            "strides": None,
            "typestr": bits.str,
        }
    )
    owner.buffer = buffer
    array = np.asarray(owner)
    capsule = array.__dlpack__(max_version=max_version)
    if for_writing:
        _for_writing[id(array)] = array
    tensor = _tensor_of(capsule)
    tensor.device_type, tensor.device_id = device
    if buffer.dtype == bfloat16:
        tensor.code = _BFLOAT
    return capsule


def device_of(dlpack: Any) -> tuple[int, int]:
    """Return the device of a capsule, or of an object with ``__dlpack__``.

    Returns
    -------
    tuple of int
        DLPack's number of the device type, and the device's number.

    Raises
    ------
    TypeError
        If it is neither, or a capsule that was used before.
    """
    if hasattr(dlpack, "__dlpack__"):
        device_type, number = dlpack.__dlpack_device__()
        return int(device_type), int(number)
    tensor = _tensor_of(dlpack)
    return tensor.device_type, tensor.device_id


def capsule_of(exporter: Any, **keywords: Any) -> Any:
    """Return a capsule of an object's memory, of the newest version that the object knows.

    Raises
    ------
    UnshareableError
        If the memory is not what its owner reads: a ValueError and an MXNetError.
    BufferError
        Whatever else the exporter raises.
    """
    for pending in ("neg", "conj"):  # PyTorch exports the memory without what it does on reading
        if getattr(exporter, f"is_{pending}", bool)():
            raise UnshareableError(
                f"the tensor's memory does not hold its values; take resolve_{pending}() of it"
            )
    try:
        return exporter.__dlpack__(max_version=(_VERSION, 0), **keywords)
    except TypeError:  # it knows DLPack's first version only
        return exporter.__dlpack__(**keywords)


def _capsule(host: np.ndarray, **keywords: Any) -> Any:
    if host.dtype != bfloat16:
        return host.__dlpack__(**keywords)
    capsule = host.view(np.uint16).__dlpack__(**keywords)
    _tensor_of(capsule).code = _BFLOAT
    return capsule


def _tensor_of(capsule: Any) -> _Tensor:
    name, form, _ = _form_of(capsule)
    return form.from_address(_get_pointer(capsule, name)).tensor


def _form_of(capsule: Any) -> tuple[bytes, type[_Managed | _ManagedVersioned], bytes]:
    for form in _FORMS:
        if _is_valid(capsule, form[0]):
            return form
    raise TypeError(f"expected a DLPack capsule that was not used yet, not {capsule!r}")


class _Owner:
    """Memory that another library manages, with NumPy's array interface."""

    __slots__ = (
        "__array_interface__", "__cuda_array_interface__", "_address", "_delete", "buffer",
    )  # fmt: skip

    def __init__(self, interface: dict[str, Any]) -> None:
        self.__array_interface__ = interface
        self.buffer: Any = None  # that it keeps alive
        self._address: int | None = None
        self._delete: Callable[[int], None] | None = None

    def prepare(self, deleter: int | None) -> None:
        """Do all of `own` that can fail."""
        self._delete = _Deleter(deleter) if deleter else None

    def own(self, address: int) -> None:
        """Take ownership: the deleter is called when this object is freed."""
        self._address = address

    def __del__(self) -> None:
        if self._address is not None and self._delete is not None:
            self._delete(self._address)


def imported(
    capsule: Any, check: Callable[[np.ndarray], None] | None = None, trusted: bool = False
) -> np.ndarray:
    """Return a host array on the memory of a capsule.

    Parameters
    ----------
    capsule : PyCapsule
        It is used up, unless an error is raised: then it is as it was.
    check : callable, optional
        It is called with the array before the capsule is used up, and raises an error if the array
        will not do. It must not keep the array.
    trusted : bool, default False
        Whether the capsule is known to say so if its memory is read-only. Otherwise the operating
        system is asked.

    Returns
    -------
    numpy.ndarray
        It shares the memory and keeps it alive. It is writeable if the capsule says so, and the
        memory is.

    Raises
    ------
    TypeError
        If it is not a DLPack capsule, was used before, or is being taken by another thread.
    UnshareableError
        If a field has a value that cannot be used: a ValueError and an MXNetError.
    """

    def made(managed: Any, owner: _Owner) -> np.ndarray:
        array = _array(managed, owner, trusted)
        if check is not None:
            check(array)
        return array

    return _taken(capsule, made)


def imported_by(
    capsule: Any, borrow: Callable[[dict[str, Any], Any], Any], devices: tuple[int, ...]
) -> Any:
    """Return what `borrow` makes of the memory of a capsule of another device.

    Parameters
    ----------
    capsule : PyCapsule
        It is used up, unless an error is raised: then it is as it was.
    borrow : callable
        Gets a dictionary of data, shape, strides (bytes) and dtype, and what its result must keep
        alive.
    devices : tuple of int
        DLPack's numbers of the device types that will do.

    Raises
    ------
    TypeError, UnshareableError
        As `imported`; or what `borrow` raises.
    """
    return _taken(capsule, lambda managed, owner: borrow(_described(managed, devices), owner))


def _taken(capsule: Any, make: Callable[[Any, _Owner], Any]) -> Any:
    """Use a capsule up for what `make` makes of its structure, in one step."""
    token = (capsule,)  # while it is alive, no other capsule has its id
    try:
        if _in_progress.setdefault(id(capsule), token) is not token:
            raise TypeError("the DLPack capsule is being used by another thread")
        name, form, used_name = _form_of(capsule)
        address = _get_pointer(capsule, name)
        managed = form.from_address(address)
        owner = _Owner({})
        result = make(managed, owner)
        owner.prepare(managed.deleter)
        if _set_name(capsule, used_name):
            raise TypeError(f"the DLPack capsule {capsule!r} cannot be marked as used")
        owner.own(address)
        return result
    finally:
        if _in_progress.get(id(capsule)) is token:
            del _in_progress[id(capsule)]


def imported_from(
    exporter: Any, check: Callable[[np.ndarray], None] | None = None, trusted: bool = False
) -> np.ndarray:
    """Return a host array that shares the memory of an object with ``__dlpack__``.

    Parameters
    ----------
    exporter : object
        Another library's array, in host memory.
    check, trusted
        As for `imported`; NumPy's arrays, and those here, are always trusted.

    Returns
    -------
    numpy.ndarray
        As of `imported`.

    Raises
    ------
    UnshareableError
        If the memory is on another device, or is not what its owner reads: a ValueError and an
        MXNetError.
    BufferError
        Whatever else the exporter raises.
    """
    device = device_of(exporter)[0]
    if device not in _DEVICES:
        raise UnshareableError(
            f"the memory is on a device of DLPack's type {device}, not on the host; copy it to the "
            "host first"
        )
    capsule = capsule_of(exporter)
    knows = isinstance(exporter, np.ndarray) or hasattr(exporter, "_array_class")
    return imported(capsule, check, trusted or knows)


def _described(managed: Any, devices: tuple[int, ...]) -> dict[str, Any]:
    """Check the fields of a capsule's structure; return data, shape, strides and dtype."""
    if isinstance(managed, _ManagedVersioned):
        if managed.major != _VERSION:
            raise UnshareableError(
                f"the capsule is of version {managed.major}.{managed.minor} of DLPack; version "
                f"{_VERSION} can be read, and capsules without one"
            )
        writable = not managed.flags & _READ_ONLY
    else:
        writable = managed.manager is not None and managed.manager in _for_writing
    tensor = managed.tensor
    if tensor.device_type not in devices:
        raise UnshareableError(
            f"the memory is on a device of DLPack's type {tensor.device_type}, not on one of "
            f"{', '.join(map(str, devices))}; 1 is the host: copy it there first"
        )
    dtype = _dtype_of(tensor)
    shape, strides = _layout_of(tensor, dtype.itemsize)
    start = (tensor.data or 0) + tensor.byte_offset
    if 0 not in shape:
        if not tensor.data:
            raise UnshareableError(f"the capsule has the shape {shape}, but no memory")
        low, high = _span(start, shape, strides, dtype.itemsize)
        if low < 0 or high > _END:
            raise UnshareableError(
                f"no memory begins {tensor.byte_offset} bytes behind its address and has the shape "
                f"{shape}, as the capsule says"
            )
    return {"data": (start, not writable), "shape": shape, "strides": strides, "dtype": dtype}


def _array(managed: Any, owner: _Owner, trusted: bool) -> np.ndarray:
    """Return an array on the memory that a capsule describes, which keeps `owner` alive."""
    described = _described(managed, _DEVICES)
    (start, read_only), shape, strides, dtype = described.values()
    writable = not read_only
    trusted = trusted or isinstance(managed, _Managed)
    if 0 in shape:
        start = start or ctypes.addressof(managed)  # of no elements, whatever it is
    elif writable and not trusted:
        writable = may_be_written(*_span(start, shape, strides, dtype.itemsize))
    # NumPy itself knows no other floats of these sizes: it takes the bits.
    known = dtype.isbuiltin == 1
    owner.__array_interface__ = {
        "version": 3,
        "data": (start, not writable),
        "shape": shape,
        "strides": strides,
        "typestr": dtype.str if known else np.dtype(f"u{dtype.itemsize}").str,
    }
    array = np.asarray(owner)
    return array if known else array.view(dtype)


def _span(
    start: int, shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int
) -> tuple[int, int]:
    """Return the first address of an array's elements, and the one behind the last."""
    steps = [(n - 1) * stride for n, stride in zip(shape, strides, strict=True)]
    low = start + sum(step for step in steps if step < 0)
    return low, start + sum(step for step in steps if step > 0) + itemsize


# Behind the highest address.
_END = 1 << 8 * ctypes.sizeof(ctypes.c_void_p)


def _dtype_of(tensor: _Tensor) -> np.dtype[Any]:
    dtype = _DTYPES.get((tensor.code, tensor.bits))
    if dtype is None or tensor.lanes != 1:
        kind = _KINDS[tensor.code] if tensor.code < len(_KINDS) else f"code {tensor.code}"
        raise UnshareableError(
            f"elements of DLPack's type {kind} with {tensor.bits} bits and {tensor.lanes} lanes "
            "are of no dtype that arrays can have"
        )
    return dtype


def _layout_of(tensor: _Tensor, itemsize: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Read the shape, and the strides in bytes."""
    ndim = tensor.ndim
    if not 0 <= ndim <= 64:
        raise UnshareableError(f"an array of {ndim} dimensions cannot be shared; 64 are the most")
    if ndim and not tensor.shape:
        raise UnshareableError(f"the capsule has {ndim} dimensions, but no shape")
    lengths = ctypes.c_int64 * ndim
    shape = tuple(lengths.from_address(tensor.shape)) if ndim else ()
    if min(shape, default=0) < 0 or math.prod(n for n in shape if n) * itemsize >= 2**63:
        raise UnshareableError(f"no memory has the shape {shape}, which the capsule names")
    if tensor.strides and ndim:
        strides = tuple(s * itemsize for s in lengths.from_address(tensor.strides))
    else:
        strides = tuple(math.prod(shape[axis + 1 :]) * itemsize for axis in range(ndim))
    if any(abs(s) * max(n - 1, 0) >= 2**63 for n, s in zip(shape, strides, strict=True)):
        raise UnshareableError(f"no memory has the strides {strides} bytes of the capsule")
    return shape, strides
