"""Arrays that share memory with NumPy or, by DLPack, with other libraries."""

from __future__ import annotations

import contextlib
import weakref
from typing import Any

import numpy as np

from numparam.context import Context
from numparam.devices.registry import backend_of
from numparam.ndarray import capsules, device_capsules
from numparam.ndarray.capsules import UnshareableError
from numparam.ndarray.ndarray import NDArray
from numparam.types.dtypes import UnsupportedDTypeError, as_dtype, bfloat16

__all__ = ["from_dlpack", "from_numpy", "to_dlpack_for_read", "to_dlpack_for_write"]

# What `from_numpy` itself made read-only, by id: shared once more, it is written into once more.
_locked: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()


class NotANumPyArrayError(TypeError, AttributeError):
    """An argument is not a NumPy array; also an AttributeError, as in MXNet."""


def from_numpy(ndarray: np.ndarray, zero_copy: bool = True) -> NDArray:
    """Return an array that shares the memory of a NumPy array.

    Parameters
    ----------
    ndarray : numpy.ndarray
        The array; C-contiguous unless it is copied.
    zero_copy : bool, default True
        With True the memory is shared and `ndarray` itself becomes read-only, so that only the
        new array writes into it. With False it is copied.

    Returns
    -------
    NDArray
        On ``cpu(0)``, of the same dtype.

    Raises
    ------
    ValueError
        If the memory cannot be shared: not contiguous, not of native byte order, of another
        library's dtype.

    Examples
    --------
    >>> import numpy as np
    >>> import numparam as mx
    >>> values = np.zeros(2)
    >>> shared = mx.nd.from_numpy(values)
    >>> shared[:] = 7
    >>> values, values.flags.writeable
    (array([7., 7.]), False)
    """
    if not isinstance(ndarray, np.ndarray):
        raise NotANumPyArrayError(
            f"from_numpy takes a numpy.ndarray, not {type(ndarray).__name__}; "
            "nd.array(values) makes an array of anything else"
        )
    context = Context("cpu", 0)
    if not zero_copy:
        dtype = as_dtype(ndarray.dtype)
        backend = backend_of(context.device_type)
        return NDArray.from_buffer(backend.upload(ndarray.astype(dtype)), context, backend)
    if not ndarray.flags.c_contiguous:
        raise UnshareableError(
            "only C-contiguous memory can be shared; pass np.ascontiguousarray(a), or zero_copy="
            "False for a copy"
        )
    if _locked.get(id(ndarray)) is ndarray:
        with contextlib.suppress(ValueError):  # what it is a view of may be read-only meanwhile
            ndarray.flags.writeable = True
    shared = _shared(ndarray, context, ndarray.flags.writeable)
    if ndarray.flags.writeable:
        _locked[id(ndarray)] = ndarray
        ndarray.flags.writeable = False
    return shared


def _shared(host: np.ndarray, context: Context, writable: bool) -> NDArray:
    """Return an array on the memory of a host array."""
    _check_shareable(host)
    if host.dtype != bfloat16 and as_dtype(host.dtype) == bfloat16:
        host = host.view(bfloat16)  # it has MXNet's struct dtype
    backend = backend_of(context.device_type, context.device_id)
    # A plain view, so that marking the given array read-only leaves ours as it is.
    return NDArray.from_buffer(host.view(np.ndarray), context, backend, writable)


def _check_shareable(host: np.ndarray) -> None:
    """Check that an array of ``cpu(0)`` can share the memory of a host array."""
    try:
        dtype = as_dtype(host.dtype)
    except UnsupportedDTypeError as error:
        raise UnshareableError(str(error)) from None
    native = host.dtype == dtype or dtype == bfloat16
    if not native or not host.flags.aligned or not host.flags.c_contiguous:
        raise UnshareableError(
            f"memory of dtype {host.dtype}, shape {host.shape} and strides {host.strides} bytes "
            "cannot be shared; it must be contiguous, aligned and of native byte order. Copy it "
            "with nd.array(a, dtype=a.dtype)"
        )
    if not isinstance(backend_of("cpu", 0).empty((0,), dtype), np.ndarray):
        raise UnshareableError(
            "cpu(0) does not use host memory, so none can be shared with it; nd.array(a) copies"
        )


def from_dlpack(dlpack: Any) -> NDArray:
    """Return an array that shares memory by DLPack.

    Parameters
    ----------
    dlpack : PyCapsule or object with ``__dlpack__``
        A capsule, from `to_dlpack_for_read`, `to_dlpack_for_write` or another library; or an array
        of another library.

    Returns
    -------
    NDArray
        On ``cpu(0)``, or on the GPU that the memory is of. It is writable if the other side says
        that the memory may be written, which DLPack can express since version 1, and the operating
        system does not forbid it; and if the capsule is from `to_dlpack_for_write`. Arrays of JAX
        are read-only.

    Raises
    ------
    ValueError
        If the memory is on a device without a context, or cannot be shared as it is. The capsule
        can be used afterwards.
    TypeError
        If it is neither, or a capsule that was used before.

    Examples
    --------
    >>> import numpy as np
    >>> import numparam as mx
    >>> values = np.zeros(2)
    >>> shared = mx.nd.from_dlpack(values)
    >>> shared[:] = 7
    >>> values
    array([7., 7.])
    """
    device_type, number = capsules.device_of(dlpack)
    if device_type in device_capsules.GPU_TYPES:
        return _on_gpu(dlpack, number)
    if not hasattr(dlpack, "__dlpack__"):
        host = capsules.imported(dlpack, _check_shareable)
    else:
        host = capsules.imported_from(dlpack, _check_shareable)
    return _shared(host, Context("cpu", 0), host.flags.writeable)


def _on_gpu(dlpack: Any, number: int) -> NDArray:
    """Return an array that shares a GPU's memory."""
    backend = backend_of("gpu", number)
    if hasattr(dlpack, "__dlpack__"):
        buffer = device_capsules.imported_from(dlpack, backend)
    else:
        buffer = device_capsules.imported(dlpack, backend)
    return NDArray.from_buffer(buffer, Context("gpu", number), backend, buffer.writeable)


def to_dlpack_for_read(data: NDArray) -> Any:
    """Return a DLPack capsule of an array, for reading.

    Parameters
    ----------
    data : NDArray
        An array in host memory.

    Returns
    -------
    PyCapsule
        Another library's ``from_dlpack`` takes it, once.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.nd.ones((2,))
    >>> mx.nd.from_dlpack(mx.nd.to_dlpack_for_read(weight)).asnumpy()
    array([1., 1.], dtype=float32)
    """
    return data.to_dlpack_for_read()


def to_dlpack_for_write(data: NDArray) -> Any:
    """Return a DLPack capsule of an array, for writing into its memory.

    Parameters
    ----------
    data : NDArray
        An array in host memory.

    Returns
    -------
    PyCapsule
        Another library's ``from_dlpack`` takes it, once.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.nd.ones((2,))
    >>> mx.nd.from_dlpack(mx.nd.to_dlpack_for_write(weight))[:] = 5
    >>> weight.asnumpy()
    array([5., 5.], dtype=float32)
    """
    return data.to_dlpack_for_write()
