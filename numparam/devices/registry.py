"""The backends of all device types.

A new kind of device is one subclass of `numparam.devices.backend.Backend` and one call of
`register`.
"""

from __future__ import annotations

from collections.abc import Callable

from numparam.base import MXNetError
from numparam.devices.backend import Backend
from numparam.devices.cuda import CUDABackend
from numparam.devices.host import HostBackend
from numparam.devices.locks import in_turn, new_table
from numparam.devices.shared import SharedHostBackend

__all__ = ["backend_of", "factory_of", "register", "synchronize_all"]

_host = HostBackend()
_in_making = new_table()
_factories: dict[str, Callable[[int], Backend]] = {
    "cpu": lambda device_id: _host,
    "cpu_pinned": lambda device_id: _host,
    "cpu_shared": lambda device_id: SharedHostBackend(),
    "gpu": CUDABackend,
}
_backends: dict[tuple[str, int], Backend] = {}


def register(device_type: str, factory: Callable[[int], Backend] | None) -> None:
    """Register the function that makes the backends of a device type; None removes the type.

    Parameters
    ----------
    device_type : str
        ``Context.device_type`` of the devices; an existing type is replaced.
    factory : callable or None
        ``factory(device_id) -> Backend``, called once for each device.
    """
    if factory is None:
        _factories.pop(device_type, None)
    else:
        _factories[device_type] = factory
    for key in list(_backends):
        if key[0] == device_type:
            _backends.pop(key, None)


def factory_of(device_type: str) -> Callable[[int], Backend] | None:
    """Return the factory of a device type, so that a test can restore it."""
    return _factories.get(device_type)


def backend_of(device_type: str, device_id: int = 0) -> Backend:
    """Return the backend that serves a device.

    Parameters
    ----------
    device_type : str
        ``Context.device_type``: ``'cpu'``, ``'cpu_pinned'``, ``'cpu_shared'``, ``'gpu'`` or a
        registered one.
    device_id : int
        Number of the device.

    Returns
    -------
    Backend
        The same object for every call with the same arguments.

    Raises
    ------
    MXNetError
        If no backend serves the type, or its device cannot be used; the message says what is
        missing and how to install it.
    """
    key = (device_type, device_id)
    found = _backends.get(key)
    # In turn, so that a factory makes one for each device. A signal handler may wait for a thread
    # that needs a backend, while its own thread makes one; then there are two for a while.
    return in_turn(_in_making, {key}, lambda: _made(key)) if found is None else found


def _made(key: tuple[str, int]) -> Backend:
    while (found := _backends.get(key)) is None:
        device_type, device_id = key
        factory = _factories.get(device_type)
        if factory is None:
            raise MXNetError(
                f"no backend serves devices of type {device_type!r}; "
                f"there are {', '.join(sorted(_factories))}"
            )
        made = factory(device_id)
        if _factories.get(device_type) is factory:  # it may have been replaced meanwhile
            _backends.setdefault(key, made)
    return found


def synchronize_all() -> None:
    """Wait until all work given to the devices in use is done."""
    for each in list(_backends.values()):
        each.synchronize()
