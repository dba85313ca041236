"""Contexts: the devices that arrays are on, and the current device.

A context is a name, a device type with a number; naming one allocates nothing and asks for no
device. ``cpu(0)`` and ``cpu(1)`` are different contexts with memory of their own, so that whatever
works on several contexts can be tried without a GPU.
"""

from __future__ import annotations

import operator
import warnings
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from numparam._missing import show_public_names
from numparam.base import MXNetError
from numparam.modes.scope import Scope
from numparam.modes.thread_state import ThreadState
from numparam.types.device_types import NAME_BY_TYPEID, TYPEID_BY_NAME, UnknownDeviceTypeError

__all__ = [
    "Context",
    "DeviceIdTooLargeError",
    "NegativeDeviceIdError",
    "cpu",
    "cpu_pinned",
    "cpu_shared",
    "current_context",
    "gpu",
    "gpu_memory_info",
    "num_gpus",
]

_DEPRECATED_DEFAULT = (
    "Context.default_ctx is deprecated. Read the current context with current_context(), "
    "and change it with a `with` statement."
)


# MXNet keeps the number in 32 bits, and so do .params files.
_LARGEST_ID = 2**31 - 1


class NegativeDeviceIdError(IndexError, ValueError):
    """A context with a negative number was asked for."""


class DeviceIdTooLargeError(MXNetError, IndexError, ValueError, OverflowError):
    """A context with a number of more than 31 bits was asked for."""


class _ContextType(type):
    """Metaclass that gives :class:`Context` its deprecated class property ``default_ctx``."""

    @property
    def default_ctx(cls) -> Context:
        warnings.warn(_DEPRECATED_DEFAULT, DeprecationWarning, stacklevel=2)
        return current_context()

    @default_ctx.setter
    def default_ctx(cls, context: Context) -> None:
        warnings.warn(_DEPRECATED_DEFAULT, DeprecationWarning, stacklevel=2)
        if not isinstance(context, Context):
            raise TypeError(f"Context.default_ctx must be a Context; got {context!r:.200}.")
        Context._default_ctx.value = context


class Context(Scope, metaclass=_ContextType):
    """A device: its type and its number.

    Used in a ``with`` statement it becomes the calling thread's current context, where arrays and
    parameters go when no context is named. The same object may be entered again inside itself and
    by several threads at once; each block restores what it found, in its own thread. Other threads
    start at ``cpu(0)``.

    Contexts are equal if type and number are equal, and usable as dictionary keys; then they must
    not be modified.

    Parameters
    ----------
    device_type : str or Context
        ``'cpu'``, ``'gpu'``, ``'cpu_pinned'``, ``'cpu_shared'`` or a registered name; or a context
        to copy, whose number is then taken too.
    device_id : int, default 0
        The device's number, from 0.

    Attributes
    ----------
    device_typeid : int
        The number of the device type in ``.params`` files: 1 cpu, 2 gpu, 3 cpu_pinned,
        5 cpu_shared.
    device_id : int
        The device's number.

    Raises
    ------
    UnknownDeviceTypeError
        If there is no such device type (also a KeyError).
    TypeError
        If ``device_id`` is not an integer.
    NegativeDeviceIdError
        If ``device_id`` is negative (an IndexError and a ValueError).
    DeviceIdTooLargeError
        If it is above 2**31 - 1 (an MXNetError, an IndexError and a ValueError).

    Notes
    -----
    MXNet 1.9.1 keeps the context to return to on the object itself, so that ``with c: with c:``
    and two threads in the same context leave the wrong one current. It accepts any number, and
    an allocation on ``cpu(-1)`` then sometimes works. Both are fixed here.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.Context("gpu", 2), mx.Context("cpu") == mx.cpu(0), mx.cpu(0) == mx.cpu_pinned(0)
    (gpu(2), True, False)
    >>> with mx.cpu(1):
    ...     mx.current_context()
    cpu(1)
    >>> mx.current_context()
    cpu(0)
    """

    device_typeid: int
    device_id: int

    #: Device type numbers to names, and names to numbers.
    devtype2str: ClassVar[dict[int, str]] = NAME_BY_TYPEID
    devstr2type: ClassVar[dict[str, int]] = TYPEID_BY_NAME

    _default_ctx: ClassVar[ThreadState[Context]]

    def __init__(self, device_type: str | Context, device_id: int = 0) -> None:
        if isinstance(device_type, Context):
            typeid, number = device_type.device_typeid, device_type.device_id
        else:
            try:
                typeid = TYPEID_BY_NAME[device_type]
            except KeyError:
                raise UnknownDeviceTypeError(
                    f"Unknown device type {device_type!r:.200}. The device types are: "
                    f"{', '.join(TYPEID_BY_NAME)}. "
                    "Write for example Context('gpu', 1) or gpu(1)."
                ) from None
            try:
                number = operator.index(device_id)
            except TypeError:
                raise TypeError(
                    f"The device_id of a {device_type!r} context must be an integer; "
                    f"got {device_id!r:.200} of type {type(device_id).__name__}."
                ) from None
            if number < 0:
                raise NegativeDeviceIdError(
                    f"There is no {device_type}({number}): devices are numbered from 0."
                )
            if number > _LARGEST_ID:
                raise DeviceIdTooLargeError(
                    f"There is no {device_type}({number}): devices are numbered up to "
                    f"{_LARGEST_ID}, the largest number that .params files can hold."
                )
        self.device_typeid = typeid
        self.device_id = number

    @property
    def device_type(self) -> str:
        """The name of the device type.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.gpu(1).device_type
        'gpu'
        """
        return NAME_BY_TYPEID[self.device_typeid]

    @property
    def default_ctx(self) -> Context:
        """Deprecated: the current context. Use :func:`current_context`."""
        warnings.warn(_DEPRECATED_DEFAULT, DeprecationWarning, stacklevel=2)
        return current_context()

    def __hash__(self) -> int:
        # Every look-up of a parameter's array asks for it: arithmetic is faster than a tuple.
        return 8 * self.device_id + self.device_typeid

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Context)
            and self.device_typeid == other.device_typeid
            and self.device_id == other.device_id
        )

    def __repr__(self) -> str:
        return f"{self.device_type}({self.device_id})"

    def stream(self, stream: Any) -> AbstractContextManager[None]:
        """Give a GPU's work to a stream of another library, inside a ``with`` block.

        The stream first waits for what was given to the context before; at the end of the block,
        what is given to the context later waits for the stream. The block holds for this thread.

        Parameters
        ----------
        stream : int or stream of PyTorch, CuPy or ``cuda.core``
            The stream or its handle; it must live until the end of the block.

        Raises
        ------
        MXNetError
            If the context is not a GPU, or one that does not exist.
        TypeError
            If it is not a stream.

        Examples
        --------
        >>> import numparam as mx
        >>> def doubled(array, stream):  # such as a torch.cuda.Stream()
        ...     with array.context.stream(stream):
        ...         return array * 2
        """
        from numparam.devices.registry import backend_of  # a Context alone is light

        return backend_of(self.device_type, self.device_id).in_stream(_handle_of(stream))

    def empty_cache(self) -> None:
        """Release memory that is kept for reuse to the system.

        In host memory up to 256 MiB of large arrays that are gone are kept, for all contexts
        together. A GPU keeps all, which other processes cannot use meanwhile. The environment
        variable ``NUMPARAM_KEPT_BYTES`` sets another limit, for the host and for each GPU.

        Raises
        ------
        MXNetError
            If the context is a GPU that does not exist.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.cpu().empty_cache()
        """
        from numparam.devices.registry import backend_of  # a Context alone is light

        backend_of(self.device_type, self.device_id).empty_cache()


Context._scopes = Context._default_ctx = ThreadState(lambda: Context("cpu", 0))


def cpu(device_id: int = 0) -> Context:
    """Return a CPU context.

    Parameters
    ----------
    device_id : int, default 0
        Which one. Each has memory of its own, on the same processor.

    Returns
    -------
    Context
        ``Context('cpu', device_id)``.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.cpu(1)
    cpu(1)
    """
    return Context("cpu", device_id)


def gpu(device_id: int = 0) -> Context:
    """Return a GPU context, whether or not there is such a GPU.

    Parameters
    ----------
    device_id : int, default 0
        The CUDA device's number.

    Returns
    -------
    Context
        ``Context('gpu', device_id)``.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.gpu(1)
    gpu(1)
    """
    return Context("gpu", device_id)


def cpu_pinned(device_id: int = 0) -> Context:
    """Return a context of page-locked host memory, from which copies to a GPU are faster.

    Parameters
    ----------
    device_id : int, default 0
        Its number.

    Returns
    -------
    Context
        ``Context('cpu_pinned', device_id)``.

    Notes
    -----
    Without CUDA it is ordinary memory under this name.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.cpu_pinned()
    cpu_pinned(0)
    """
    return Context("cpu_pinned", device_id)


def cpu_shared(device_id: int = 0) -> Context:
    """Return a context of memory that processes share.

    Parameters
    ----------
    device_id : int, default 0
        Its number.

    Returns
    -------
    Context
        ``Context('cpu_shared', device_id)``.

    Notes
    -----
    What a forked process writes into an array there is seen by its parent, and the other way round;
    `multiprocessing` sends such arrays by reference. Threads of one process take turns at an array,
    processes do not: use a lock of `multiprocessing` where several write.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.cpu_shared()
    cpu_shared(0)
    """
    return Context("cpu_shared", device_id)


def current_context() -> Context:
    """Return the calling thread's current context.

    Returns
    -------
    Context
        That of the innermost ``with`` block around the call, else ``cpu(0)``.

    Examples
    --------
    >>> import numparam as mx
    >>> with mx.gpu(1):
    ...     mx.current_context()
    gpu(1)
    """
    return Context._default_ctx.value


def num_gpus() -> int:
    """Count the CUDA devices that can be used.

    Returns
    -------
    int
        0 without CUDA.

    Notes
    -----
    The first call looks for CUDA, and so may import numba; importing numparam does not.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.context.num_gpus() >= 0
    True
    """
    # Late, here and below: making a Context must not load devices and the kernels' table.
    from numparam.devices import cuda

    return cuda.gpu_count()


def gpu_memory_info(device_id: int = 0) -> tuple[int, int]:
    """Return the free and the total memory of a GPU.

    Parameters
    ----------
    device_id : int, default 0
        The CUDA device's number.

    Returns
    -------
    free, total : int
        Bytes.

    Raises
    ------
    MXNetError
        If there is no such GPU.

    Examples
    --------
    >>> import numparam as mx
    >>> if mx.context.num_gpus():
    ...     free, total = mx.context.gpu_memory_info(0)
    """
    _require_gpu(device_id)
    from numparam.devices import cuda  # a Context alone is light

    return cuda.gpu_memory_info(device_id)


def _handle_of(stream: Any) -> int:
    """Return the handle of a stream; 1, CUDA's legacy default stream, for 0, which also means it.

    Raises
    ------
    TypeError
        If it is not a stream.
    """
    handle = stream
    if hasattr(stream, "__cuda_stream__"):
        handle = stream.__cuda_stream__()[1]
    else:
        for name in ("cuda_stream", "ptr", "handle"):  # PyTorch, CuPy, Numba
            if hasattr(stream, name):
                handle = getattr(stream, name)
                break
    try:
        number = operator.index(getattr(handle, "value", handle))
    except TypeError:
        number = -1
    if number < 0:
        raise TypeError(
            f"expected a CUDA stream or its handle, not {type(stream).__name__} {stream!r:.200}"
        )
    return number or 1


def _require_gpu(device_id: int) -> None:
    count = num_gpus()
    if not 0 <= device_id < count:
        found = f"CUDA shows {count} GPU(s)" if count else "no CUDA GPU was found"
        raise MXNetError(
            f"{gpu(device_id)} does not exist: {found}. With an NVIDIA GPU and driver, install "
            "numparam[cuda12] or numparam[cuda13]."
        )


show_public_names(__name__)
